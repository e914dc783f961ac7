"""The commands that search, answer and summarise."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import date
from threading import Thread
from typing import TYPE_CHECKING

from rag.errors import QuestionError, RagError
from rag.scope import describe
from rag.types import Answer, SectionStarted, Turn, Writing
from rag.wiring import Desk
from ui import terminal
from ui.batch import run_batch
from ui.commands import STOPPED
from ui.commands.opening import open_library, scope_of
from ui.commands.writing import require_writable, write_file

if TYPE_CHECKING:
    from rag.assistant import Reply


def search(arguments: Namespace) -> int:
    """`footnote search`"""
    from rag.answer_json import search_json

    out, _ = terminal.consoles()

    def one(desk: Desk, question: str, turns: tuple[Turn, ...]) -> dict[str, object]:
        scope = scope_of(desk.library, arguments)
        return search_json(*desk.search(question, turns, arguments.k, scope))

    if arguments.batch:
        return _batch(arguments, "search", one)
    with open_library(arguments, "search") as desk:
        scope = scope_of(desk.library, arguments)
        asked, passages = desk.search(_question(arguments), (), arguments.k, scope)
    if arguments.json:
        terminal.print_json(search_json(asked, passages))
    elif passages:
        terminal.print_passages(out, passages)
    elif scope:
        out.print(f"The library holds no paper {describe(scope)}.")
    else:
        out.print("The library holds no papers yet; 'footnote add FILE' adds some.")
    return 0


def ask(arguments: Namespace) -> int:
    """`footnote ask`"""
    from rag.answer_json import answer_json

    def one(desk: Desk, question: str, turns: tuple[Turn, ...]) -> dict[str, object]:
        answer = desk.ask_once(question, turns, scope_of(desk.library, arguments)).answer
        if answer.model_error:
            raise RagError(answer.model_error)
        return answer_json(answer)

    if arguments.batch:
        return _batch(arguments, "ask", one)
    question = _question(arguments)
    with open_library(arguments, "ask", answers=True) as desk:
        if desk.library.count() == 0:
            raise RagError("The library holds no papers yet; 'footnote add FILE' adds some.")
        scope = scope_of(desk.library, arguments)
        desk.start_model()
        reply = desk.ask_once(question, scope=scope)
        answer = reply.answer if arguments.json else _print_reply(reply)
        if arguments.json:
            terminal.print_json(answer_json(answer))
    return _told(answer)


def summarize(arguments: Namespace) -> int:
    """`footnote summarize TOPIC`"""
    from rag.answer_json import answer_json
    from rag.bibliography import Format, write
    from rag.export import answer_markdown

    if arguments.out:
        require_writable(arguments.out)
    topic = sys.stdin.read() if arguments.topic == "-" else arguments.topic
    with open_library(arguments, "summarize", answers=True) as desk:
        if desk.library.count() == 0:
            raise RagError("The library holds no papers yet; 'footnote add FILE' adds some.")
        scope = scope_of(desk.library, arguments)
        desk.start_model()
        reply = desk.summarize(topic, arguments.papers, scope=scope)
        answer = _stoppable(reply, lambda: _follow(reply))
    if arguments.out:
        format = Format.of_file(arguments.out.name) or Format.MARKDOWN
        if format is Format.MARKDOWN:
            write_file(arguments.out, [answer_markdown(answer, date.today())])
        elif answer.cited_papers:
            write_file(arguments.out, write(answer.cited_papers, format))
        else:
            raise RagError(f"The summary cites no papers; {arguments.out} was not written.")
        print(f"Written to {arguments.out}.", file=sys.stderr)
    if arguments.json:
        terminal.print_json(answer_json(answer))
    elif not arguments.out:
        out, _ = terminal.consoles()
        terminal.print_answer(out, answer)
    return STOPPED if answer.stopped else _told(answer)


def _follow(reply: Reply) -> Answer:
    """Say on standard error which theme of a summary is being written."""
    _, err = terminal.consoles()
    with err.status("searching…") as mark:  # shown on a terminal only
        for event in reply:
            if isinstance(event, SectionStarted):
                err.print(f"Theme {event.number} of {event.total}: {event.theme}", style="dim")
            elif isinstance(event, Writing):
                mark.update("writing…" if event.answer_tokens else "reading the sources…")
    return reply.answer


def chat(arguments: Namespace) -> int:
    """`footnote chat`"""
    out, err = terminal.consoles()
    failed = 0
    with open_library(arguments, "chat", answers=True) as desk:
        scope = scope_of(desk.library, arguments)
        desk.warm_up()
        turns: list[Turn] = []
        conversation: str | None = None
        if sys.stdin.isatty():
            out.print(
                "Ask about your papers. Ctrl-C stops an answer; an empty line ends.", style="dim"
            )
        while question := _read_line():
            try:
                reply = desk.ask(question, turns, conversation, scope)
            except QuestionError as error:
                err.print(f"footnote: {error}", style="red")
                failed = 1
                continue
            conversation = reply.conversation
            answer = _print_reply(reply)
            failed |= _told(answer)
            turns.append(Turn.of(answer))
    return failed


def _read_line() -> str:
    try:
        return input("\n> " if sys.stdin.isatty() else "").strip()
    except (EOFError, KeyboardInterrupt):
        return ""


def _question(arguments: Namespace) -> str:
    if arguments.out:
        raise RagError("--out goes with --batch; write one answer to a file with '>'.")
    if arguments.question is None:
        raise QuestionError("Ask a question, or name a file of questions with --batch.")
    if arguments.question == "-":
        return sys.stdin.read()
    return str(arguments.question)


def _print_reply(reply: Reply) -> Answer:
    """Print an answer as it comes."""
    return _stoppable(reply, lambda: _print_events(reply))


def _stoppable(reply: Reply, follow: Callable[[], Answer]) -> Answer:
    """Follow a reply to its end; Ctrl-C stops the answer and not the program."""
    # In a thread of its own: the signal may have come while this one holds what stopping needs.
    before = signal.signal(signal.SIGINT, lambda *_: Thread(target=reply.stop).start())
    try:
        return follow()
    finally:
        signal.signal(signal.SIGINT, before)


def _print_events(reply: Reply) -> Answer:
    out, err = terminal.consoles()
    with terminal.growing(out, err) as show:
        for event in reply:
            show(event)
    terminal.print_answer(out, reply.answer)
    return reply.answer


def _told(answer: Answer) -> int:
    """Say that the model failed, if it did; the exit code that goes with the answer."""
    if answer.model_error:
        print(f"footnote: {answer.model_error}", file=sys.stderr)
    return int(answer.model_error is not None)


def _batch(
    arguments: Namespace,
    name: str,
    one: Callable[[Desk, str, tuple[Turn, ...]], dict[str, object]],
) -> int:
    if arguments.question is not None:
        raise RagError("Give a question or a file of questions with --batch, not both.")
    if arguments.out is None:
        raise RagError("Name the file for the results with --out.")
    with (
        open_library(arguments, f"{name} --batch", answers=name == "ask") as desk,
        terminal.progress_bar(name) as show,
    ):
        failures = run_batch(
            arguments.batch, arguments.out, lambda q, turns: one(desk, q, turns), show
        )
    if failures:
        print(
            f"footnote: {failures} of the questions failed; {arguments.out} says why.",
            file=sys.stderr,
        )
    return int(failures > 0)
