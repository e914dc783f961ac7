"""Questions and files step by step, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from scripted import (
    Script,
    ScriptedDesk,
    Visit,
    three_sentences,
)

from rag.types import AnswerSentence, Evidence
from ui.talk import Asked, Asks, Chat, Talks

Visiting = Callable[..., Visit]


class TestTalks:
    """What happens behind the page when tabs are closed, left, or fail."""

    @pytest.fixture
    def talks(self, desk: ScriptedDesk) -> Iterator[Talks]:
        talks = Talks(desk)
        yield talks
        talks.close()

    def is_answered(self, talks: Talks, tab: str) -> bool:
        *_, (view, _) = talks.ask(tab, Asked("How long do brass ones keep?"), Chat())
        return view.answer is not None

    def test_a_summary_is_kept_in_its_conversation(self, desk: ScriptedDesk, talks: Talks) -> None:
        """Whatever its topic sounds like, and also where it begins the conversation."""
        *_, (_, chat) = talks.ask("a", Asked("its use", Asks.SUMMARY), Chat())
        *_, (_, chat) = talks.ask("a", Asked("Is it slow?"), chat)
        assert [a.question.is_summary for a in chat.answers] == [True, False]
        assert [t.standalone for t in desk.turns] == ["its use"]
        assert talks.open(str(chat.conversation)) == chat

    def test_an_answer_that_cannot_be_read_hides_no_other(
        self, desk: ScriptedDesk, talks: Talks
    ) -> None:
        """Another version may have kept it, with words that this one does not know."""
        *_, (_, chat) = talks.ask("a", Asked("How long do brass ones keep?"), Chat())
        desk.library.conversations.keep(
            "odd", "{}", conversation=chat.conversation, title="An odd one"
        )
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
            asked = talks.ask("first", Asked("How far do glass barometers drift?"), Chat())
            next(view for view, _ in asked if view.evidence)
            asked.close()
            assert kept.wait(20)
        desk.script = Script(three_sentences)
        assert self.is_answered(talks, "second")

    def test_closing_a_tab_waits_for_nothing(self, desk: ScriptedDesk, talks: Talks) -> None:
        """The page of all tabs stands still while a generator is being closed."""
        go_on = threading.Event()

        def sentences(evidence: Evidence) -> tuple[AnswerSentence, ...]:
            go_on.wait()
            return three_sentences(evidence)

        desk.script = Script(sentences)
        steps = talks.ask("tab", Asked("How far?"), Chat())
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
        first = talks.ask("tab", Asked("How far do glass barometers drift?"), Chat())
        next(view for view, _ in first if view.evidence)
        assert list(talks.ask("tab", Asked("How far do glass barometers drift?"), Chat())) == []
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
        first = talks.ask("tab", Asked("How far do glass barometers drift?"), Chat())
        next(view for view, _ in first if view.answer)
        second = talks.ask("tab", Asked("How long do brass ones keep?"), Chat())
        view, _ = next(second)
        assert view.asked == "How long do brass ones keep?"
        go_on.set()
        *_, (view, _) = second
        assert view.answer is not None

    def test_closing_ends_what_runs_before_the_library_is_closed(
        self, desk: ScriptedDesk, talks: Talks
    ) -> None:
        desk.script = Script(three_sentences, free=False)
        asked = talks.ask("tab", Asked("How far do glass barometers drift?"), Chat())
        next(view for view, _ in asked if view.evidence)
        talks.close()
        (conversation,) = desk.library.conversations.latest()
        (answer,) = desk.answers(conversation.id)
        assert answer.stopped
        assert list(talks.ask("other", Asked("How long do brass ones keep?"), Chat())) == []
