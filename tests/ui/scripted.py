"""A real library that answers by a script, and a browser tab on its page."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from rag.assistant import Reply, understand
from rag.compose import quotation
from rag.types import (
    EVERYTHING,
    Answer,
    AnswerSentence,
    DraftReady,
    Event,
    Evidence,
    EvidenceFound,
    Finished,
    Origin,
    Paper,
    Question,
    QuestionUnderstood,
    Reason,
    Scope,
    SectionStarted,
    SentenceReady,
    Source,
    SourceSentence,
    Span,
    Timings,
    Turn,
    Verdict,
    Writing,
    with_sentence,
)
from rag.wiring import Desk

NO_BROWSER = (
    "No Chromium to test the page with. Install it (Debian: apt-get install chromium) or run "
    "'make test', which does so when it is root."
)
NO_DRIVER = "The Python package playwright is missing; 'make test' installs it."
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LONG = "Nothing in this sentence bears on any question that a test asks. " * 30


def records() -> list[dict[str, object]]:
    """Two papers about invented instruments; one hides what it says deep in its abstract."""
    return [
        {
            "title": "Glass barometers at sea",
            "abstract": (
                f"{LONG}Glass barometers drift by three millibars in a month at sea. "
                "A weekly calibration removes the drift."
            ),
            "authors": ["Ada Quill", "Tom Ferris"],
            "year": 2019,
            "url": "https://example.org/glass",
        },
        {
            "title": "Brass barometers in the mountains",
            "abstract": (
                "Brass barometers keep their calibration in the mountains for a year. "
                "They cost more than glass ones."
            ),
            "authors": ["Mei Lind"],
            "year": 2021,
        },
    ]


def write_records(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def in_paper(paper: Paper, words: str) -> SourceSentence:
    """The words of an abstract as a source sentence."""
    start = paper.abstract.index(words)
    return SourceSentence(words, 0, Span(start, start + len(words)), 0.8)


@dataclass
class Script:
    """What the scripted desk answers, and when it may go on.

    The draft quotes each source once. A sentence then takes the place of the quotation it rests on,
    unless the script has that quotation too; one that rests on none comes last.
    """

    sentences: Callable[[Evidence], tuple[AnswerSentence, ...]]
    refuses: Reason | None = None
    missing_sides: tuple[str, ...] = ()
    fails: Exception | None = None
    free: bool = True  # False: each sentence waits for `go_on`
    _steps: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def go_on(self, steps: int = 1) -> None:
        self._steps.release(steps)

    def wait(self, reply: Reply) -> bool:
        """Wait for the next step; whether to go on."""
        while not self.free and not reply.stopped:
            if self._steps.acquire(timeout=0.05):
                return True
        return not reply.stopped


class ScriptedDesk(Desk):
    """A real library that answers by a script instead of searching and asking a model."""

    script: Script
    turns: Sequence[Turn] = ()

    def warm_up(self) -> None:
        pass

    def ask(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        conversation: str | None = None,
        scope: Scope = EVERYTHING,
    ) -> Reply:
        self.turns = tuple(turns)
        asked = replace(understand(question, turns, self.config.answer), scope=scope)
        return Reply(lambda reply: self._script(asked, reply), conversation or uuid.uuid4().hex)

    def summarize(
        self,
        topic: str,
        papers: int | None = None,
        conversation: str | None = None,
        scope: Scope = EVERYTHING,
    ) -> Reply:
        asked = Question(topic, topic, is_summary=True, scope=scope)
        return Reply(lambda reply: self._script(asked, reply), conversation or uuid.uuid4().hex)

    def _script(self, asked: Question, reply: Reply) -> Iterator[Event]:
        script, answer_id = self.script, uuid.uuid4().hex
        yield QuestionUnderstood(asked)
        if script.fails is not None:
            raise script.fails
        evidence = self._evidence(script)
        yield EvidenceFound(evidence)
        shown: tuple[AnswerSentence, ...] = ()
        if evidence.sources:
            planned = script.sentences(evidence)
            shown = _draft(evidence, planned)
            yield DraftReady(shown)
            draft = Answer(answer_id, asked, shown, evidence, "scripted", stopped=True)
            self._keep(draft, reply.conversation)
            yield Writing(0)
            themes = list(dict.fromkeys(s.theme for s in planned))
            part = 0
            for number, sentence in enumerate(planned, start=1):
                if sentence.theme and part <= themes.index(sentence.theme):
                    part += 1
                    yield SectionStarted(sentence.theme, part, len(themes))
                if not script.wait(reply):
                    break
                if sentence not in shown:
                    ready = _place(sentence, shown, planned)
                    shown = with_sentence(shown, ready)
                    yield ready
                yield Writing(7 * number, tokens_per_second=21.4, seconds_left=9.6)
        answer = Answer(
            answer_id,
            asked,
            shown,
            evidence,
            None if script.refuses else "scripted",
            prompt_tokens=321,
            answer_tokens=7 * len(shown),
            timings=Timings(total_ms=1234),
            stopped=reply.stopped,
        )
        self._keep(answer, reply.conversation)
        yield Finished(answer)

    def _evidence(self, script: Script) -> Evidence:
        papers = self.library.papers(limit=4)
        count = self.library.count()
        if script.refuses:
            return Evidence((), tuple(papers), reason=script.refuses, papers_searched=count)
        sources = tuple(
            Source(n, paper, (in_paper(paper, first_telling_sentence(paper)),), 1.0)
            for n, paper in enumerate(papers, 1)
        )
        return Evidence(
            sources, tuple(papers), missing_sides=script.missing_sides, papers_searched=count
        )


def _draft(evidence: Evidence, planned: Sequence[AnswerSentence]) -> tuple[AnswerSentence, ...]:
    """Each source quoted once, under the heading of the sentence that will rest on it."""
    themes = {s.quote: s.theme for s in planned}
    quoted = [quotation(s.number, s.sentences[0]) for s in evidence.sources]
    return tuple(replace(q, theme=themes.get(q.quote, "")) for q in quoted)


def _place(
    sentence: AnswerSentence,
    shown: Sequence[AnswerSentence],
    planned: Sequence[AnswerSentence],
) -> SentenceReady:
    at = [
        i
        for i, s in enumerate(shown)
        if s.origin is Origin.QUOTATION and s.quote == sentence.quote and s not in planned
    ]
    return SentenceReady(sentence, at[0] if at else len(shown), replaces=bool(at))


def first_telling_sentence(paper: Paper) -> str:
    return paper.abstract.replace(LONG, "").split(". ")[0].rstrip(".") + "."


def three_sentences(evidence: Evidence) -> tuple[AnswerSentence, ...]:
    """One restated, one quoted, one partly borne out."""
    first, *others = evidence.sources
    second = others[0] if others else first
    quote, other = first.sentences[0].text, second.sentences[0].text
    return (
        AnswerSentence(
            "At sea they drift by three millibars.",
            (first.number,),
            Verdict.SUPPORTED,
            Origin.MODEL,
            quote,
        ),
        AnswerSentence(other, (second.number,), Verdict.SUPPORTED, Origin.QUOTATION, other),
        AnswerSentence(
            "So brass lasts 400 days.",
            (second.number,),
            Verdict.PARTLY,
            Origin.MODEL,
            other,
            "400 is not in the source",
        ),
    )


class Visit:
    """A browser tab on the page, and what it asked of whom."""

    def __init__(self, browser: object, address: str, **options: object) -> None:
        self.address = address
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.violations: list[str] = []  # what the page's own policy forbade
        self.context = browser.new_context(**options)  # type: ignore[attr-defined]
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        self.page.goto(address)
        self.page.wait_for_selector("#live :is(.welcome, .exchange)")

    def _note(self, request: object) -> None:
        url = request.url  # type: ignore[attr-defined]
        if urlsplit(url).scheme in ("data", "blob"):
            return
        if urlsplit(url).netloc != urlsplit(self.address).netloc:
            self.foreign.append(url)

    def _hear(self, message: object) -> None:
        text = message.text  # type: ignore[attr-defined]
        if "Content Security Policy" in text:
            self.violations.append(text)

    def ask(self, question: str) -> None:
        self.page.fill("#question textarea", question)
        self.page.press("#question textarea", "Enter")

    def wait_for_answer(self) -> None:
        self.page.wait_for_selector("#live .exchange footer", timeout=120_000)
        self.page.wait_for_selector("#stop", state="hidden")
