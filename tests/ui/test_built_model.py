"""A model that is built here, as the commands show and use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.built import Recipe
from models.catalog import Catalog
from rag.config import load_config
from rag.ingest import Progress
from rag.wiring import Desk, open_desk, open_llm
from tests.models.adapters import BASE, SMALL_SHAPES, random_adapter, small_base
from tests.models.built_entries import catalog_of, sha256
from ui.cli import main

NAME = "Built-1M"

Run = Callable[..., int]


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """The catalogue that every command sees: a small base, and a model that is built from it."""
    base = small_base(tmp_path / "small.gguf")
    adapter = random_adapter(tmp_path / "adapter.safetensors", SMALL_SHAPES)
    catalog = catalog_of(Recipe(NAME, BASE, base, sha256(base), adapter), tmp_path / "models")
    monkeypatch.setattr(Catalog, "open", classmethod(lambda cls: catalog))
    return catalog


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(f"models:\n  llm: {NAME}\n", encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path: Path, settings: Path) -> Run:
    """Run a command on a library of the test's own that answers with the built model."""
    place = ["--library", str(tmp_path / "library"), "--config", str(settings)]
    return lambda *arguments: main([*map(str, arguments), *place])


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Progress]:
    """What the progress bar was told."""
    steps: list[Progress] = []

    @contextmanager
    def bar(label: str) -> Iterator[Callable[[Progress], None]]:
        yield steps.append

    monkeypatch.setattr("ui.terminal.progress_bar", bar)
    return steps


def test_listed_pulled_and_removed(
    run: Run,
    catalog: Catalog,
    settings: Path,
    shown: list[Progress],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The list says that it is built by itself; a pull builds it at once, with a progress bar.

    It goes only once the library answers with another.
    """
    assert run("models", "list") == 0
    assert "when first used" in capsys.readouterr().out
    assert run("models", "pull", NAME) == 0
    path = catalog.find(NAME).path
    assert f"{NAME} is at" in capsys.readouterr().out
    assert shown[-1].done == shown[-1].total > 0
    assert NAME in shown[-1].stage
    assert run("models", "list") == 0
    assert "when first used" not in capsys.readouterr().out
    assert run("models", "list", "--json") == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert listed[NAME]["path"] == str(path)
    assert listed[NAME]["reads_quotations"]
    assert run("models", "remove", NAME) == 1
    assert path.exists()
    settings.write_text("models:\n  llm: none\n", encoding="utf-8")
    assert run("models", "remove", NAME) == 0
    assert not path.exists()
    assert run("models", "remove", NAME) == 1
    assert "not on this machine" in capsys.readouterr().err


def test_chosen(run: Run, catalog: Catalog, shown: list[Progress], tmp_path: Path) -> None:
    """`models use` builds it, and the library answers with it from then on."""
    assert run("models", "use", NAME) == 0
    assert not catalog.is_to_build(NAME)
    assert load_config(tmp_path / "library" / "config.yaml").models.llm == NAME


@pytest.mark.parametrize(
    ("arguments", "builds"),
    [
        (("ask", "Why?"), True),
        (("summarize", "pruning"), True),
        (("chat",), True),
        (("check",), False),  # the model is one of the parts that it reports on
        (("eval", "{cases}"), True),
        (("eval", "{cases}", "--search-only"), False),
        (("search", "Why?"), False),
        (("list",), False),
    ],
)
def test_every_command_that_answers_builds_first(
    run: Run,
    catalog: Catalog,
    shown: list[Progress],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    builds: bool,
) -> None:
    """Before the library is opened, and with progress; those that only search do not wait."""
    cases = tmp_path / "cases.jsonl"
    case = {"id": "1", "type": "single", "question": "Why?", "gold_titles": ["A title"]}
    cases.write_text(json.dumps(case) + "\n", encoding="utf-8")
    with open_desk(tmp_path / "library"):
        pass

    class Opened(Exception):
        pass

    def opened(*_: object, **__: object) -> Desk:
        raise Opened

    monkeypatch.setattr("ui.commands.opening.open_desk", opened)
    if arguments[0] == "list":
        run(*arguments)
    else:
        with pytest.raises(Opened):
            run(*(a.format(cases=cases) for a in arguments))
    assert catalog.is_to_build(NAME) != builds
    assert bool(shown) == builds


def test_built_without_a_face(catalog: Catalog, settings: Path) -> None:
    """Whoever opens the model finds it built, and is told what it was trained for."""
    llm = open_llm(load_config(settings))
    assert not catalog.is_to_build(NAME)
    assert llm.name == NAME
    assert llm.reads_quotations
    llm.close()
    settings.write_text(f"models:\n  llm: {BASE}\n", encoding="utf-8")
    other = open_llm(load_config(settings))
    assert not other.reads_quotations
    other.close()


def test_a_damaged_file_is_built_again(catalog: Catalog, settings: Path) -> None:
    """The model that is opened is the one that was once built."""
    path = catalog.ready(NAME).path
    right = path.read_bytes()
    path.write_bytes(right[:-1] + b"?")
    open_llm(load_config(settings)).close()
    assert path.read_bytes() == right


def test_a_failed_build_is_told(
    run: Run, catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence with the remedy, and nothing of the answer is begun."""
    with open_desk(tmp_path / "library"):
        pass
    catalog.folder.write_text("no folder")
    assert run("ask", "Why?") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"footnote: {NAME} could not be built")
    assert "FOOTNOTE_MODELS" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("fails", [False, True])
def test_the_page_comes_up(
    run: Run,
    catalog: Catalog,
    shown: list[Progress],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fails: bool,
) -> None:
    """`serve` builds first; when it cannot, it says so and still shows the papers."""
    served: list[Path] = []
    monkeypatch.setattr("ui.web.serve", lambda desk, *_, **__: served.append(desk.folder))
    if fails:
        catalog.folder.write_text("no folder")
    assert run("serve", "--no-browser") == 0
    assert served
    assert ("FOOTNOTE_MODELS" in capsys.readouterr().err) == fails
    assert catalog.is_to_build(NAME) == fails
