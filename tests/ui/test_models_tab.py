"""The Models tab in a real browser: what a person chooses, measures, pulls, stops and removes."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from scripted import ScriptedDesk, Visit

from models.catalog import Catalog
from models.errors import MeasureFailed
from models.speed import Speed, Speeds
from models.stopping import Stopper
from rag.config import load_config
from rag.no_model import NO_MODEL
from tests.models.gguf_files import PACKAGED
from tests.models.hub import CONTENT, ENTRY, Hub, hub

__all__ = ["hub"]

BUILT = "Footnote-135M"  # not yet, in the folder of these tests
SMALL = "SmolLM2-135M-Instruct"
Go = Callable[..., Visit]


@pytest.fixture(autouse=True)
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """The shipped models, and one that our own Hub holds; nothing is pulled or measured yet."""
    catalog = Catalog((*Catalog.open().entries, ENTRY), tmp_path / "models")
    monkeypatch.setattr(Catalog, "open", classmethod(lambda cls, folder=None: catalog))
    return catalog


@pytest.fixture
def models(visit: Go) -> Iterator[Go]:
    """Opens the tab; in the end no script has failed and nothing was asked of anybody else."""
    opened: list[Visit] = []

    def go(**options: object) -> Visit:
        opened.append(visit(**options))
        opened[-1].page.evaluate("footnote.goTo('Models')")
        opened[-1].page.wait_for_selector(".model")
        return opened[-1]

    yield go
    for one in opened:
        assert (one.errors, one.foreign) == ([], [])


def row(visit: Visit, setting: str) -> str:
    return f'.model[data-id="{setting}"]'


def text(visit: Visit, setting: str) -> str:
    return " ".join(visit.page.inner_text(row(visit, setting)).split())


def press(visit: Visit, setting: str, verb: str) -> None:
    visit.page.click(f'{row(visit, setting)} [data-do="{verb}"]')


def says(visit: Visit, setting: str, words: str, kind: str = "notice") -> None:
    visit.page.wait_for_selector(f'{row(visit, setting)} .{kind}:has-text("{words}")')


def test_every_model_tells_what_it_costs(models: Go, desk: ScriptedDesk, catalog: Catalog) -> None:
    """Size, memory, licence; what is in use is said in words; without a figure none is claimed."""
    visit = models()
    for entry in catalog.entries:
        if entry.kind == "llm":
            shown = text(visit, entry.name)
            assert entry.license in shown
            assert "not measured" in shown
            assert "wait not known yet" in shown
    assert "1.5 GB" in text(visit, "gemma-3-1b-it")
    assert "Pull 806 MB" in text(visit, "gemma-3-1b-it")
    in_use = visit.page.locator(".model[aria-current]")
    assert in_use.get_attribute("data-id") == desk.config.models.llm
    assert "in use" in in_use.inner_text()
    assert "quotations" in text(visit, NO_MODEL)
    assert "needs a connection" in visit.page.inner_text("#models-list")


def test_figures_are_of_this_machine_or_called_estimates(models: Go, catalog: Catalog) -> None:
    Speeds(catalog.folder).keep(PACKAGED, Speed(500.0, 50.0, date(2024, 11, 21)))
    visit = models()
    shown = text(visit, SMALL)
    assert "reads 500 and writes 50 tokens a second, measured 21 Nov" in shown
    assert re.search(r"first sentence after about 2 s whole answer 3 s, a summary 9 s", shown, re.I)
    other = text(visit, "Qwen3-4B")
    assert "(an estimate)" in other
    assert "perhaps" in other
    assert f"estimates, from what was measured of {SMALL}" in visit.page.inner_text("#models-list")


def test_what_does_not_fit_is_said(models: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("models.overview", "ui.render.models"):
        monkeypatch.setattr(f"{module}.memory_bytes", lambda: 4_000_000_000)
    visit = models()
    assert "4 GB, and 1.5 GB beside it: more than the 4 GB of this machine" in text(
        visit, "Qwen3-4B"
    )
    assert "more than" not in text(visit, "gemma-3-1b-it")


def test_choosing(models: Go, desk: ScriptedDesk) -> None:
    """The choice is in force and saved; the keyboard stays in the row."""
    visit = models()
    press(visit, NO_MODEL, "use")
    says(visit, NO_MODEL, "answers are quotations alone")
    assert desk.config.models.llm == NO_MODEL
    assert load_config(desk.folder / "config.yaml").models.llm == NO_MODEL
    assert "in use" in text(visit, NO_MODEL)
    press(visit, SMALL, "use")
    says(visit, SMALL, f"{SMALL} writes the answers")
    assert desk.llm.name == SMALL
    visit.page.wait_for_function(
        f"""document.activeElement.closest('[data-id="{SMALL}"]') !== null"""
    )


def test_choosing_what_is_to_be_built_first(
    models: Go, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer than loading, and says so; where it is built it is only loaded."""
    go_on = threading.Semaphore(0)
    desk.use_model(NO_MODEL)
    monkeypatch.setattr(desk, "use_model", lambda name: go_on.acquire(timeout=30) and name)
    visit = models()
    for name, said in ((BUILT, "takes some seconds"), (SMALL, "Loading it…")):
        press(visit, name, "use")
        says(visit, name, said)
        go_on.release()
        says(visit, name, f"{name} writes the answers")


