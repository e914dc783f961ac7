"""axe-core on every state of the page: nothing serious, wide in light and narrow in dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from scripted import Script, ScriptedDesk, Visit, three_sentences, write_records

from rag.types import Reason

Visiting = Callable[..., Visit]
SIZES: dict[str, dict[str, object]] = {
    "wide-light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "narrow-dark": {"viewport": {"width": 400, "height": 800}, "color_scheme": "dark"},
}


def faults(tab: Visit) -> list[str]:
    """What axe-core finds that is serious or critical, with the elements it finds it in."""
    tab.page.wait_for_function(
        "document.getAnimations().every(one => one.playState !== 'running' ||"
        " one.effect.getTiming().iterations === Infinity)"
    )
    found = Axe().run(tab.page).response["violations"]
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:160]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.fixture(params=list(SIZES))
def tab(request: pytest.FixtureRequest, visit: Visiting) -> Visit:
    return visit(**SIZES[request.param])


class TestAxe:
    def test_asking(self, desk: ScriptedDesk, tab: Visit) -> None:
        """Before a question, while it is answered, with the answer and with its evidence open."""
        assert faults(tab) == []
        desk.script = Script(three_sentences, free=False)
        tab.ask("How far do glass barometers drift?")
        desk.script.go_on()
        tab.page.wait_for_selector("#live .pace:has-text('left')")
        assert faults(tab) == []
        desk.script.go_on(3)
        tab.wait_for_answer()
        tab.page.click("#live .verdict summary")
        tab.page.click("#evidence .cite-as summary >> nth=0")
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence mark.target")
        assert faults(tab) == []

    def test_a_refusal_and_the_menus(self, desk: ScriptedDesk, tab: Visit) -> None:
        desk.script = Script(three_sentences, refuses=Reason.NOTHING_NEAR)
        tab.ask("What is the boiling point of mercury?")
        tab.page.wait_for_selector("#live .ways")
        tab.page.click("#scope .menu > summary")
        assert faults(tab) == []
        tab.page.keyboard.press("Escape")
        if tab.page.locator("#drawer button").is_visible():
            tab.page.click("#drawer button")
        tab.page.click("#conversations .menu > summary")
        tab.page.click("#conversations .sure > summary")
        assert faults(tab) == []

    def test_library_and_models(self, desk: ScriptedDesk, tab: Visit, tmp_path: Path) -> None:
        """With what came of files, notes, a mark, a filter and the form."""
        tab.page.get_by_role("tab", name="Library").click()
        bad = write_records(tmp_path / "tin.jsonl", [{"title": "Tin"}, {"abstract": "No title."}])
        tab.page.set_input_files("#files input[type=file]", bad)
        tab.page.click("#adding .more summary")
        (paper, *_) = desk.library.papers()
        desk.library.write_notes(paper.id, "Mine.")
        desk.library.mark_read([paper.id], True)
        tab.page.click("#library-scope summary")
        assert faults(tab) == []
        tab.page.select_option("#library-scope [name=is_read]", "yes")
        tab.page.click("#library-scope button[type=submit]")
        tab.page.wait_for_selector("#papers .mark")
        tab.page.click("#papers summary >> nth=0")
        tab.page.wait_for_selector("#papers .notes", state="visible")
        assert faults(tab) == []
        tab.page.click("#papers [data-do=edit]")
        tab.page.wait_for_selector(".paper-form")
        tab.page.check("#papers .tick input")
        tab.page.click("#library-bar summary:has-text('Mark as')")
        assert faults(tab) == []
        tab.page.get_by_role("tab", name="Models").click()
        tab.page.wait_for_selector("text=Footnote-135M", state="visible")
        assert faults(tab) == []

    def test_an_empty_library(self, desk: ScriptedDesk, visit: Visiting) -> None:
        desk.remove([paper.id for paper in desk.library.papers()])
        tab = visit(color_scheme="dark")
        assert faults(tab) == []
        tab.page.click("#live [data-tab=Library]")
        tab.page.wait_for_selector("#files", state="visible")
        assert faults(tab) == []

    def test_the_detector_sees_a_button_without_a_name_and_faint_words(
        self, visit: Visiting
    ) -> None:
        """The planted faults."""
        tab = visit(color_scheme="light")
        tab.page.evaluate(
            "document.querySelector('#live .welcome').innerHTML ="
            " '<button></button><p style=\"color: #ddd; opacity: 1\">Faint words.</p>'"
        )
        found = " ".join(faults(tab))
        assert "button-name" in found
        assert "color-contrast" in found
