"""Conversations on the page, in a real browser: found, opened, named, and never lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scripted import (
    Script,
    ScriptedDesk,
    Visit,
    three_sentences,
)

Visiting = Callable[..., Visit]


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
        assert tab.page.inner_text("#conversations h2") == "Today"
        tab.page.click("#conversations .opens:has-text('How far do glass')")
        tab.page.wait_for_selector("#live .sentence >> nth=2")
        tab.page.wait_for_selector("#conversations .opens[aria-current]")

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

    def test_a_reload_while_the_model_writes_keeps_what_was_shown(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        desk.script.go_on()
        tab.page.wait_for_selector("#live .sentence[data-origin=model]")
        tab.page.wait_for_function("sessionStorage.getItem('footnote.conversation')")
        tab.page.reload()
        tab.page.wait_for_selector("#live .sentence[data-origin=model]")
        assert "Stopped before the end" in tab.page.inner_text("#live footer")
        assert tab.page.inner_text("#conversations .opens").startswith("How far do glass")

    def test_conversations_are_found_named_and_deleted(self, visit: Visiting) -> None:
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        tab.page.click("#new")
        tab.page.wait_for_selector("#live .welcome")
        tab.ask("How long do brass ones keep?")
        tab.wait_for_answer()
        tab.page.wait_for_selector("#conversations li >> nth=1")
        tab.page.fill("#find input", "how long")
        tab.page.wait_for_selector("#conversations li >> nth=1", state="detached")
        assert "How long do brass" in tab.page.inner_text("#conversations")
        tab.page.fill("#find input", "nothing of the kind")
        tab.page.wait_for_selector("#conversations:has-text('No conversation holds')")
        tab.page.fill("#find input", "")
        tab.page.wait_for_selector("#conversations li >> nth=1")
        tab.page.click("#conversations li:has-text('How far') .menu > summary")
        tab.page.fill("#conversations .menu[open] input", "  Drift <b>at</b> sea ")
        tab.page.press("#conversations .menu[open] input", "Enter")
        tab.page.wait_for_selector("#conversations .opens:has-text('Drift <b>at</b> sea')")
        tab.page.click("#conversations li:has-text('How long') .menu > summary")
        tab.page.click("#conversations .menu[open] .sure > summary")
        tab.page.click("#conversations .menu[open] [data-do=delete]")
        tab.page.wait_for_selector("#live .welcome")  # it was the one that was open
        assert tab.page.locator("#conversations li").count() == 1
        tab.page.reload()
        tab.page.wait_for_selector("#conversations .opens:has-text('Drift <b>at</b> sea')")

    def test_on_a_narrow_screen_they_are_a_drawer(self, visit: Visiting) -> None:
        tab = visit(viewport={"width": 400, "height": 800})
        tab.ask("How far do glass barometers drift?")
        tab.wait_for_answer()
        assert not tab.page.locator("#sidebar").is_visible()
        tab.page.click("#drawer button")
        tab.page.wait_for_selector("#find input:focus")
        tab.page.keyboard.press("Escape")
        tab.page.wait_for_selector("#sidebar", state="hidden")
        tab.page.wait_for_selector("#drawer button:focus")
        tab.page.click("#drawer button")
        tab.page.click("#new")
        tab.page.wait_for_selector("#sidebar", state="hidden")
        tab.page.wait_for_selector("#live .welcome")

    def test_one_that_is_deleted_while_it_is_answered_does_not_come_back(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        tab = visit()
        tab.ask("How far do glass barometers drift?")
        tab.page.wait_for_selector("#live .sentence >> nth=1")
        tab.page.reload()  # the draft was kept, so that it can be seen in the list
        tab.page.wait_for_selector("#conversations li")
        tab.ask("And brass ones?")
        tab.page.wait_for_selector("#live .pace, #live .status")
        tab.page.click("#conversations .menu > summary")
        tab.page.click("#conversations .menu[open] .sure > summary")
        tab.page.click("#conversations .menu[open] [data-do=delete]")
        tab.page.wait_for_selector("#live .welcome")
        tab.page.wait_for_timeout(500)
        assert desk.library.conversations.latest() == []

    def test_what_another_tab_is_writing_is_not_shown_as_stopped(
        self, desk: ScriptedDesk, visit: Visiting
    ) -> None:
        first = visit()
        first.ask("How far do glass barometers drift?")
        first.wait_for_answer()
        desk.script = Script(three_sentences, free=False)
        first.ask("And brass ones?")
        first.page.wait_for_selector("#live .asked:has-text('And brass')")
        first.page.wait_for_selector("#live .sentence >> nth=1")
        second = visit()
        second.page.click("#conversations .opens")
        second.page.wait_for_selector("#live .asked:has-text('How far do glass')")
        assert "Stopped before the end" not in second.page.inner_text("#conversation")
        desk.script.go_on(3)
        first.wait_for_answer()

    @pytest.mark.parametrize("width", [1440, 400])
    def test_a_long_list_scrolls_in_its_place(
        self, desk: ScriptedDesk, visit: Visiting, width: int
    ) -> None:
        for number in range(60):
            desk.library.conversations.keep(
                f"a{number}", "{}", conversation=f"c{number}", title=f"Question {number}"
            )
        tab = visit(viewport={"width": width, "height": 800})
        if width == 400:
            tab.page.click("#drawer button")
        tab.page.wait_for_selector("#conversations li >> nth=59")
        seen = tab.page.locator("#conversations").bounding_box()
        assert seen is not None
        assert 300 < seen["height"] < 800
        assert seen["y"] + seen["height"] <= 800
        last = tab.page.locator("#conversations li >> nth=59")
        last.scroll_into_view_if_needed()
        last.locator(".menu > summary").click()
        tab.page.wait_for_selector("#conversations .menu[open] input", state="visible")
