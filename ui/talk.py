"""Questions asked on the page and files dropped on it, step by step; knows nothing of Gradio."""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from models.errors import ModelError
from rag.assistant import Reply
from rag.errors import RagError
from rag.ingest import AddReport, Progress
from rag.types import Answer, Finished, Turn, Writing
from rag.wiring import Desk
from ui.render import View

_WAIT_SECONDS = 0.2  # between looks at whether it is this question's turn
_UNEXPECTED = "Something unexpected went wrong; the terminal that runs Footnote says what."

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation as one browser tab knows it."""

    conversation: str | None = None  # None until its first answer is kept
    answers: tuple[Answer, ...] = ()

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(Turn.of(answer) for answer in self.answers)

    @property
    def views(self) -> tuple[View, ...]:
        return tuple(View.of(answer.id, answer) for answer in self.answers)


class Asks(StrEnum):
    """What a text in the question's box is."""

    QUESTION = "question"  # understood with the turns before it
    ALONE = "alone"  # a question as it was searched, perhaps changed: it needs no turns
    SUMMARY = "summary"  # the topic of a summary


@dataclass(slots=True, eq=False)
class Run:
    """A question or an adding under way; any thread may stop it, also before it began."""

    tab: str
    kind: str  # "ask" or "add"
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

    def stop(self, tab: str, kind: str = "ask") -> None:
        """Stop what a tab is waiting for; nothing happens when it waits for nothing."""
        for run in self._runs_of(tab, kind):
            run.stop()

    def leave(self, tab: str) -> None:
        """Stop the question of a tab that turns to another conversation, or that was closed."""
        for run in self._runs_of(tab, "ask"):
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

    def open(self, conversation: str) -> Chat:
        """An earlier conversation."""
        return Chat(conversation, tuple(self._desk.answers(conversation)))

    def ask(
        self, tab: str, question: str, chat: Chat, asks: Asks = Asks.QUESTION
    ) -> Iterator[tuple[View, Chat]]:
        """The exchange as it grows; the last one holds the answer, or says what went wrong.

        Ends without a word once the tab has turned to another conversation, and at once when a
        question of this tab is being answered already.
        """

        def work(run: Run, put: Callable[[tuple[View, Chat]], None]) -> None:
            for view, grown in self._exchange(run, question, chat, asks):
                run.told = view.answer is not None or bool(view.problem)
                put((view, grown))

        return self._steps(Run(tab, "ask"), work)

    def _exchange(
        self, run: Run, question: str, chat: Chat, asks: Asks
    ) -> Iterator[tuple[View, Chat]]:
        view = View(uuid.uuid4().hex, question, status="Understanding the question…")
        yield view, chat
        while not self._turn.acquire(timeout=_WAIT_SECONDS):
            if run.stopped.is_set():
                yield replace(view, status="", problem="Stopped."), chat
                return
            yield replace(view, status="Waiting for another answer to finish…"), chat
        try:
            yield from self._answer(run, view, chat, asks)
        finally:
            self._turn.release()

    def _answer(self, run: Run, view: View, chat: Chat, asks: Asks) -> Iterator[tuple[View, Chat]]:
        try:
            reply = self._begin_reply(view.asked, chat, asks)
            run.reply = reply
            if run.stopped.is_set():
                reply.stop()
            for event in reply:
                after = view.after(event)
                if isinstance(event, Finished):
                    chat = Chat(reply.conversation, (*chat.answers, event.answer))
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
            yield replace(view, status="", problem=_UNEXPECTED), chat

    def _begin_reply(self, text: str, chat: Chat, asks: Asks) -> Reply:
        if asks is Asks.SUMMARY:
            conversation = chat.conversation or uuid.uuid4().hex
            return self._desk.summarize(text, conversation=conversation)
        turns = chat.turns if asks is Asks.QUESTION else ()
        return self._desk.ask(text, turns, chat.conversation)

    def add(self, tab: str, paths: Sequence[Path]) -> Iterator[Progress | AddReport | str]:
        """Progress while files are added, then the report, or a sentence on why there is none."""

        def work(run: Run, put: Callable[[Progress | AddReport | str], None]) -> None:
            try:
                put(self._desk.add(paths, put, run.stopped.is_set))
            except (RagError, ModelError) as error:
                put(str(error))
            except Exception:
                log.exception("files could not be added")
                put(_UNEXPECTED)

        return self._steps(Run(tab, "add"), work)

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
            is_asking = any(
                (r.tab, r.kind) == (run.tab, "ask") and not (r.left or r.told) for r in self._runs
            )
            if self._closed or (run.kind == "ask" and is_asking):
                return False
            thread.start()
            self._runs[run] = thread
            return True

    def _runs_of(self, tab: str, kind: str) -> list[Run]:
        with self._table:
            return [run for run in self._runs if (run.tab, run.kind) == (tab, kind)]
