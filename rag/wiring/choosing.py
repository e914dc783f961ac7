"""The chat models that a library may answer with: chosen, measured, and what each one means."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag.assistant import prompt_limit
from rag.config import Config, save_setting
from rag.errors import LibraryError
from rag.folder import SETTINGS
from rag.no_model import NO_MODEL
from rag.wiring.parts import start_llm

if TYPE_CHECKING:
    from models.catalog import ModelFile
    from models.overview import KnownModel
    from models.process import LlmProcess
    from models.speed import Speed, Wait
    from models.stopping import Stopper

# Of a usual question, counted on the sample library.
_QUOTED_PROMPT = 250  # tokens that a model reads which is given the quotations alone
_USUAL_ANSWER = 100  # tokens that a model writes
_USUAL_THEMES = 3  # of a summary, each of which costs what an answer does


def choose_model(name_or_path: str) -> tuple[str, str]:
    """What the settings call a model that can answer, and what it is called; `none` is one.

    One that comes as an adapter is built first, where it is not there. Raises ModelError.
    """
    from models.catalog import Catalog
    from models.gguf import inspect_chat_model

    if name_or_path.strip() == NO_MODEL:
        return NO_MODEL, NO_MODEL
    model = Catalog.open().ready(name_or_path.strip())
    inspect_chat_model(model.path)
    return (model.name if model.entry else str(model.path)), model.name


def save_model(folder: Path, setting: str) -> None:
    """Have a library answer with a model from now on. Raises ConfigError and LibraryError."""
    try:
        save_setting(folder / SETTINGS, "models.llm", setting)
    except OSError as error:
        raise LibraryError(
            folder,
            f"The choice could not be saved in {folder / SETTINGS} ({error.strerror}). Free some "
            "space there, or check its permissions.",
        ) from error


def measure_model(
    name_or_path: str,
    config: Config,
    stopper: Stopper,
    answering: LlmProcess | None = None,
    on_progress: Callable[[int, bool], None] = lambda done, waits: None,
) -> tuple[ModelFile, Speed]:
    """Have a model read and write for some seconds, and keep how fast it was.

    `answering` is the one that may be writing an answer, which is waited for. Raises ModelError.
    """
    from models.catalog import Catalog
    from models.speed import Speeds, measure

    catalog = Catalog.open()
    model = catalog.ready(name_or_path)
    with ExitStack() as ending:
        if answering is not None and answering.path == model.path:
            process = answering
        else:
            process = start_llm(model, config)
            ending.callback(process.close)
            ending.enter_context(stopper.ending_with(process.close))
        speed = measure(
            process, stopper, lambda: answering is not None and answering.is_busy, on_progress
        )
    Speeds(catalog.folder).keep(model.path, speed, config.models.threads)
    return model, speed


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that can be chosen, and what that means here."""

    model: KnownModel
    in_use: bool
    wait: Wait | None  # None where its speed is not known, or it is no chat model


def model_choices(config: Config) -> tuple[Choice, ...]:
    """All models that are known, installed or not."""
    from models.catalog import Catalog
    from models.overview import known_models

    catalog = Catalog.open()
    in_use = catalog.setting(config.models.llm)
    return tuple(
        Choice(
            model,
            model.setting in (in_use, config.models.embedder),
            usual_wait(model.speed, model.reads_quotations, config) if model.speed else None,
        )
        for model in known_models(catalog, in_use, config.models.threads)
    )


def usual_wait(speed: Speed, reads_quotations: bool, config: Config) -> Wait:
    """The wait for a usual question, whose evidence fills the prompt, and for a summary."""
    from models.speed import Load, expected_wait

    limit = min(
        config.models.context_tokens - config.answer.max_tokens,
        prompt_limit(config.evidence, speed.reads),
    )
    read = min(limit, _QUOTED_PROMPT) if reads_quotations else limit
    answer = Load(read, min(_USUAL_ANSWER, config.answer.max_tokens))
    summary = Load(_USUAL_THEMES * answer.read, _USUAL_THEMES * answer.written)
    return expected_wait(speed, answer, summary)
