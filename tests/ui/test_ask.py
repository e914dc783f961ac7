"""Asking on the page, in a real browser: what a person does, and what must never happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from scripted import (
    LONG,
    Script,
    ScriptedDesk,
    Visit,
    three_sentences,
)

from models.errors import ModelError
from rag.types import AnswerSentence, Evidence, Reason, Scope
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
        cite.hover()
        tab.page.wait_for_selector("#peek", state="visible")
        assert drift in tab.page.inner_text("#peek")
        assert "Glass barometers at sea" in tab.page.inner_text("#peek")
        tab.page.hover("#promise")
        tab.page.wait_for_selector("#peek", state="hidden")
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
        tab.page.click("#mode label:has-text('Summarise')")
        tab.page.fill("#question textarea", "barometers")
        assert not tab.page.locator("#ask").is_visible()
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
        tab.page.click("#mode label:has-text('Summarise')")
        tab.page.fill(box, "its use")
        tab.page.press(box, "Enter")
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
        while not desk.library.conversations.latest():
            assert time.monotonic() < deadline, "the answer went on for nobody"
            time.sleep(0.1)
        (conversation,) = desk.library.conversations.latest()
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


class TestWhileItIsWritten:
    def test_speed_and_time_left_are_shown_and_count_down(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        desk.script.go_on()
        tab.page.wait_for_selector("#live .pace:has-text('21 tokens/s · about 10 s left')")
        tab.page.wait_for_selector("#live .pace:has-text('about 8 s left')")
        desk.script.go_on(2)
        tab.wait_for_answer()
        assert tab.page.inner_text("#live .pace") == ""


class TestWithAnAnswer:
    def test_it_is_copied_with_its_references(self, visit: Visiting) -> None:
        tab = visit(permissions=["clipboard-read", "clipboard-write"])
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#live .tool:has-text('Copy with references')")
        tab.page.wait_for_selector("#live .tool:has-text('Copied')")
        copied = tab.page.evaluate("navigator.clipboard.readText()")
        assert "At sea they drift by three millibars [" in copied
        assert "## References" in copied
        tab.page.wait_for_selector("#live .tool:has-text('Copy with references')")

    def test_it_is_taken_along_in_many_formats(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#live .tool:has-text('Cited papers')")
        for label, name, holds in (
            ("Markdown", ".md", "Glass barometers at sea"),
            ("BibTeX", ".bib", "title = {"),
            ("APA references", ".apa.txt", "Quill, "),
            ("keys for Pandoc", ".md", "[@"),
        ):
            with tab.page.expect_download() as download:
                tab.page.click(f"#live .tools a:has-text('{label}')")
            assert download.value.suggested_filename.endswith(name)
            assert holds in download.value.path().read_text(encoding="utf-8")

    def test_it_can_be_asked_again_as_if_it_had_not_been(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.ask("And brass ones?")
        tab.page.wait_for_selector("#live .asked:has-text('And brass')")
        tab.wait_for_answer()
        tab.page.click("#live .tool:has-text('Ask again')")
        tab.page.wait_for_selector("#thread .exchange >> nth=1")
        tab.wait_for_answer()
        assert [turn.question for turn in desk.turns] == ["How far do glass barometers drift?"]
        assert tab.page.inner_text("#live .asked") == "And brass ones?"

    def test_it_can_be_edited_and_asked_with_the_turns_before_it(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#live .tool:has-text('Edit and ask')")
        tab.page.press("#question textarea", "End")
        tab.page.keyboard.type(" In a month?")
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#live .asked:has-text('In a month?')")
        tab.wait_for_answer()
        assert desk.turns == ()

    def test_every_sentence_says_its_verdict_in_words(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        ticks = tab.page.locator("#live .borne-out").all()
        said = [tick.get_attribute("aria-label") for tick in ticks]
        assert said == ["Checked: its source bears it out.", "Word for word in its source."]
        ticks[0].hover()
        assert "bears it out" in tab.page.inner_text("#peek")
        tab.page.hover("#live .verdict")
        assert "400 is not in the source" in tab.page.inner_text("#peek")

    def test_arrows_lead_through_the_citations(self, visit: Visiting) -> None:
        """From nowhere to the first, on to the next, and back; the evidence follows."""
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.evaluate("document.activeElement.blur()")
        titles = []
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
            tab.page.keyboard.press(key)
            tab.page.wait_for_selector("#live .cite:focus[aria-current]")
            titles.append(tab.page.inner_text("#evidence .card:has(mark.target) h3"))
        assert titles[0] == titles[2] != titles[1]


class TestWithAPaper:
    def test_its_reference_is_there_to_copy(self, visit: Visiting) -> None:
        tab = visit(permissions=["clipboard-read", "clipboard-write"])
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#evidence .card:has-text('Glass') .cite-as summary")
        tab.page.click("#evidence .cite-as[open] .tool:has-text('BibTeX')")
        tab.page.wait_for_selector("#evidence .tool:has-text('Copied')")
        copied = tab.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("@")
        assert "Quill" in copied
        tab.page.click("#evidence .cite-as[open] .tool:has-text('Vancouver')")
        tab.page.wait_for_function(
            "navigator.clipboard.readText().then(text => text.startsWith('Quill A'))"
        )

    def test_it_alone_can_be_asked_and_the_filter_taken_off(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#evidence .card:has-text('Brass') .tool:has-text('Ask only this')")
        tab.page.wait_for_selector("#scope .chip:has-text('only “Brass barometers')")
        tab.ask("How long do they keep?")
        tab.page.wait_for_selector("#live .asked:has-text('How long')")
        tab.wait_for_answer()
        brass = next(p for p in desk.library.papers() if p.title.startswith("Brass"))
        (conversation,) = desk.library.conversations.latest()
        assert desk.answers(conversation.id)[-1].question.scope == Scope(papers=(brass.id,))
        assert "Brass barometers" in tab.page.inner_text("#live .understood")
        tab.page.reload()  # it is part of the record
        tab.page.wait_for_selector("#scope .chip")
        tab.page.click("#scope .chip button")
        tab.page.wait_for_selector("#scope .chip", state="detached")

    def test_papers_like_it_are_shown_beside_the_answer(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#evidence .card:has-text('Glass') .tool:has-text('More like')")
        tab.page.wait_for_selector("#evidence h2:has-text('More like “Glass')")
        visible = tab.page.locator("#evidence .group:not([hidden]) .card h3")
        assert visible.all_inner_texts() == ["Brass barometers in the mountains"]
        tab.page.click("#live .cite >> nth=0")
        tab.page.wait_for_selector("#evidence .card:focus mark.target")
        tab.page.click("#evidence .card:has-text('Glass') .tool:has-text('More like')")
        tab.page.wait_for_selector("#evidence h2:has-text('More like “Glass')")
        tab.page.click("#evidence .tool:has-text('Back to the evidence')")
        tab.page.wait_for_selector("#evidence .group:not([hidden]) h2:has-text('Evidence')")


class TestFilters:
    def test_years_files_authors_and_what_was_read_become_chips_and_part_of_the_record(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        tab = visit()
        tab.page.click("#scope .menu > summary")
        tab.page.fill("#scope input[name=from_year]", "2020")
        tab.page.check("#scope input[name=sources]")
        tab.page.fill("#scope input[name=authors]", "Lind; Ash")
        tab.page.select_option("#scope select[name=is_read]", "no")
        tab.page.click("#scope button:has-text('Apply')")
        tab.page.wait_for_selector("#scope .chip:has-text('from 2020 on')")
        tab.page.wait_for_selector("#scope .chip:has-text('added from “barometers.jsonl”')")
        tab.ask("How long do brass ones keep?")
        tab.wait_for_answer()
        (conversation,) = desk.library.conversations.latest()
        (answer,) = desk.answers(conversation.id)
        kept = Scope(
            from_year=2020, sources=("barometers.jsonl",), authors=("Lind", "Ash"), is_read=False
        )
        assert answer.question.scope == kept
        assert "by “Lind” or “Ash” that you have not read" in tab.page.inner_text("#live .searched")
        tab.page.click("#scope .chip:has-text('by “Ash”') button")
        tab.page.click("#scope .chip:has-text('not read') button")
        tab.page.wait_for_selector("#scope .chip:has-text('not read')", state="detached")
        tab.page.click("#scope .chip:has-text('2020') button")
        tab.page.wait_for_selector("#scope .chip:has-text('2020')", state="detached")
        assert tab.page.locator("#scope .chip").count() == 2

    def test_a_refusal_offers_to_drop_them(self, desk: ScriptedDesk, visit: Visiting) -> None:
        desk.script = Script(three_sentences, refuses=Reason.NOTHING_NEAR)
        tab = visit()
        tab.page.click("#scope .menu > summary")
        tab.page.fill("#scope input[name=to_year]", "2020")
        tab.page.press("#scope input[name=to_year]", "Enter")
        tab.page.wait_for_selector("#scope .chip:has-text('up to 2020')")
        tab.ask("How long do brass ones keep?")
        tab.page.click("#live .ways .button:has-text('Ask all papers')")
        tab.page.wait_for_selector("#thread .exchange")
        tab.wait_for_answer()
        assert tab.page.locator("#scope .chip").count() == 0
        (conversation,) = desk.library.conversations.latest()
        scopes = [answer.question.scope for answer in desk.answers(conversation.id)]
        assert scopes == [Scope(to_year=2020), Scope()]


class TestKeys:
    def test_escape_stops_only_where_the_answer_is_in_sight(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.page.wait_for_selector("#live .sentence >> nth=1")
        tab.page.press("#find input", "Escape")
        tab.page.get_by_role("tab", name="Library").click()
        tab.page.keyboard.press("Escape")
        tab.page.get_by_role("tab", name="Ask", exact=True).click()
        desk.script.go_on()
        tab.page.wait_for_selector("#live .sentence[data-origin=model]")
        tab.page.keyboard.press("Escape")
        tab.wait_for_answer()
        assert "Stopped before the end" in tab.page.inner_text("#live footer")

    def test_a_topic_sent_too_early_or_in_vain_stays_a_topic(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.page.wait_for_selector("#live .sentence >> nth=1")
        tab.page.click("#mode label:has-text('Summarise')")
        tab.ask("barometers")
        tab.page.wait_for_timeout(700)  # it has come, and was not taken
        desk.script.go_on(3)
        tab.wait_for_answer()
        assert tab.page.input_value("#question textarea") == "barometers"
        desk.script = Script(three_sentences, fails=ModelError("scripted", "Nothing works."))
        tab.page.press("#question textarea", "Enter")
        tab.page.wait_for_selector("#live .problem:has-text('Nothing works')")
        desk.script = Script(three_sentences)
        tab.page.wait_for_selector("#mode input[value=summary]:checked")
        tab.page.press("#question textarea", "Enter")
        tab.page.wait_for_selector("#live .understood:has-text('Summary of the papers')")
        tab.wait_for_answer()


class TestWhenFootnoteEnds:
    def test_the_page_says_so_and_goes_on_with_the_next_start(
        self, desk: ScriptedDesk, browser: object
    ) -> None:
        with open_page(desk, port=0) as address:
            tab = Visit(browser, address)
            tab.ask("How far do glass barometers drift?")
            tab.wait_for_answer()
        tab.page.wait_for_selector("#ended:has-text('Start it again')")
        with open_page(desk, port=int(address.rstrip("/").rsplit(":", 1)[1])):
            tab.page.wait_for_selector("#ended", state="detached")
            tab.page.wait_for_selector("#live .asked:has-text('How far do glass')")
            tab.context.close()
