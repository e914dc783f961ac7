"""How long a person waits on the page, in a headless Chromium: `python -m tests.bench.page`.

Absolute times on a shared machine say little, so one question's embedding is timed beside each
question, in the same run; the medians are given as multiples of it, and as a share of the model's
own time.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from rag.sample import EXAMPLE_QUESTIONS
from rag.wiring import open_desk, stay_offline
from ui.screenshots.__main__ import FLAGS
from ui.web import open_page

_ANSWER_MS = 180_000
# What the page itself sees, without the way back to here: when each thing first stood on it.
_WATCH = """() => {
  window.seen = {};
  const begun = performance.now();
  const parts = {
    "evidence": "#evidence .card",
    "first quotation": "#live .sentence",
    "first sentence of the model": "#live .sentence[data-origin=model]",
    "whole answer": "#live footer",
  };
  const look = () => {
    for (const [name, selector] of Object.entries(parts)) {
      if (!(name in window.seen) && document.querySelector(selector)) {
        window.seen[name] = performance.now() - begun;
      }
    }
    if (!("whole answer" in window.seen)) requestAnimationFrame(look);
  };
  look();
}"""
_CLICK = """() => new Promise(done => {
  const begun = performance.now();
  const look = () => document.querySelector("#evidence mark.target")
    ? done(performance.now() - begun) : requestAnimationFrame(look);
  document.querySelector("#live .cite").click();
  look();
})"""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main() -> None:
    """Time the page of the sample library, or of the library that is given."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page", description=main.__doc__)
    parser.add_argument("--library", type=Path, help="a library that no Footnote has open")
    parser.add_argument("questions", nargs="*", default=EXAMPLE_QUESTIONS)
    arguments = parser.parse_args()
    stay_offline()
    from playwright.sync_api import sync_playwright

    times: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = arguments.library or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        desk = stack.enter_context(open_desk(folder))
        if desk.library.is_new():
            desk.bring_sample()
        list(desk.ask_once(arguments.questions[0], keep=False))  # loads all that is loaded once
        address = stack.enter_context(open_page(desk, port=0))
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        for question in arguments.questions:
            begun = time.perf_counter()
            desk.embedder.encode([question])
            embedding = (time.perf_counter() - begun) * 1000
            tab = browser.new_context()
            found = {"one embedding": embedding, **_ask(tab.new_page(), address, question)}
            tab.close()
            for name, value in found.items():
                times.setdefault(name, []).append(value)
        browser.close()
    unit = median(times["one embedding"])
    for name, values in times.items():
        at = median(values)
        print(f"{name:28} {at:9.1f} ms {at / unit:8.1f} embeddings   ({len(values)} questions)")


def _ask(page: Any, address: str, question: str) -> dict[str, float]:
    """Open the page, ask once, and open the first citation; milliseconds by what was waited for."""
    page.goto(address)
    page.wait_for_selector("#live .welcome")
    found = {"first paint": page.evaluate(_PAINT)}
    page.fill("#question textarea", question)
    page.evaluate(_WATCH)
    page.press("#question textarea", "Enter")
    page.wait_for_selector("#live footer", timeout=_ANSWER_MS)
    page.wait_for_function("'whole answer' in window.seen")
    found |= page.evaluate("window.seen")
    if page.locator("#live .cite").count():
        found["click to highlight"] = page.evaluate(_CLICK)
    return found


if __name__ == "__main__":
    main()
