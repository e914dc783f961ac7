"""Settings are read strictly: what is not understood is said, and nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from rag.config import Config, default_path, load_config, load_settings, save_setting
from rag.errors import ConfigError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a settings file and gives its path."""

    def write(text: str, name: str = "config.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_shipped_file_has_exactly_the_known_keys() -> None:
    """No key is missing, none is left over, in the order of the code."""
    document = yaml.safe_load(default_path().read_text(encoding="utf-8"))
    config = load_config()
    assert list(document) == [f.name for f in fields(Config)]
    for section, keys in document.items():
        assert list(keys) == [f.name for f in fields(getattr(config, section))]


def test_every_shipped_key_is_explained() -> None:
    """Beside each key stands what it does, in more than a word."""
    lines = default_path().read_text(encoding="utf-8").splitlines()
    keys = [line for line in lines if re.match(r"  \w+:", line)]
    assert len(keys) == len(load_settings())
    for line in keys:
        assert re.search(r"  # .*\w+ \w+", line), line


def test_the_default_is_read_whole() -> None:
    """Every setting comes from the shipped file, with the kind of its field."""
    settings = load_settings()
    assert {s.origin for s in settings.values()} == {default_path()}
    config = load_config()
    assert config.evidence.near_similarity == settings["evidence.near_similarity"].value
    assert isinstance(config.search.title_weight, float)
    assert type(config.evidence.papers) is int


def test_the_last_file_wins_key_by_key(write: Write) -> None:
    """Each file overrides only the keys it names, and is named as their origin."""
    one = write("search:\n  candidates: 10\n  text_weight: 3\n", "one.yaml")
    two = write("search:\n  candidates: 20\n", "two.yaml")
    settings = load_settings(one, two)
    assert (settings["search.candidates"].value, settings["search.candidates"].origin) == (20, two)
    assert (settings["search.text_weight"].value, settings["search.text_weight"].origin) == (3, one)
    assert settings["page.port"].origin == default_path()
    config = load_config(one, two)
    assert (config.search.candidates, config.search.text_weight) == (20, 3.0)
    assert load_config(two, one).search.candidates == 10


def test_an_empty_file_changes_nothing(write: Write) -> None:
    """A file of comments alone is a file of no settings."""
    assert load_config(write("# nothing yet\n")) == load_config()


@pytest.mark.parametrize(
    ("text", "unknown", "nearest"),
    [
        ("serch:\n  candidates: 3\n", "serch", "search"),
        ("search:\n  candidate: 3\n", "search.candidate", "search.candidates"),
        (
            "evidence:\n  near_similarty: 0.3\n",
            "evidence.near_similarty",
            "evidence.near_similarity",
        ),
        ("models:\n  model: x\n", "models.model", "models."),
        ("candidates: 3\n", "candidates", ""),
        ("search:\n  7: 3\n", "search.7", ""),
        ("3:\n  papers: 3\n", "3", ""),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(
    write: Write, text: str, unknown: str, nearest: str
) -> None:
    """A misspelt setting is never ignored."""
    path = write(text)
    with pytest.raises(ConfigError) as error:
        load_settings(path)
    message = str(error.value)
    assert f"there is no setting '{unknown}'. Did you mean '{nearest}" in message
    assert str(path) in message


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("search.candidates: many", "must be a whole number"),
        ("search.candidates: 1.5", "must be a whole number"),
        ("search.candidates: true", "must be a whole number"),
        ("search.candidates: null", "must be a whole number"),
        ("search.candidates: [1]", "must be a whole number"),
        ("search.candidates: 0", "must be above zero"),
        ("search.candidates: -3", "must be above zero"),
        ("search.text_weight: false", "must be a number"),
        ("search.text_weight: -0.5", "must be above zero"),
        ("search.text_weight: .nan", "must be above zero"),
        ("search.text_weight: .inf", "must be above zero"),
        ("evidence.near_similarity: '0.4'", "must be a number"),
        ("evidence.near_similarity: -0.1", "must be above zero"),
        ("evidence.near_similarity: 7.0", "must be at most 1"),
        ("search.candidates: 501", "must be at most 500"),
        ("models.checker: mine", "must be 'packaged' or 'none'"),
        ("models.llm: 3", "must be a text"),
        ("models.llm: null", "must be a text"),
        ("models.llm: yes", "must be a text"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(
    write: Write, setting: str, wanted: str
) -> None:
    """The file, the key, its value and what it should be are all said."""
    name, value = setting.split(": ")
    section, key = name.split(".")
    path = write(f"{section}:\n  {key}: {value}\n")
    with pytest.raises(ConfigError, match=wanted) as error:
        load_config(path)
    assert f"'{name}' is {yaml.safe_load(value)!r}" in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["models.threads", "page.port", "search.sentence_weight"])
def test_zero_is_allowed_where_it_means_something(write: Write, name: str) -> None:
    """No thread count, any free port, a score that does not count."""
    section, key = name.split(".")
    config = load_config(write(f"{section}:\n  {key}: 0\n"))
    assert getattr(getattr(config, section), key) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("search: [1, 2]\n", "'search' must hold keys under it"),
        ("search:\n", "'search' must hold keys under it"),
        ("search: 3\n", "'search' must hold keys under it"),
        ("- a\n- b\n", "must hold sections"),
        ("just a text\n", "must hold sections"),
        ("page:\n  port: 1\n : x: [\n", "is not valid YAML at line 3"),
        ("page:\n\tport: 1\n", "is not valid YAML at line 2"),
    ],
)
def test_what_is_no_settings_file_is_said(write: Write, text: str, message: str) -> None:
    """One clear sentence, with the line where there is one."""
    with pytest.raises(ConfigError, match=message):
        load_config(write(text))


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no text are told apart from empty settings."""
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00page")
    for name in ("missing.yaml", ".", "bytes.yaml"):
        with pytest.raises(ConfigError, match="Cannot read the settings in"):
            load_config(tmp_path / name)


def test_a_saved_setting_is_in_force_and_others_stay(write: Write) -> None:
    """Saving keeps what the file had and leaves no unfinished file."""
    path = write("page:\n  port: 8001\nmodels:\n  llm: old\n  threads: 3\n")
    save_setting(path, "models.llm", "a path/with ünïcode: and colon.gguf")
    config = load_config(path)
    assert config.models.llm == "a path/with ünïcode: and colon.gguf"
    assert (config.page.port, config.models.threads) == (8001, 3)
    assert [p.name for p in path.parent.iterdir()] == ["config.yaml"]


def test_a_setting_is_saved_where_there_was_no_file(tmp_path: Path) -> None:
    """The first saved setting makes the file."""
    save_setting(tmp_path / "config.yaml", "models.llm", "SmolLM2")
    assert load_config(tmp_path / "config.yaml").models.llm == "SmolLM2"


def test_a_broken_file_is_not_overwritten(write: Write) -> None:
    """A file with a mistake is left for its owner to mend."""
    path = write("serch:\n  candidates: 3\n")
    with pytest.raises(ConfigError):
        save_setting(path, "models.llm", "SmolLM2")
    assert path.read_text(encoding="utf-8") == "serch:\n  candidates: 3\n"
