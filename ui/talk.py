"""Questions asked on the page, step by step; knows nothing of Gradio."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import takewhile
from typing import TypeVar

from models.errors import ModelError
from rag.assistant import Reply
from rag.errors import RagError
from rag.types import EVERYTHING, Answer, Finished, Scope, Turn, Writing
from rag.wiring import Desk
from ui.render.view import View

_WAIT_SECONDS = 0.2  # between looks at whether it is this question's turn
UNEXPECTED = "Something unexpected went wrong; the terminal that runs Footnote says what."

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation as one browser tab knows it."""

    conversation: str | None = None  # None until something is asked
    answers: tuple[Answer, ...] = ()

    def turns(self, before: str = "") -> tuple[Turn, ...]:
        """The turns that a question follows: all, or those before the answer of this id."""
        earlier = takewhile(lambda answer: answer.id != before, self.answers)
        return tuple(Turn.of(answer) for answer in earlier)

    @property
    def views(self) -> tuple[View, ...]:
        return tuple(View.of(answer.id, answer) for answer in self.answers)


class Asks(StrEnum):
    """What a text in the question's box is."""

    QUESTION = "question"  # understood with the turns before it
    ALONE = "alone"  # a question as it was searched, perhaps changed: it needs no turns
    SUMMARY = "summary"  # the topic of a summary


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks for."""

    text: str
    asks: Asks = Asks.QUESTION
    scope: Scope = EVERYTHING
    before: str = ""  # id of an answer, when its question is asked again: as if it were not yet


@dataclass(slots=True, eq=False)
class Run:
    """A question under way; any thread may stop it, also before it began."""

    tab: str
    conversation: str | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    reply: Reply | None = None
    told: bool = False  # its end was put out; a new question need not wait for its thread to end
    left: bool = False  # nobody looks any more: the tab shows something else, or was closed

    def stop(self) -> None:
        self.stopped.set()
        if self.reply is not None:
            self.reply.stop()


class Talks:
    """Answers for many browser tabs, one at a time, each of which can be stopped."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = threading.Lock()
        self._table = threading.Lock()  # guards the runs and `_closed`
        self._runs: dict[Run, threading.Thread] = {}
        self._closed = False

    def stop(self, tab: str) -> None:
        """Stop what a tab is waiting for; nothing happens when it waits for nothing."""
        for run in self._runs_of(tab):
            run.stop()

    def leave(self, tab: str) -> None:
        """Stop the question of a tab that turns to another conversation, or that was closed."""
        for run in self._runs_of(tab):
            run.left = True
            run.stop()

    def close(self, seconds: float = 30.0) -> None:
        """Stop everything and wait, so long at most, until it has ended; nothing begins after."""
        with self._table:
            self._closed = True
            runs = dict(self._runs)
        for run in runs:
            run.stop()
        deadline = time.monotonic() + seconds
        for thread in runs.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def open(self, conversation: str, seconds: float = 3.0) -> Chat:
        """An earlier conversation, with the answer that a reload is about to stop.

        Waits for that to be kept, so long at most. What another tab is still writing is left out.
        """
        answers = self._desk.answers(conversation)
        if self._end_of(conversation, seconds):
            answers = self._desk.answers(conversation)
        elif answers and answers[-1].stopped:
            answers.pop()  # the draft of what is being written
        return Chat(conversation, tuple(answers))

    def forget(self, conversation: str, seconds: float = 5.0) -> None:
        """Delete a conversation, and stop what is being answered in it: it would come back."""
        for run in self._runs_in(conversation):
            run.left = True
            run.stop()
        self._end_of(conversation, seconds)
        self._desk.library.conversations.delete(conversation)

    def _runs_in(self, conversation: str) -> dict[Run, threading.Thread]:
        with self._table:
            return {r: t for r, t in self._runs.items() if r.conversation == conversation}

    def _end_of(self, conversation: str, seconds: float) -> bool:
        """Wait, so long at most, until nothing is being answered in a conversation."""
        deadline = time.monotonic() + seconds
        threads = list(self._runs_in(conversation).values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def ask(self, tab: str, asked: Asked, chat: Chat) -> Iterator[tuple[View, Chat]]:
        """The exchange as it grows; the last one holds the answer, or says what went wrong.

        Ends without a word once the tab has turned to another conversation, and at once when a
        question of this tab is being answered already.
        """
        named = replace(chat, conversation=chat.conversation or uuid.uuid4().hex)

        def work(run: Run, put: Callable[[tuple[View, Chat]], None]) -> None:
            for view, grown in self._exchange(run, asked, named):
                run.told = view.answer is not None or bool(view.problem)
                put((view, grown))

        return self._steps(Run(tab, named.conversation), work)

    def _exchange(self, run: Run, asked: Asked, chat: Chat) -> Iterator[tuple[View, Chat]]:
        view = View(uuid.uuid4().hex, asked.text, status="Understanding the question…")
        yield view, chat
        while not (has_turn := self._turn.acquire(timeout=_WAIT_SECONDS)):
            if run.stopped.is_set():
                break
            yield replace(view, status="Waiting for another answer to finish…"), chat
        try:
            if run.stopped.is_set():  # while it waited: it must not begin, even if its turn came
                yield replace(view, status="", problem="Stopped."), chat
            else:
                yield from self._answer(run, view, chat, asked)
        finally:
            if has_turn:
                self._turn.release()

    def _answer(
        self, run: Run, view: View, chat: Chat, asked: Asked
    ) -> Iterator[tuple[View, Chat]]:
        try:
            reply = self._begin_reply(asked, chat)
            run.reply = reply
            if run.stopped.is_set():
                reply.stop()
            for event in reply:
                after = view.after(event)
                if isinstance(event, Finished):
                    chat = replace(chat, answers=(*chat.answers, event.answer))
                elif isinstance(event, Writing) and after == view:
                    continue
                view = after
                yield view, chat
        except (RagError, ModelError) as error:
            if run.left:
                log.warning("an answer that was left early could not be kept: %s", error)
            yield replace(view, status="", problem=str(error)), chat
        except Exception:
            log.exception("a question could not be answered")
            yield replace(view, status="", problem=UNEXPECTED), chat

    def _begin_reply(self, asked: Asked, chat: Chat) -> Reply:
        if asked.asks is Asks.SUMMARY:
            return self._desk.summarize(
                asked.text, conversation=chat.conversation, scope=asked.scope
            )
        turns = chat.turns(asked.before) if asked.asks is Asks.QUESTION else ()
        return self._desk.ask(asked.text, turns, chat.conversation, asked.scope)

    def _steps(self, run: Run, work: Callable[[Run, Callable[[T], None]], None]) -> Iterator[T]:
        """What the work puts out: of several steps that wait, the newest.

        The work has a thread of its own and always runs to its end. Gradio closes generators on
        its event loop, so closing this one only stops the run and waits for nothing.
        """
        updates: queue.SimpleQueue[T | None] = queue.SimpleQueue()  # None is the end

        def work_to_the_end() -> None:
            try:
                work(run, updates.put)
            finally:
                with self._table:
                    del self._runs[run]
                updates.put(None)

        if not self._begin(run, threading.Thread(target=work_to_the_end, daemon=True)):
            return
        try:
            is_over = False
            while not is_over:
                waiting = [updates.get()]
                while not updates.empty():
                    waiting.append(updates.get())
                is_over = waiting[-1] is None
                steps = [step for step in waiting if step is not None]
                if steps and not run.left:
                    yield steps[-1]
        finally:
            run.left = True
            run.stop()

    def _begin(self, run: Run, thread: threading.Thread) -> bool:
        """Start a run, unless it is a second question of a tab that still looks at its first."""
        with self._table:
            is_asking = any(r.tab == run.tab and not (r.left or r.told) for r in self._runs)
            if self._closed or is_asking:
                return False
            thread.start()
            self._runs[run] = thread
            return True

    def _runs_of(self, tab: str) -> list[Run]:
        with self._table:
            return [run for run in self._runs if run.tab == tab]
