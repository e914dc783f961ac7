"""The page in a real browser: what a person does, and what must never happen to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scripted import (
    LONG,
    Script,
    ScriptedDesk,
    Visit,
    records,
    three_sentences,
    write_records,
)

from models.errors import ModelError
from rag.ingest import Progress
from rag.types import AnswerSentence, Evidence
from rag.wiring import open_desk
from ui.talk import Chat, Talks
from ui.web import open_page

Visiting = Callable[..., Visit]

IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= window.innerHeight && box.height > 0;
}"""


class TestAsking:
    def test_evidence_comes_before_the_answer_and_the_answer_grows(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        """Every sentence appears when it is ready, not all at the end."""
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.page.wait_for_selector("#evidence .card")
        assert tab.page.locator("#live .sentence").count() == 0
        assert "Reading 2 sources" in tab.page.inner_text("#live .status")
        for shown in (1, 2, 3):
            desk.script.go_on()
            tab.page.wait_for_selector(f"#live .sentence >> nth={shown - 1}")
            assert tab.page.locator("#live .sentence").count() == shown
        tab.wait_for_answer()
        assert tab.page.locator("#live .status").count() == 0
        assert "scripted · 321 tokens read, 21 written" in tab.page.inner_text("#live footer")
        assert tab.errors == []

    def test_a_citation_opens_the_card_at_its_sentence(self, visit: Visiting) -> None:
        """The sentence is deep in a long abstract; it is scrolled into view and marked."""
        tab = visit(viewport={"width": 1280, "height": 720})
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        assert not tab.page.locator("#evidence mark").first.is_visible()
        tab.page.click("#live .cite >> nth=0")
        mark = tab.page.locator("#evidence mark.target")
        mark.wait_for(state="visible")
        assert mark.inner_text().endswith(
            "Glass barometers drift by three millibars in a month at sea."
        )
        tab.page.wait_for_function(IN_VIEW, arg=mark.element_handle())
        assert tab.page.locator("#evidence .card:focus").count() == 1
        assert LONG[:60] in tab.page.inner_text("#evidence .card:focus .abstract")

    def test_a_citation_can_be_reached_and_used_with_the_keyboard(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.focus("#live .cite >> nth=1")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#evidence .card:focus mark.target")

    def test_an_open_card_stays_open_while_the_answer_grows(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        desk.script.go_on()
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence mark.target")
        desk.script.go_on(2)
        tab.wait_for_answer()
        assert tab.page.locator("#evidence mark.target").is_visible()

    def test_stop_ends_the_answer_and_the_page_can_be_used_again(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        desk.script.go_on()
        tab.page.wait_for_selector("#live .sentence")
        tab.page.click("#stop")
        tab.wait_for_answer()
        assert "Stopped before the end." in tab.page.inner_text("#live footer")
        assert tab.page.locator("#live .sentence").count() == 1
        desk.script = Script(three_sentences)
        tab.ask("And brass ones?")
        tab.page.wait_for_selector("#live .sentence >> nth=2")

    def test_stop_works_for_a_question_that_waits_for_another(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        """Answers are made one at a time; the second tab can still turn away."""
        desk.script = Script(three_sentences, free=False)
        first, second = visit(), visit()
        first.ask("How far do glass barometers drift?")
        first.page.wait_for_selector("#evidence .card")
        second.ask("How long do brass ones last?")
        second.page.wait_for_selector("#live .status:has-text('Waiting')")
        second.page.click("#stop")
        second.page.wait_for_selector("#live .problem:has-text('Stopped.')")
        desk.script.go_on(3)
        first.wait_for_answer()
        assert first.page.locator("#live .sentence").count() == 3

    def test_closing_the_tab_stops_the_answer(self, desk: ScriptedDesk, visit: Visiting) -> None:
        """What was shown is kept, and the next question need not wait."""
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        desk.script.go_on()
        tab.page.wait_for_selector("#live .sentence")
        tab.page.close()
        deadline = time.monotonic() + 30
        while not desk.library.conversations():
            assert time.monotonic() < deadline, "the answer went on for nobody"
            time.sleep(0.1)
        (conversation,) = desk.library.conversations()
        (answer,) = desk.answers(conversation.id)
        assert answer.stopped

    def test_a_follow_up_hands_down_the_turn_before(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.ask("and how does it compare to the second one?")
        tab.page.wait_for_selector("#thread .exchange")
        tab.wait_for_answer()
        (turn,) = desk.turns
        assert turn.question == "How far do glass barometers drift?"
        assert "three millibars [1]" in turn.answer
        assert turn.cited_titles[0] == "Glass barometers at sea"
        assert "Searched for: How far do glass" in tab.page.inner_text("#live .searched")

    def test_a_citation_of_an_earlier_answer_shows_its_own_evidence(self, visit: Visiting) -> None:
        tab = visit()
        for question in ("How far do glass barometers drift?", "How long do brass ones keep?"):
            tab.ask(question)
            tab.page.wait_for_selector(f"#live .asked:has-text('{question}')")
            tab.wait_for_answer()
        assert "How long" in tab.page.locator("#evidence h2:visible").inner_text()
        tab.page.click("#thread .cite >> nth=0")
        tab.page.wait_for_selector("#evidence .card:focus mark.target")
        assert "How far" in tab.page.locator("#evidence h2:visible").inner_text()

    def test_a_refusal_offers_papers_to_open(self, desk: ScriptedDesk, visit: Visiting) -> None:
        desk.script = Script(three_sentences, refuses=True)
        tab = visit()
        tab.ask("What is the capital of Peru?")
        tab.wait_for_answer()
        assert "Your papers do not answer this." in tab.page.inner_text("#live .refusal")
        tab.page.click("#live .open-card >> nth=1")
        tab.page.wait_for_selector("#evidence .card:focus .abstract:visible")

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (ModelError("small", "The model stopped answering; ask again."), "ask again"),
            (ZeroDivisionError("oops"), "Something unexpected went wrong"),
        ],
    )
    def test_a_failure_is_one_sentence_and_the_question_is_kept(
        self, desk: ScriptedDesk, visit: Visiting, error: Exception, said: str
    ) -> None:
        desk.script = Script(three_sentences, fails=error)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        assert said in tab.page.inner_text("#live .problem")
        tab.page.wait_for_selector("#ask", state="visible")
        assert "oops" not in tab.page.inner_text("body")
        assert tab.page.input_value("#question textarea") == "How far do glass barometers drift?"

    def test_an_empty_question_is_answered_with_what_to_do(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("   ")
        assert "Ask in words" in tab.page.inner_text("#live .problem")

    def test_an_example_question_is_asked_by_a_click(self, visit: Visiting) -> None:
        tab = visit()
        example = tab.page.inner_text("#live .example >> nth=0")
        tab.page.click("#live .example >> nth=0")
        tab.wait_for_answer()
        assert tab.page.inner_text("#live .asked") == example


class TestConversations:
    def test_a_reload_loses_nothing(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.wait_for_function("sessionStorage.getItem('footnote.conversation')")
        tab.page.reload()
        tab.page.wait_for_selector("#live .sentence >> nth=2")
        assert tab.page.locator("#live .verdict").count() == 1
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence .card:focus mark.target")

    def test_an_earlier_conversation_can_be_opened_again(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#new")
        tab.page.wait_for_selector("#live .welcome")
        assert tab.page.locator("#evidence .card").count() == 0
        tab.page.click("#earlier input")
        tab.page.click("[role=option]:has-text('How far do glass')")
        tab.page.wait_for_selector("#live .sentence >> nth=2")

    def test_a_new_conversation_is_not_overwritten_by_the_one_that_was_left(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.page.wait_for_selector("#evidence .card")
        tab.page.click("#new")
        tab.page.wait_for_selector("#live .welcome")
        desk.script.go_on(3)
        tab.page.wait_for_timeout(700)
        assert tab.page.locator("#live .welcome").count() == 1
        assert tab.page.locator("#ask").is_visible()

    def test_two_tabs_do_not_share_a_conversation(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        first, second = visit(), visit()
        first.ask("How far do glass barometers drift?")
        first.wait_for_answer()
        second.ask("How long do brass ones keep?")
        second.wait_for_answer()
        assert desk.turns == ()
        assert "brass" not in first.page.inner_text("#conversation .thread, #live")


class TestLibrary:
    def open_library(self, tab: Visit) -> None:
        tab.page.get_by_role("tab", name="Library").click()
        tab.page.wait_for_selector("#papers .papers")

    def test_an_added_file_raises_the_count(self, visit: Visiting, tmp_path: Path) -> None:
        tab = visit()
        assert "2 papers" in tab.page.inner_text("#counts")
        self.open_library(tab)
        new = {"title": "Tin barometers", "abstract": "Tin barometers rust within a week."}
        path = write_records(tmp_path / "tin.jsonl", [new, *records()])
        tab.page.set_input_files("#files input[type=file]", path)
        tab.page.wait_for_selector("#adding .notice")
        assert "1 paper added" in tab.page.inner_text("#adding .notice")
        assert "2 already there" in tab.page.inner_text("#adding .notice")
        tab.page.wait_for_selector("#counts:has-text('3 papers')")
        assert "Tin barometers" in tab.page.inner_text("#papers")

    def test_a_file_that_is_nothing_of_the_kind_gets_a_sentence(
        self, visit: Visiting, tmp_path: Path
    ) -> None:
        tab = visit()
        self.open_library(tab)
        path = tmp_path / "noise.bin"
        path.write_bytes(bytes(range(256)) * 40)
        tab.page.set_input_files("#files input[type=file]", path)
        tab.page.wait_for_selector("#adding .problem")
        assert "noise.bin" in tab.page.inner_text("#adding .problem")
        assert "2 papers" in tab.page.inner_text("#counts")

    def test_the_sample_is_offered_for_removal_and_leaves(
        self, desk: ScriptedDesk, visit: Visiting, tmp_path: Path
    ) -> None:
        desk.bring_sample()
        tab = visit()
        self.open_library(tab)
        path = write_records(
            tmp_path / "tin.jsonl",
            [{"title": "Tin barometers", "abstract": "Tin barometers rust within a week."}],
        )
        tab.page.set_input_files("#files input[type=file]", path)
        tab.page.wait_for_selector("#adding .notice:has-text('sample papers')")
        tab.page.click("#remove-sample")
        tab.page.wait_for_selector("#counts:has-text('3 papers')")
        assert not tab.page.locator("#remove-sample").is_visible()

    def test_a_paper_is_found_by_its_title(self, visit: Visiting) -> None:
        tab = visit()
        self.open_library(tab)
        tab.page.fill("#match :is(input, textarea)", "brass")
        tab.page.wait_for_function("document.querySelectorAll('#papers .papers > li').length === 1")
        assert "Brass" in tab.page.inner_text("#papers")

    def test_an_empty_library_says_how_to_add_papers(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.remove([paper.id for paper in desk.library.papers()])
        tab = visit()
        assert "footnote add" in tab.page.inner_text("#live .welcome")
        tab.page.click("#live .goto-library")
        tab.page.wait_for_selector("#files", state="visible")


class TestTalks:
    """What happens behind the page when tabs are closed, left, or fail."""

    @pytest.fixture
    def talks(self, desk: ScriptedDesk) -> Iterator[Talks]:
        talks = Talks(desk)
        yield talks
        talks.close()

    def is_answered(self, talks: Talks, tab: str) -> bool:
        *_, (view, _) = talks.ask(tab, "How long do brass ones keep?", Chat())
        return view.answer is not None

    def test_an_answer_that_cannot_be_kept_blocks_nobody(
        self, desk: ScriptedDesk, talks: Talks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        with monkeypatch.context() as patch:
            kept = threading.Event()

            def fail(*_: object) -> None:
                kept.set()
                raise OSError("no space left")

            patch.setattr(desk, "_keep", fail)
            asked = talks.ask("first", "How far do glass barometers drift?", Chat())
            next(view for view, _ in asked if view.evidence)
            asked.close()
            assert kept.wait(20)
        desk.script = Script(three_sentences)
        assert self.is_answered(talks, "second")

    @pytest.mark.parametrize("kind", ["ask", "add"])
    def test_closing_a_tab_waits_for_nothing(
        self, desk: ScriptedDesk, talks: Talks, monkeypatch: pytest.MonkeyPatch, kind: str
    ) -> None:
        """The page of all tabs stands still while a generator is being closed."""
        go_on = threading.Event()

        def add(paths: object, progress: Callable[[Progress], None], stopped: object) -> str:
            progress(Progress("reading", 1, 2))
            go_on.wait()
            return "added"

        def sentences(evidence: Evidence) -> tuple[AnswerSentence, ...]:
            go_on.wait()
            return three_sentences(evidence)

        desk.script = Script(sentences)
        monkeypatch.setattr(desk, "add", add)
        steps = talks.ask("tab", "How far?", Chat()) if kind == "ask" else talks.add("tab", [])
        next(steps)
        closing = threading.Thread(target=steps.close, daemon=True)
        closing.start()
        closing.join(20)
        was_closed = not closing.is_alive()
        go_on.set()
        assert was_closed

    def test_a_tab_asks_one_question_at_a_time_but_may_leave_it_for_another(
        self, desk: ScriptedDesk, talks: Talks
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        first = talks.ask("tab", "How far do glass barometers drift?", Chat())
        next(view for view, _ in first if view.evidence)
        assert list(talks.ask("tab", "How far do glass barometers drift?", Chat())) == []
        desk.script.free = True
        talks.leave("tab")
        assert self.is_answered(talks, "tab")
        assert list(first) == []

    def test_closing_ends_what_runs_before_the_library_is_closed(
        self, desk: ScriptedDesk, talks: Talks
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        asked = talks.ask("tab", "How far do glass barometers drift?", Chat())
        next(view for view, _ in asked if view.evidence)
        talks.close()
        (conversation,) = desk.library.conversations()
        (answer,) = desk.answers(conversation.id)
        assert answer.stopped
        assert list(talks.ask("other", "How long do brass ones keep?", Chat())) == []


class TestEndToEnd:
    @pytest.fixture
    def real(self, tmp_path: Path, browser: object) -> Iterator[Visit]:
        """The sample library, searched and answered with the packaged models."""
        with open_desk(tmp_path / "library") as desk:
            desk.bring_sample()
            with open_page(desk, port=0) as address:
                visit = Visit(browser, address)
                yield visit
                visit.context.close()

    def test_the_sample_library_answers_with_citations(self, real: Visit) -> None:
        example = real.page.inner_text("#live .example >> nth=0")
        real.page.click("#live .example >> nth=0")
        real.page.wait_for_selector("#evidence .card", timeout=120_000)
        real.wait_for_answer()
        assert real.page.inner_text("#live .asked") == example
        sentences = real.page.locator("#live .sentence")
        assert sentences.count() >= 1
        for sentence in sentences.all():
            assert sentence.locator(".cite").count() >= 1
        real.page.click("#live .cite >> nth=0")
        mark = real.page.locator("#evidence mark.target")
        mark.wait_for(state="visible")
        real.page.wait_for_function(IN_VIEW, arg=mark.element_handle())
        assert real.foreign == []
        assert real.errors == []
