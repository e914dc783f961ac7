"""The page in a real browser: hostile text, readability, narrow screens, and how it is served."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from scripted import (
    Script,
    ScriptedDesk,
    Visit,
    write_records,
)

from rag.types import AnswerSentence, Evidence, Origin, Verdict
from ui.web import PageError, open_page

Visiting = Callable[..., Visit]

IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= window.innerHeight && box.height > 0;
}"""
CONTRAST = """selector => {
  const element = document.querySelector(selector);
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  let behind = element;
  while (behind && (rgb(getComputedStyle(behind).backgroundColor)[3] ?? 1) === 0) {
    behind = behind.parentElement;
  }
  const light = colour => {
    const [r, g, b] = colour.slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = behind ? rgb(getComputedStyle(behind).backgroundColor) : [255, 255, 255];
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(paper)].sort((x, y) => y - x);
  return { ratio: (a + 0.05) / (b + 0.05), paper: light(paper) };
}"""


HOSTILE = (
    '<img src="http://evil.invalid/x.png" onerror="window.ran = 1">'
    '<script>window.ran = 1</script><svg onload="window.ran = 1"></svg>'
    "${window.ran = 1}{{#each x}}{{/each}}`${window.ran = 1}`"
    '"><iframe src="http://evil.invalid/"></iframe><a href="javascript:window.ran=1">x</a>'
)


