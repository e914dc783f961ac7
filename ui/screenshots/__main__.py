"""Take the pictures that the README shows: the sample library, asked with the packaged models.

Needs Chromium and the package playwright, which `make test` installs.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from models.stopping import Stopper
from rag.wiring import open_desk
from ui.web import open_page

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_ANSWER_MS = 180_000
_SETTLE_MS = 900  # fading in and scrolling end before a picture is taken
_OUTSIDE = "What is the boiling point of mercury?"
_TOPIC = "how language models remember and forget"
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its file, the size of the window, the colours, and what is on it."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    state: str  # one of STATES


STATES = (
    "first",
    "writing",
    "answer",
    "pointed",
    "citation",
    "filter",
    "refusal",
    "summary",
    "library",
    "models",
)
SHOTS = tuple(
    Shot(f"{state}-{width}-{scheme}", width, height, scheme, state)
    for width, height in ((1440, 900), (1024, 768), (400, 800))
    for scheme in _SCHEMES
    for state in STATES
)
README_SHOTS = (
    "citation-1440-light",
    "citation-1440-dark",
    "refusal-1440-light",
    "library-1440-light",
    "models-1024-light",
    "answer-400-light",
)


def main() -> None:
    """Write the pictures beside this file, or all sizes, colours and states to a folder."""
    parser = argparse.ArgumentParser(prog="python -m ui.screenshots", description=main.__doc__)
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every state, for a close look")
    wanted = parser.parse_args().all
    folder = wanted or Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if wanted or shot.name in README_SHOTS]
    with tempfile.TemporaryDirectory() as library, open_desk(Path(library)) as desk:
        desk.bring_sample()
        question = desk.example_questions()[0]
        desk.measure_model(desk.config.models.llm, Stopper())
        with open_page(desk, port=0) as address:
            take(shots, address, question, folder)


def take(shots: list[Shot], address: str, question: str, folder: Path) -> None:
    """Take each picture in a fresh browser tab."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("No Chromium found. Install it: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for shot in shots:
            tab = browser.new_context(
                viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.scheme
            )
            page = tab.new_page()
            page.goto(address)
            page.wait_for_selector("#live .welcome")
            _bring_about(page, shot.state, question)
            page.wait_for_timeout(_SETTLE_MS)
            page.screenshot(path=folder / f"{shot.name}.png")
            print(folder / f"{shot.name}.png")
            tab.close()
        browser.close()


def _bring_about(page: Any, state: str, question: str) -> None:
    match state:
        case "first":
            return
        case "library":
            page.get_by_role("tab", name="Library").click()
            page.wait_for_selector("#papers .papers")
        case "models":
            page.get_by_role("tab", name="Models").click()
            page.wait_for_selector("#models :text('in use')")
        case "filter":
            page.click("#scope .menu > summary")
        case "summary":
            page.click("#mode label:has-text('Summarise')")
            _ask(page, _TOPIC)
        case "writing":
            _ask(page, question, until="#live .pace:not(:empty)")
        case "refusal":
            _ask(page, _OUTSIDE)
        case _:
            _ask(page, question)
    if state == "pointed":
        page.hover("#live .cite >> nth=0")
    elif state == "citation":
        page.click("#live .cite >> nth=0")
        page.wait_for_selector("#evidence mark.target")


def _ask(page: Any, text: str, until: str = "#live footer") -> None:
    page.fill("#question textarea", text)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(until, timeout=_ANSWER_MS)


if __name__ == "__main__":
    main()
