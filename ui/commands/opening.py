"""The library and settings that a command was told to use."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Config, load_config
from rag.folder import default_folder
from rag.ingest import Progress
from rag.wiring import Desk, open_desk, open_to_read, settings_files
from ui import terminal

if TYPE_CHECKING:
    from models.catalog import ModelFile


def library_folder(arguments: Namespace) -> Path:
    folder: Path = getattr(arguments, "library", None) or default_folder()
    return folder.expanduser().absolute()


def overrides(arguments: Namespace) -> list[Path]:
    return settings_files(library_folder(arguments), getattr(arguments, "config", None))


def settings_of(arguments: Namespace) -> Config:
    return load_config(*overrides(arguments))


def open_library(
    arguments: Namespace, holder: str, *, must_exist: bool = True, answers: bool = False
) -> Desk:
    """The library; for one that answers, the chat model is built where it is still to be."""
    folder = library_folder(arguments)
    if must_exist:
        open_to_read(folder).close()
    config = settings_of(arguments)
    if answers:
        build_model(config.models.llm)
    return open_desk(folder, config, holder=f"'footnote {holder}'")


def build_model(name: str) -> ModelFile | None:
    """Build a model that comes as an adapter and show how far it is; None if there is no need.

    It would be built at its first use, but without a word.
    """
    from models.catalog import Catalog

    catalog = Catalog.open()
    if not catalog.is_to_build(name):
        return None
    stage = f"building {name}, once"
    with terminal.progress_bar(stage) as show:
        return catalog.ready(name, lambda done, total: show(Progress(done, total, stage)))
