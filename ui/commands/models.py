"""The commands that list, fetch, choose and check models."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from rag.folder import make_writable
from rag.no_model import NO_MODEL
from rag.wiring import (
    Choice,
    choose_model,
    measure_model,
    model_choices,
    save_model,
    usual_wait,
)
from ui import terminal
from ui.commands.opening import build_model, library_folder, settings_of
from ui.render.models import speed_words, wait_words


def list_models(arguments: Namespace) -> int:
    """`footnote models list`"""
    from models.catalog import Catalog

    config = settings_of(arguments)
    choices = model_choices(config)
    if arguments.json:
        entries = {entry.name: asdict(entry) for entry in Catalog.open().entries}
        terminal.print_json([_as_json(c, entries.get(c.model.setting, {})) for c in choices])
    else:
        terminal.print_models(choices, config.models.llm)
    return 0


def _as_json(choice: Choice, entry: dict[str, object]) -> dict[str, object]:
    model, speed = choice.model, choice.model.speed
    return entry | {
        "name": model.name,
        "path": str(model.path) if model.path else None,
        "in_use": choice.in_use,
        "memory_gb": model.memory_gb,
        "fits_in_memory": model.memory_fits,
        "speed": speed and asdict(speed) | {"measured": speed.measured and f"{speed.measured}"},
        "wait": choice.wait and asdict(choice.wait),
    }


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
    in_use = settings_of(arguments).models.llm
    out.print(f"Removed {Catalog.open().remove(arguments.name, in_use)}.")
    return 0


def use(arguments: Namespace) -> int:
    """`footnote models use NAME-or-path.gguf`"""
    build_model(arguments.name)
    setting, name = choose_model(arguments.name)
    folder = library_folder(arguments)
    make_writable(folder)
    save_model(folder, setting)
    out, _ = terminal.consoles()
    answers = "in quotations alone" if setting == NO_MODEL else f"with {name}"
    out.print(f"The library {folder} answers {answers} from now on.")
    return 0


def measure(arguments: Namespace) -> int:
    """`footnote models measure [NAME]`"""
    from models.stopping import Stopper

    config = settings_of(arguments)
    name = arguments.name or config.models.llm
    out, _ = terminal.consoles()
    if name == NO_MODEL:
        out.print("No model is in use: answers are quotations alone, and stand at once.")
        return 0
    build_model(name)
    model, speed = measure_model(name, config, Stopper())
    wait = usual_wait(speed, model.reads_quotations, config)
    out.print(f"{model.name} {speed_words(speed)}.")
    out.print(f"That means: {', '.join(wait_words(wait, speed))}.")
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
