"""A real library, a real headless browser, and answers that grow when the test says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripted import (
    FLAGS,
    NO_BROWSER,
    NO_DRIVER,
    Script,
    ScriptedDesk,
    Visit,
    records,
    three_sentences,
    write_records,
)

from rag.config import load_config
from rag.folder import FolderLock
from rag.library import Library
from rag.wiring import open_desk
from ui.web import open_page


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium; without one the tests fail and say how to get it."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail(NO_DRIVER)
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail(NO_BROWSER)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library of two papers; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("made")
    with open_desk(folder / "library") as made:
        made.add([write_records(folder / "barometers.jsonl", records())])
    return folder / "library"


@pytest.fixture
def desk(tmp_path: Path, made_once: Path) -> Iterator[ScriptedDesk]:
    """A library of two papers that answers with three sentences."""
    folder = tmp_path / "library"
    shutil.copytree(made_once, folder)
    with ScriptedDesk(
        folder, load_config(), FolderLock(folder, "a test"), Library.open(folder)
    ) as scripted:
        scripted.script = Script(three_sentences)
        yield scripted


@pytest.fixture
def address(desk: ScriptedDesk) -> Iterator[str]:
    """The page of `desk`, served."""
    with open_page(desk, port=0) as url:
        yield url


@pytest.fixture
def visit(browser: object, address: str) -> Iterator[Callable[..., Visit]]:
    """Opens tabs on the page; all are closed afterwards."""
    visits: list[Visit] = []

    def go(**options: object) -> Visit:
        visits.append(Visit(browser, address, **options))
        return visits[-1]

    yield go
    for one in visits:
        one.context.close()
