"""config.yaml, read strictly: every key is known, every value has the kind of its default."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, cast, get_type_hints

import yaml

from rag.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ModelsConfig:
    """Which models run, and with what means."""

    embedder: str
    llm: str
    checker: str
    threads: int
    context_tokens: int
    load_seconds: int


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How the vector index is written."""

    write_seconds: int


@dataclass(frozen=True, slots=True)
class ChunksConfig:
    """How abstracts are cut."""

    max_tokens: int


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """How scores are made and fused."""

    candidates: int
    title_weight: float
    vector_weight: float
    text_weight: float
    sentence_weight: float
    word_weight: float


@dataclass(frozen=True, slots=True)
class EvidenceConfig:
    """How much is read for one question, and when nothing is near enough."""

    papers: int
    sentences_per_paper: int
    citable_probability: float
    answered_probability: float
    prompt_tokens: int
    read_seconds: float
    near_similarity: float
    near_word_match: float


@dataclass(frozen=True, slots=True)
class AnswerConfig:
    """Bounds of a question and of its answer."""

    max_tokens: int
    words: int
    words_per_source: int
    max_question_characters: int


@dataclass(frozen=True, slots=True)
class SummaryConfig:
    """How many papers a summary speaks of, and how long it is."""

    papers: int
    score_share: float
    words: int


@dataclass(frozen=True, slots=True)
class PageConfig:
    """The Gradio page."""

    port: int


@dataclass(frozen=True, slots=True)
class Config:
    """All settings in force."""

    models: ModelsConfig
    index: IndexConfig
    chunks: ChunksConfig
    search: SearchConfig
    evidence: EvidenceConfig
    answer: AnswerConfig
    summary: SummaryConfig
    page: PageConfig


@dataclass(frozen=True, slots=True)
class Setting:
    """One key in force and the file that set it."""

    key: str  # "search.candidates"
    value: object
    origin: Path


def default_path() -> Path:
    """The commented config.yaml that ships with Footnote: inside the wheel, or in the checkout."""
    in_wheel = Path(__file__).with_name("config.yaml")
    return in_wheel if in_wheel.exists() else Path(__file__).parent.parent / "config.yaml"


def load_settings(*overrides: Path) -> dict[str, Setting]:
    """The default settings with each file of `overrides` laid over, the last one winning.

    Raises ConfigError for an unreadable file, an unknown key, or a value of the wrong kind.
    """
    settings: dict[str, Setting] = {}
    for path in (default_path(), *overrides):
        for key, value in _read(path).items():
            settings[key] = Setting(key, value, path)
    return settings


def load_config(*overrides: Path) -> Config:
    """The settings of `load_settings` as a Config."""
    settings = load_settings(*overrides)
    sections = {
        section.name: _SECTIONS[section.name](
            **{
                f.name: settings[f"{section.name}.{f.name}"].value
                for f in fields(_SECTIONS[section.name])
            }
        )
        for section in fields(Config)
    }
    return Config(**sections)


def save_setting(path: Path, name: str, value: str) -> None:
    """Set one text in a settings file, keeping its other keys; comments of the file are lost."""
    section, key = name.split(".")
    document: dict[str, dict[str, object]] = {}
    if path.exists():
        _read(path)
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    document.setdefault(section, {})[key] = value
    unfinished = path.with_suffix(".new")
    unfinished.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    unfinished.replace(path)


_SECTIONS: dict[str, Any] = {k: v for k, v in get_type_hints(Config).items() if is_dataclass(v)}
_KINDS: dict[str, Any] = {
    f"{section}.{key}": kind
    for section, cls in _SECTIONS.items()
    for key, kind in get_type_hints(cls).items()
}
# Zero means something for these; any other number must be above it.
_SHARES = {k for k in _KINDS if k.endswith(("_probability", "_similarity", "_share", "_match"))}
_MAY_BE_ZERO = {"models.threads", "page.port", *_SHARES} | {
    k for k in _KINDS if k.endswith("_weight")
}
_CHOICES = {"models.checker": ("packaged", "none")}
_MOST = {"search.candidates": 500.0, **dict.fromkeys(_SHARES, 1.0)}


def _read(path: Path) -> dict[str, object]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the settings in {path}: {error}.") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise ConfigError(f"{path} is not valid YAML{line}; mend or remove the file.") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{path} must hold sections such as 'search:' with keys under them.")
    values: dict[str, object] = {}
    for section, keys in document.items():
        if section not in _SECTIONS:
            raise _unknown(path, str(section), list(_SECTIONS))
        if not isinstance(keys, dict):
            raise ConfigError(f"{path}: '{section}' must hold keys under it.")
        for key, value in keys.items():
            name = f"{section}.{key}"
            if name not in _KINDS:
                raise _unknown(path, name, list(_KINDS))
            values[name] = _checked(path, name, value)
    return values


def _unknown(path: Path, name: str, known: list[str]) -> ConfigError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return ConfigError(f"{path}: there is no setting '{name}'. Did you mean '{near[0]}'?")


def _checked(path: Path, name: str, value: object) -> object:
    kind = _KINDS[name]
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        wanted = {int: "a whole number", float: "a number", str: "a text"}[kind]
        raise ConfigError(f"{path}: '{name}' is {value!r}, but must be {wanted}.")
    if name in _CHOICES and value not in _CHOICES[name]:
        choices = " or ".join(f"'{choice}'" for choice in _CHOICES[name])
        raise ConfigError(f"{path}: '{name}' is {value!r}, but must be {choices}.")
    if isinstance(value, int | float):
        number = cast(float, value)
        above_zero = math.isfinite(number) and number > 0
        if not above_zero and not (number == 0 and name in _MAY_BE_ZERO):
            raise ConfigError(f"{path}: '{name}' is {value!r}, but must be above zero.")
        if name in _MOST and number > _MOST[name]:
            raise ConfigError(
                f"{path}: '{name}' is {value!r}, but must be at most {_MOST[name]:g}."
            )
    return value
