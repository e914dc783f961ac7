"""The library and settings that a command was told to use."""

from __future__ import annotations

import difflib
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Config, load_config
from rag.errors import RagError
from rag.folder import default_folder
from rag.ingest import Progress
from rag.library import Library
from rag.types import Scope
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


def scope_of(library: Library, arguments: Namespace) -> Scope:
    """The papers that the filter leaves; RagError for a tag or source that no paper has."""
    tags, sources = tuple(arguments.tag or ()), tuple(arguments.source or ())
    if tags or sources:
        facets = library.shelf.facets()
        _require_known("tagged", tags, [facet.value for facet in facets.tags])
        _require_known("added from", sources, [facet.value for facet in facets.sources])
    years: Scope = arguments.years
    return replace(
        years,
        tags=tags,
        sources=sources,
        authors=tuple(arguments.author or ()),
        is_read=arguments.is_read,
    )


def _require_known(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise RagError(f"No paper of the library is {what} '{name}'.{hint}")


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
