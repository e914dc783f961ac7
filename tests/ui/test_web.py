"""The page in a real browser: what a person does, and what must never happen to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
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
from rag.types import AnswerSentence, Evidence, Reason
from rag.wiring import open_desk
from ui.talk import Asks, Chat, Talks
from ui.web import open_page

Visiting = Callable[..., Visit]

IN_VIEW = """element => {
  const box = element.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= window.innerHeight && box.height > 0;
}"""


class TestAsking:
    def test_quotations_stand_at_once_and_the_model_takes_their_places(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        """The extract comes with the evidence; each sentence then appears when it is ready."""
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.page.wait_for_selector("#evidence .card")
        tab.page.wait_for_selector("#live .sentence[data-origin=quotation] >> nth=1")
        assert "Quoted from 2 sources" in tab.page.inner_text("#live .status")
        quoted = tab.page.inner_text("#live .sentence >> nth=1")
        desk.script.go_on()
        tab.page.wait_for_selector("#live .sentence[data-origin=model]:has-text('At sea they')")
        assert "Writing" in tab.page.inner_text("#live .status")
        assert tab.page.locator("#live .sentence").count() == 2
        assert tab.page.inner_text("#live .sentence >> nth=1") == quoted
        desk.script.go_on(2)
        tab.wait_for_answer()
        assert tab.page.locator("#live .sentence").count() == 3
        assert tab.page.locator("#live .status").count() == 0
        assert "scripted · 321 tokens read, 21 written" in tab.page.inner_text("#live footer")
        assert "From abstracts" in tab.page.inner_text("#live footer")
        assert tab.errors == []

    def test_a_replaced_quotation_can_still_be_seen(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        """The number behind the model's sentence names it, and opens it in its abstract."""
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        drift = "Glass barometers drift by three millibars in a month at sea."
        cite = tab.page.locator("#live .sentence[data-origin=model] .cite").first
        assert drift in (cite.get_attribute("title") or "")
        cite.click()
        assert tab.page.inner_text("#evidence mark.target").endswith(drift)

    @pytest.mark.parametrize("motion", ["no-preference", "reduce"])
    def test_a_sentence_that_replaces_a_quotation_lights_up_alone(
        self, desk: ScriptedDesk, visit: Visiting, motion: str
    ) -> None:
        """Nothing moves for those who asked for calm, nor when the answer is opened again."""
        desk.script = Script(three_sentences, free=False)
        tab = visit(reduced_motion=motion)
        tab.ask("How far do glass barometers drift?")
        tab.page.wait_for_selector("#live .sentence >> nth=1")
        desk.script.go_on()
        tab.page.wait_for_selector("#live .sentence[data-origin=model]")
        names = "all => all.map(one => getComputedStyle(one).animationName)"
        calm = motion == "reduce"
        seen = tab.page.locator("#live .sentence").evaluate_all(names)
        assert seen == (["none", "none"] if calm else ["settle", "appear"])
        desk.script.go_on(2)
        tab.wait_for_answer()
        tab.page.wait_for_function("sessionStorage.getItem('footnote.conversation')")
        tab.page.reload()
        tab.page.wait_for_selector("#live .sentence")
        assert set(tab.page.locator("#live .sentence").evaluate_all(names)) == {"none"}

    def test_a_topic_is_summarised_theme_by_theme(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        def themes(evidence: Evidence) -> tuple[AnswerSentence, ...]:
            first, second, _ = three_sentences(evidence)
            return replace(first, theme="At sea"), replace(second, theme="In the mountains")

        desk.script = Script(themes, free=False)
        tab = visit()
        tab.page.fill("#question textarea", "barometers")
        tab.page.click("#summarise")
        tab.page.wait_for_selector("#live .status:has-text('Writing part 1 of 2: At sea')")
        assert tab.page.inner_text("#live .asked") == "barometers"
        assert "Summary of the papers on: barometers" in tab.page.inner_text("#live .understood")
        assert not tab.page.locator("#summarise").is_visible()
        desk.script.go_on()
        tab.page.wait_for_selector("#live .status:has-text('Writing part 2 of 2')")
        desk.script.go_on()
        tab.wait_for_answer()
        headings = tab.page.locator("#live .answer h3").all_inner_texts()
        assert headings == ["At sea", "In the mountains", "References"]
        tab.page.click("#live .references .cite >> nth=1")
        tab.page.wait_for_selector("#evidence .card:focus mark.target")

    def test_the_searched_question_can_be_changed_and_asked_again(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        """With the keyboard alone, and also in a conversation that was stored."""
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.ask("and how does it compare to the second one?")
        tab.page.wait_for_selector("#live .edit")
        tab.wait_for_answer()
        tab.page.wait_for_function("sessionStorage.getItem('footnote.conversation')")
        tab.page.reload()
        tab.page.focus("#live .edit")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#question textarea:focus")
        searched = tab.page.input_value("#question textarea")
        assert "glass barometers drift" in searched
        selected = "box => box.value.slice(box.selectionStart, box.selectionEnd)"
        assert tab.page.locator("#question textarea").evaluate(selected) == searched
        tab.page.keyboard.type("How long do brass barometers keep?")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#live .asked:has-text('How long do brass')")
        tab.wait_for_answer()
        assert tab.page.locator("#live .edit").count() == 0

    def test_an_edited_question_needs_no_turns_and_a_topic_stays_one(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        """What was understood stands alone; what is typed in its place does not."""
        tab = visit()
        box = "#question textarea"
        tab.page.fill(box, "its use")
        tab.page.click("#summarise")
        tab.wait_for_answer()
        tab.page.click("#live .edit")
        tab.page.press(box, "End")
        tab.page.keyboard.type(" at sea")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#live .understood:has-text('papers on: its use at sea')")
        tab.wait_for_answer()
        tab.ask("Is it slow?")
        tab.page.wait_for_selector("#live .understood:has-text('Searched for')")
        tab.wait_for_answer()
        assert len(desk.turns) == 2
        tab.page.click("#live .edit")
        tab.page.press(box, "End")
        tab.page.keyboard.type(" Or quick?")
        searched = tab.page.input_value(box)
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#live .asked:has-text('Or quick')")
        tab.wait_for_answer()
        assert desk.turns == ()
        assert tab.page.inner_text("#live .asked") == searched
        tab.ask("Is it slow?")
        tab.page.wait_for_selector("#live .understood:has-text('Searched for')")
        tab.wait_for_answer()
        tab.page.click("#live .edit")
        tab.page.keyboard.type("why?")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#live .asked:has-text('why?')")
        tab.wait_for_answer()
        assert len(desk.turns) == 5

    def test_the_newest_question_comes_to_the_top_of_the_view(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        """Once, when it is asked; where the reader scrolls afterwards is left alone."""
        tab = visit(viewport={"width": 1280, "height": 600}, reduced_motion="reduce")
        for number in range(3):
            tab.ask(f"How far do glass barometers drift in year {number}?")
            tab.page.wait_for_selector(f"#live .asked:has-text('year {number}')")
            tab.wait_for_answer()
        desk.script = Script(three_sentences, free=False)
        tab.ask("How long do brass ones keep?")
        tab.page.wait_for_selector("#live .asked:has-text('How long do brass')")
        tab.page.wait_for_function(
            "Math.abs(document.querySelector('#live .asked').getBoundingClientRect().top) < 40"
        )
        tab.page.wait_for_selector("#live .sentence >> nth=1")
        for beside in ("#evidence .group:not([hidden]) h3 >> nth=0", "#question textarea"):
            seen = tab.page.locator(beside)
            tab.page.wait_for_function(IN_VIEW, arg=seen.element_handle())
        tab.page.evaluate("window.scrollTo(0, 0)")
        desk.script.go_on(3)
        tab.wait_for_answer()
        assert tab.page.evaluate("window.scrollY") == 0

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
        tab.page.wait_for_selector("#live .sentence[data-origin=model]")
        tab.page.click("#stop")
        tab.wait_for_answer()
        assert "Stopped before the end." in tab.page.inner_text("#live footer")
        assert tab.page.locator("#live .sentence[data-origin=model]").count() == 1
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
        assert "compare to Brass barometers" in tab.page.inner_text("#live .searched")

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
        desk.script = Script(three_sentences, refuses=Reason.NOTHING_NEAR)
        tab = visit()
        tab.ask("What is the capital of Peru?")
        tab.wait_for_answer()
        said = tab.page.inner_text("#live .refusal")
        assert "Your papers do not answer this." in said
        assert "Searched 2 papers for “What is the capital of Peru?”" in said
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
        today = datetime.now()
        option = f"[role=option]:has-text('{today.day} {today:%b} · How far do glass')"
        tab.page.click(option)
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
        said = tab.page.inner_text("#adding .problem")
        assert said.count("noise.bin") == 1
        assert "/" not in said  # where the file lies meanwhile helps nobody
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

    def test_a_summary_is_kept_in_its_conversation(self, desk: ScriptedDesk, talks: Talks) -> None:
        """Whatever its topic sounds like, and also where it begins the conversation."""
        *_, (_, chat) = talks.ask("a", "its use", Chat(), Asks.SUMMARY)
        *_, (_, chat) = talks.ask("a", "Is it slow?", chat)
        assert [a.question.is_summary for a in chat.answers] == [True, False]
        assert [t.standalone for t in desk.turns] == ["its use"]
        assert talks.open(str(chat.conversation)) == chat

    def test_an_answer_that_cannot_be_read_hides_no_other(
        self, desk: ScriptedDesk, talks: Talks
    ) -> None:
        """Another version may have kept it, with words that this one does not know."""
        *_, (_, chat) = talks.ask("a", "How long do brass ones keep?", Chat())
        desk.library.save_answer("odd", "{}", conversation=chat.conversation, title="An odd one")
        assert talks.open(str(chat.conversation)) == chat

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

    def test_a_question_right_after_an_answer_is_not_lost(
        self, desk: ScriptedDesk, talks: Talks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once the reader sees the end of an answer they may ask on, whatever is being cleared."""
        go_on = threading.Event()
        script = desk._script

        def ends_slowly(*parts: object) -> Iterator[object]:
            yield from script(*parts)  # type: ignore[arg-type]
            go_on.wait()

        monkeypatch.setattr(desk, "_script", ends_slowly)
        first = talks.ask("tab", "How far do glass barometers drift?", Chat())
        next(view for view, _ in first if view.answer)
        second = talks.ask("tab", "How long do brass ones keep?", Chat())
        view, _ = next(second)
        assert view.asked == "How long do brass ones keep?"
        go_on.set()
        *_, (view, _) = second
        assert view.answer is not None

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
