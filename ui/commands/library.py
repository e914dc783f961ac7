"""The commands for the library as a whole: what it holds, whether it is sound, its page."""

from __future__ import annotations

import os
from argparse import Namespace

from models.errors import ModelError
from rag.config import load_settings
from rag.no_model import NO_MODEL
from rag.wiring import open_desk, open_to_read
from ui import terminal
from ui.commands.opening import build_model, library_folder, open_library, overrides, settings_of


def status(arguments: Namespace) -> int:
    """`footnote status`"""
    from rag.index import ChunkIndex
    from rag.wiring import status as library_status

    out, _ = terminal.consoles()
    with open_to_read(library_folder(arguments)) as library:
        values = library_status(library, ChunkIndex(library), settings_of(arguments))
    if arguments.json:
        terminal.print_json(values)
        return 0
    for key, value in values.items():
        shown = f"{value:,}" if isinstance(value, int) else value
        out.print(f"{key.replace('_', ' '):14} {shown}")
    if values["llm"] == NO_MODEL:
        out.print(
            "Answers are quotations alone; 'footnote models use NAME' chooses a model to write."
        )
    if values["index"] in ("behind", "rebuild needed"):
        out.print("Search is exact but slower until 'footnote rebuild' makes the index anew.")
    return 0


def check(arguments: Namespace) -> int:
    """`footnote check`"""
    out, err = terminal.consoles()
    with open_library(arguments, "check") as desk:
        faults = 0
        for name, fault in desk.check():
            faults += fault is not None
            (err if fault else out).print(
                f"{name:9} {fault or 'sound'}", style="red" if fault else None
            )
    return int(faults > 0)


def rebuild(arguments: Namespace) -> int:
    """`footnote rebuild`"""
    out, _ = terminal.consoles()
    with open_library(arguments, "rebuild") as desk:
        with terminal.progress_bar("indexing") as show:
            desk.rebuild(arguments.embed, show)
        out.print(f"The index holds {desk.library.counts().chunks:,} chunks.")
    return 0


def config(arguments: Namespace) -> int:
    """`footnote config`"""
    settings = load_settings(*overrides(arguments))
    if arguments.json:
        terminal.print_json(
            {s.key: {"value": s.value, "from": str(s.origin)} for s in settings.values()}
        )
        return 0
    out, _ = terminal.consoles()
    for origin in dict.fromkeys(s.origin for s in settings.values()):
        out.print(f"# {origin}", style="dim")
        for setting in settings.values():
            if setting.origin == origin:
                out.print(f"{setting.key}: {setting.value}")
    return 0


def serve(arguments: Namespace) -> int:
    """`footnote serve`"""
    from ui.web import is_seen_from_outside
    from ui.web import serve as serve_page

    folder = library_folder(arguments)
    out, err = terminal.consoles()
    config = settings_of(arguments)
    port = config.page.port if arguments.port is None else arguments.port
    is_default = (
        getattr(arguments, "library", None) is None and "FOOTNOTE_LIBRARY" not in os.environ
    )
    is_open = is_seen_from_outside(arguments.host)

    def ready(address: str) -> None:
        out.print(f"Footnote is at {address} (Ctrl-C ends it)")
        if is_open:
            out.print(
                f"With --host {arguments.host} anybody on that network can read and change the "
                "library; there is no password."
            )

    with open_desk(folder, config, holder="'footnote serve'") as desk:
        if is_default and desk.library.is_new():
            count = desk.bring_sample()
            out.print(
                f"Brought the sample library: notes on {count} papers, to have something to ask."
            )
        try:
            build_model(config.models.llm)
        except ModelError as error:  # the papers and earlier answers can be seen all the same
            err.print(f"footnote: {error}", style="red")
        serve_page(
            desk,
            arguments.host,
            port,
            open_browser=not arguments.no_browser,
            on_ready=ready,
        )
    return 0