class TestSafety:
    def test_hostile_text_neither_runs_nor_fetches(
        self, desk: ScriptedDesk, visit: Visiting, tmp_path: Path
    ) -> None:
        """In titles, authors, abstracts, links, questions and the model's own sentences."""
        desk.remove([paper.id for paper in desk.library.papers()])
        row = {
            "title": f"Instruments {HOSTILE}",
            "abstract": f"{HOSTILE} keep well. A second sentence follows {HOSTILE}.",
            "authors": [HOSTILE],
            "url": "javascript:window.ran=1",
        }
        desk.add([write_records(tmp_path / "hostile.jsonl", [row])])

        def says(evidence: Evidence) -> tuple[AnswerSentence, ...]:
            quote = evidence.sources[0].sentences[0].text
            said = AnswerSentence(HOSTILE, (1,), Verdict.PARTLY, Origin.MODEL, quote, HOSTILE)
            return said, replace(said, text=quote, origin=Origin.QUOTATION)

        desk.script = Script(says)
        tab = visit()
        tab.ask(f"What of {HOSTILE}?")
        tab.wait_for_answer()
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence .card:focus")
        tab.page.get_by_role("tab", name="Library").click()
        tab.page.wait_for_selector("#papers .papers")
        tab.page.click("#papers summary >> nth=0")
        tab.page.reload()
        tab.page.wait_for_selector("#live .sentence")
        tab.page.wait_for_timeout(300)
        assert tab.page.evaluate("window.ran") is None
        assert (
            tab.page.locator(":is(#live, #evidence, #papers) :is(img, script, svg, iframe)").count()
            == 0
        )
        assert tab.foreign == []
        assert "<img src=" in tab.page.inner_text("#live .asked")

    def test_the_detectors_see_a_page_that_runs_and_fetches(self, visit: Visiting) -> None:
        """The planted fault: the same text put on the page without escaping."""
        tab = visit()
        tab.page.evaluate(
            "html => { document.querySelector('#live .welcome').innerHTML = html }", HOSTILE
        )
        tab.page.wait_for_function("window.ran === 1")
        assert any("evil.invalid" in url for url in tab.foreign)

    def test_nothing_on_the_page_comes_from_outside(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.get_by_role("tab", name="Library").click()
        tab.page.wait_for_selector("#papers .papers")
        assert tab.foreign == []


class TestLook:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_is_readable_in_the_colours_of_the_system(
        self, visit: Visiting, scheme: str
    ) -> None:
        tab = visit(color_scheme=scheme)
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence mark.target")
        # Sentences fade in, and new ones light up for a moment.
        tab.page.wait_for_function(
            "document.querySelector('#live').getAnimations({ subtree: true }).length === 0"
        )
        for selector in (
            ".asked", "#live .sentence", "#live .cite:not([aria-current])", ".cite[aria-current]",
            "#live footer .facts", "#live footer .notes", "#live .verdict summary", "#evidence h3",
            "#evidence .byline", "#summarise",
            "#evidence mark.target", "#promise .quiet", "#question textarea", "#new", "#counts",
            "#earlier input", "button[role=tab]",
        ):  # fmt: skip
            seen = tab.page.evaluate(CONTRAST, selector)
            assert seen["ratio"] >= 4.5, f"{selector} in {scheme}: {seen['ratio']:.2f}"
            if selector == ".asked":
                assert (seen["paper"] < 0.2) == (scheme == "dark")

    def test_the_reader_may_choose_the_other_colours(self, visit: Visiting) -> None:
        tab = visit(color_scheme="light")
        tab.page.click("#theme button")
        tab.page.reload()
        tab.page.wait_for_selector("#live .welcome")
        tab.page.wait_for_selector("body.dark")

    def test_it_can_be_used_on_a_narrow_screen(self, visit: Visiting) -> None:
        """400 pixels wide: nothing to scroll sideways, buttons large enough to touch."""
        tab = visit(viewport={"width": 400, "height": 800})
        tab.ask("How far do glass barometers drift, whatever" + "verylongword" * 20)
        tab.wait_for_answer()
        for _ in ("ask", "library"):
            width = tab.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 400
            tab.page.get_by_role("tab", name="Library").click()
        tab.page.get_by_role("tab", name="Ask").click()
        for selector in ("#ask", "#summarise", "#new", "#question textarea", "#theme button"):
            box = tab.page.locator(selector).bounding_box()
            assert box is not None
            assert box["height"] >= 40
        for box in (c.bounding_box() for c in tab.page.locator("#live .cite").all()):
            assert box is not None
            assert min(box["width"], box["height"]) >= 24
        tab.page.click("#live .cite >> nth=0")
        mark = tab.page.locator("#evidence mark.target")
        tab.page.wait_for_function(IN_VIEW, arg=mark.element_handle())
        tab.page.click("#evidence .card:focus .back")
        tab.page.wait_for_selector("#live .cite:focus")


class TestServing:
    def test_a_port_in_use_is_said_with_what_to_do(self, desk: ScriptedDesk) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with (
                pytest.raises(PageError, match=rf"port {port} .*--port"),
                open_page(desk, port=port),
            ):
                pass

    def test_it_listens_on_this_machine_only(self, address: str) -> None:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        port = int(address.rstrip("/").rsplit(":", 1)[1])
        with socket.socket() as outside, pytest.raises(OSError, match="refused"):
            outside.connect(("127.0.0.2", port))

    def test_it_is_closed_after_use(self, desk: ScriptedDesk) -> None:
        with open_page(desk, port=0) as address:
            port = int(address.rstrip("/").rsplit(":", 1)[1])
        with open_page(desk, port=port) as again:
            assert again == address

    def test_serving_prints_nothing_and_ends_on_a_signal(self, tmp_path: Path) -> None:
        """Only what `on_ready` prints is on standard output; SIGTERM ends it with status 0."""
        program = (
            "import sys; from pathlib import Path; from rag.wiring import open_desk\n"
            "from ui.web import serve\n"
            "with open_desk(Path(sys.argv[1])) as desk:\n"
            "    serve(desk, port=0, on_ready=lambda url: print('ready', url, flush=True))\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "library")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        process.terminate()
        out, err = process.communicate(timeout=60)
        assert first.startswith("ready http://127.0.0.1:"), err
        assert out == ""
        assert process.returncode == 0, err
        assert "Traceback" not in err
