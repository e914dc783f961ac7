"""The library and settings that a command was told to use."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from rag.config import Config, load_config
from rag.folder import default_folder
from rag.wiring import Desk, open_desk, open_to_read, settings_files


def library_folder(arguments: Namespace) -> Path:
    folder: Path = getattr(arguments, "library", None) or default_folder()
    return folder.expanduser().absolute()


def overrides(arguments: Namespace) -> list[Path]:
    return settings_files(library_folder(arguments), getattr(arguments, "config", None))


def settings_of(arguments: Namespace) -> Config:
    return load_config(*overrides(arguments))


def open_library(arguments: Namespace, holder: str, *, must_exist: bool = True) -> Desk:
    folder = library_folder(arguments)
    if must_exist:
        open_to_read(folder).close()
    return open_desk(folder, settings_of(arguments), holder=f"'footnote {holder}'")
