"""The commands that list, fetch, choose and check models."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from rag.config import save_setting
from rag.folder import SETTINGS, make_writable
from rag.no_model import NO_MODEL
from ui import terminal
from ui.commands.opening import build_model, library_folder, settings_of


def list_models(arguments: Namespace) -> int:
    """`footnote models list`"""
    from models.catalog import Catalog

    catalog = Catalog.open()
    if arguments.json:
        terminal.print_json(
            [asdict(m.entry) | {"path": str(m.path) if m.path else None} for m in catalog.list()]
        )
    else:
        terminal.print_models(catalog.list(), settings_of(arguments).models)
    return 0


def pull(arguments: Namespace) -> int:
    """`footnote models pull NAME`"""
    from models.catalog import Catalog

    out, _ = terminal.consoles()
    model = build_model(arguments.name)
    if model is None:
        with terminal.byte_bar(f"pulling {arguments.name}") as show:
            model = Catalog.open().pull(arguments.name, show)
    out.print(f"{model.name} is at {model.path}. 'footnote models use {model.name}' chooses it.")
    return 0


def remove(arguments: Namespace) -> int:
    """`footnote models remove NAME`"""
    from models.catalog import Catalog

    out, _ = terminal.consoles()
    out.print(f"Removed {Catalog.open().remove(arguments.name)}.")
    return 0


def use(arguments: Namespace) -> int:
    """`footnote models use NAME-or-path.gguf`"""
    from models.catalog import Catalog
    from models.gguf import inspect_gguf

    chosen, answers = NO_MODEL, "in quotations alone"
    if arguments.name != NO_MODEL:
        model = build_model(arguments.name) or Catalog.open().find(arguments.name)
        inspect_gguf(model.path)
        chosen = model.name if model.entry else str(model.path.absolute())
        answers = f"with {model.name}"
    folder = library_folder(arguments)
    make_writable(folder)
    save_setting(folder / SETTINGS, "models.llm", chosen)
    out, _ = terminal.consoles()
    out.print(f"The library {folder} answers {answers} from now on.")
    return 0


def check(arguments: Namespace) -> int:
    """`footnote models check [NAME]`"""
    from models.catalog import Catalog
    from models.process import check_gguf

    settings = settings_of(arguments).models
    name = arguments.name or settings.llm
    out, err = terminal.consoles()
    if name == NO_MODEL:
        out.print("No model is in use: answers are quotations alone.")
        return 0
    model = build_model(name) or Catalog.open().ready(name)
    report = check_gguf(model.path, threads=settings.threads, load_seconds=settings.load_seconds)
    if not report.answered:
        err.print(f"{model.name} loads but writes nothing; pull it again or choose another.")
        return 1
    out.print(
        f"{model.name} loads in {report.load_seconds:.1f} s, answers, and sees "
        f"{report.context_tokens:,} tokens at once."
    )
    return 0