def test_measuring(models: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few seconds later the row has figures, and the others have estimates."""
    monkeypatch.setattr("models.speed.ROUNDS", 1)
    visit = models()
    press(visit, SMALL, "measure")
    says(visit, SMALL, "Measured.")
    assert re.search(
        r"reads [\d,.]+ and writes [\d,.]+ tokens a second, measured", text(visit, SMALL)
    )
    assert "(an estimate)" in text(visit, "Qwen3-4B")
    assert "Measure again" in text(visit, SMALL)


def test_what_ends_at_once_is_told(models: Go, catalog: Catalog) -> None:
    """A file, or a pulled model, that somebody deleted since the page showed it."""
    catalog.folder.mkdir()
    own, pulled = catalog.folder / "own.gguf", catalog.folder / ENTRY.file
    for path in (own, pulled):
        shutil.copy(PACKAGED, path)
    one, other = models(), models()
    for path in (own, pulled):
        path.unlink()
    press(one, ENTRY.name, "measure")
    says(one, ENTRY.name, "is not on this machine yet", "problem")
    press(other, str(own), "measure")
    other.page.wait_for_selector('#models-list .problem:has-text("There is no file")')
    assert other.page.locator(row(other, str(own))).count() == 0


def test_measuring_waits_for_an_answer_and_can_be_stopped(
    models: Go, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(name: str, stopper: Stopper, on_progress: Callable[[int, bool], None]) -> Speed:
        on_progress(0, True)
        stopper.wait(30)
        raise MeasureFailed(name, f"The measuring of {name} was stopped.")

    monkeypatch.setattr(desk, "measure_model", measure)
    visit = models()
    press(visit, SMALL, "measure")
    visit.page.wait_for_selector(
        f'{row(visit, SMALL)} .far:has-text("until the answer is written")'
    )
    second = models()  # another tab sees it too, and cannot begin another
    second.page.wait_for_selector(f'{row(second, SMALL)} [data-do="stop"]')
    assert second.page.is_disabled(f'{row(second, "gemma-3-1b-it")} [data-do="pull"]')
    press(visit, SMALL, "stop")
    says(visit, SMALL, "was stopped")
    says(second, SMALL, "was stopped")


def test_a_pull_with_progress_stop_and_resume(
    models: Go, hub: Hub, catalog: Catalog, desk: ScriptedDesk
) -> None:
    """Bytes are told while they come; what came before Stop, or a reload, is not lost."""
    hub.stall_after = 1_000_000
    visit = models()
    press(visit, ENTRY.name, "pull")
    visit.page.wait_for_selector(f'{row(visit, ENTRY.name)} .far:has-text("of 3 MB")')
    bar = visit.page.locator(f"{row(visit, ENTRY.name)} progress")
    assert 0 < float(bar.get_attribute("value") or 0) < float(bar.get_attribute("max") or 0)
    visit.page.reload()
    visit.page.wait_for_selector("#live .welcome")
    visit.page.evaluate("footnote.goTo('Models')")
    visit.page.wait_for_selector(f'{row(visit, ENTRY.name)} .far:has-text("of 3 MB")')
    press(visit, ENTRY.name, "stop")
    says(visit, ENTRY.name, "What has arrived is kept")
    assert "Go on, " in text(visit, ENTRY.name)
    hub.stall_after = None
    press(visit, ENTRY.name, "pull")
    says(visit, ENTRY.name, "on this machine now")
    path = catalog.folder / ENTRY.file
    assert path.read_bytes() == CONTENT

    press(visit, ENTRY.name, "use")  # our Hub holds no real model
    says(visit, ENTRY.name, "only 2 and 3 can be read", "problem")
    assert desk.config.models.llm != ENTRY.name
    visit.page.click(f"{row(visit, ENTRY.name)} summary")
    assert path.exists()
    press(visit, ENTRY.name, "remove")
    says(visit, ENTRY.name, "Removed from this machine")
    assert not path.exists()
    assert "Pull 3 MB" in text(visit, ENTRY.name)


def test_without_a_connection(models: Go, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, in the row."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    visit = models()
    press(visit, ENTRY.name, "pull")
    says(visit, ENTRY.name, "Connect to the internet", "problem")
    assert "Traceback" not in visit.page.inner_text("body")


def test_a_file_by_its_path(models: Go, desk: ScriptedDesk, tmp_path: Path) -> None:
    """A wrong one is refused beside the field, with its name as text; a right one gets a row."""
    visit = models()
    field = visit.page.locator("#model-path")
    field.fill("/nowhere/<img src=x onerror=document.title='run'>.gguf")
    field.press("Enter")
    visit.page.wait_for_selector('#models-path-told .problem:has-text("no file")')
    assert "<img" in visit.page.inner_text("#models-path-told")
    assert visit.page.title() == "Footnote"
    own = shutil.copy(PACKAGED, tmp_path / "my own <b>.gguf")
    field.fill(str(own))
    visit.page.click("#models-path button")
    visit.page.wait_for_selector('#models-path-told .notice:has-text("writes the answers")')
    in_use = visit.page.locator(".model[aria-current]")
    assert "my own <b>" in in_use.inner_text()
    assert "Licence not known" in " ".join(in_use.inner_text().split())
    assert desk.config.models.llm == str(own)


@pytest.mark.parametrize("width", [1440, 1024, 400])
def test_nothing_scrolls_sideways(models: Go, catalog: Catalog, width: int) -> None:
    Speeds(catalog.folder).keep(PACKAGED, Speed(500.0, 50.0, date(2024, 11, 21)))
    visit = models(viewport={"width": width, "height": 900})
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for box in visit.page.locator("#models .button").all():
        found = box.bounding_box()
        assert found is not None
        assert found["height"] >= 40
        assert found["x"] + found["width"] <= width
