"""ask() -> Reply: the whole path from a question to a cited answer, on one screen."""

from __future__ import annotations

import threading
import time
import unicodedata
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from rag.compare import sides
from rag.compose import Composer
from rag.config import AnswerConfig, Config
from rag.errors import QuestionError
from rag.evidence import FoundSide, choose_evidence
from rag.followup import make_standalone
from rag.no_model import estimate_tokens
from rag.prompt import make_messages
from rag.review import in_themes, section_question, summary_evidence
from rag.search import Searcher
from rag.stream import SentenceStream
from rag.topic import summary_topic
from rag.types import (
    Answer,
    Checker,
    DraftReady,
    Event,
    Evidence,
    EvidenceFound,
    Finished,
    Generation,
    Llm,
    Parts,
    Question,
    QuestionUnderstood,
    Section,
    SectionStarted,
    Timings,
    Turn,
    Writing,
)

_PASSAGES = 20  # papers that evidence is chosen from
_AROUND = 40  # papers that a summary is chosen from, and its themes told from
_LEAST_PROMPT = 250  # tokens; less holds no evidence worth reading
_TEMPLATE_TOKENS = 8  # of the chat template, around each message
_LONGEST_ASKED = 120  # words of a question that the model reads; search reads all of it


class Reply:
    """An answer on its way: loop over it for events; `answer` waits for the end.

    Looping again gives the same events. `stop()` may be called from any thread at any time.
    """

    def __init__(self, events: Callable[[Reply], Iterator[Event]], conversation: str) -> None:
        self.conversation = conversation
        self._source = events(self)
        self._seen: list[Event] = []
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        self._generation: Generation | None = None
        self._failure: Exception | None = None

    def __iter__(self) -> Iterator[Event]:
        position = 0
        while True:
            with self._turn:
                if position == len(self._seen):
                    event = self._next()
                    if event is None:
                        return
                    self._seen.append(event)
            yield self._seen[position]
            position += 1

    def _next(self) -> Event | None:
        """The next event; a failure is raised to whoever asks, also for the second time."""
        if self._failure is not None:
            raise self._failure
        try:
            return next(self._source, None)
        except Exception as error:
            self._failure = error
            raise

    @property
    def answer(self) -> Answer:
        """The finished answer."""
        *_, last = self
        assert isinstance(last, Finished)
        return last.answer

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End the reply as soon as possible; what was shown stays."""
        self._stopped.set()
        if self._generation is not None:
            self._generation.cancel()

    def _watch(self, generation: Generation) -> Generation:
        self._generation = generation
        if self.stopped:
            generation.cancel()
        return generation


class Assistant:
    """Answers questions from one library."""

    def __init__(
        self,
        searcher: Searcher,
        llm: Llm,
        config: Config,
        keep: Callable[[Answer, str], None] = lambda answer, conversation: None,
        parts: Parts | None = None,
        checker: Checker | None = None,
    ) -> None:
        self._searcher = searcher
        self._llm = llm
        self._config = config
        self._keep = keep
        self._parts = parts or Parts()
        self._checker = checker

    def ask(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        conversation: str | None = None,
        arrived: float | None = None,
    ) -> Reply:
        """Begin to answer a question that arrived at a time of `perf_counter`, by default now.

        Raises QuestionError for what is not a question.
        """
        began = time.perf_counter() if arrived is None else arrived
        asked = understand(question, turns, self._config.answer)
        papers = None
        if topic := summary_topic(asked.text, in_conversation=bool(turns)):
            asked = Question(asked.text, topic, is_summary=True)
            papers = self._config.summary.papers
        return Reply(
            lambda reply: self._events(asked, papers, began, reply),
            conversation or uuid.uuid4().hex,
        )

    def summarize(
        self,
        topic: str,
        papers: int,
        conversation: str | None = None,
        arrived: float | None = None,
    ) -> Reply:
        """Begin a summary of what at most `papers` papers say about a topic.

        Raises QuestionError for what is not a topic.
        """
        began = time.perf_counter() if arrived is None else arrived
        text = clean_question(topic, self._config.answer.max_question_characters)
        asked = Question(text, summary_topic(text) or text, is_summary=True)
        return Reply(
            lambda reply: self._events(asked, papers, began, reply),
            conversation or uuid.uuid4().hex,
        )

    def _events(
        self, asked: Question, papers: int | None, arrived: float, reply: Reply
    ) -> Iterator[Event]:
        """The events of an ordinary answer, or of a summary of at most so many papers."""
        clock = _Clock(arrived)
        yield QuestionUnderstood(asked)
        plan = _Plan(Evidence((), ()))
        if not reply.stopped:
            plan = self._plan(asked.standalone, papers, clock)
        clock.evidence_ms = clock.elapsed()
        yield EvidenceFound(plan.evidence)
        answer = Answer(uuid.uuid4().hex, asked, (), plan.evidence, model=None)
        if plan.sections and not reply.stopped:
            composer = Composer(
                plan.sections, plan.words, self._parts, self._checker, plan.question
            )
            yield DraftReady(tuple(composer.sentences))
            answer = replace(answer, model=self._llm.name or None)
            for number, section in enumerate(plan.sections, start=1):
                if reply.stopped or answer.model_error:
                    break
                if section.theme:
                    yield SectionStarted(section.theme, number, len(plan.sections))
                composer.begin(section)
                answer = yield from self._write(
                    section, plan.question, composer, answer, reply, clock
                )
            answer = replace(answer, sentences=tuple(composer.sentences), dropped=composer.dropped)
        answer = replace(answer, stopped=reply.stopped, timings=clock.timings())
        self._keep(answer, reply.conversation)
        yield Finished(answer)

    def _write(
        self,
        section: Section,
        question: str,
        composer: Composer,
        answer: Answer,
        reply: Reply,
        clock: _Clock,
    ) -> Generator[Event, None, Answer]:
        """Have the model write one section; the answer with what it cost."""
        stream = SentenceStream()
        sources = section.sources
        if self._llm.reads_quotations:  # trained to say them, not to choose among others
            sources = composer.quoted(section) or sources
        generation = reply._watch(
            self._llm.generate(
                make_messages(sources, question),
                self._config.answer.max_tokens,
                [source.number for source in sources],
            )
        )
        yield Writing(0)
        for piece in generation:
            clock.first_token_ms = clock.first_token_ms or clock.elapsed()
            for sentence in stream.feed(piece):
                yield from composer.consider(sentence)
            if composer.repeating or stream.runs_away:
                generation.cancel()
            yield Writing(generation.answer_tokens)
        if not reply.stopped and (last := stream.finish()):
            yield from composer.consider(last)
        return replace(
            answer,
            model_text="\n\n".join(filter(None, [answer.model_text, stream.text])),
            prompt_tokens=answer.prompt_tokens + generation.prompt_tokens,
            answer_tokens=answer.answer_tokens + generation.answer_tokens,
            model_error=answer.model_error or generation.error or composer.error,
        )

    def _plan(self, question: str, papers: int | None, clock: _Clock) -> _Plan:
        """What the answer will rest on, section by section, and how long it may be."""
        if papers is None:
            plan = self._plan_answer(question, clock)
        else:
            plan = self._plan_summary(question, papers, clock)
        evidence = replace(plan.evidence, papers_searched=self._searcher.count())
        return replace(plan, evidence=evidence)

    def _plan_answer(self, question: str, clock: _Clock) -> _Plan:
        compared = sides(question) or ()
        queries = [question, *(side.query for side in compared)]
        passages, *of_sides = self._searcher.search_all(queries, _PASSAGES)
        clock.search_ms = clock.elapsed()
        count = _TokenCount(self._llm)
        asked = _for_the_model(question)
        evidence = choose_evidence(
            question,
            passages,
            self._config.evidence,
            self._budget(asked, count),
            count,
            self._parts,
            [FoundSide(s.name, found) for s, found in zip(compared, of_sides, strict=True)],
        )
        length = self._config.answer
        words = length.words + length.words_per_source * (len(evidence.sources) - 1)
        sections = [Section("", evidence.sources)] if evidence.sources else []
        return _Plan(evidence, tuple(sections), asked, words)

    def _plan_summary(self, topic: str, papers: int, clock: _Clock) -> _Plan:
        passages = self._searcher.search(topic, _AROUND)
        clock.search_ms = clock.elapsed()
        settings = self._config.summary
        evidence = summary_evidence(
            topic, passages, papers, settings, self._config.evidence, self._parts
        )
        if not evidence.sources:
            return _Plan(evidence)
        vectors = self._searcher.paper_vectors([s.paper for s in evidence.sources])
        count = _TokenCount(self._llm)
        question = _for_the_model(section_question(topic))
        budget = self._budget(question, count)
        around = [p.paper for p in passages]
        evidence, sections = in_themes(topic, evidence, vectors, around, budget, count)
        return _Plan(evidence, tuple(sections), question, settings.words)

    def _budget(self, question: str, count: _TokenCount) -> int:
        """Tokens of evidence that the model can read: in its context, and in its time here."""
        # Counted first: the model loads, and only then says what it can see and how fast it reads.
        frame = make_messages((), question)
        needed = sum(count(m.content) for m in frame) + _TEMPLATE_TOKENS * len(frame)
        config = self._config.evidence
        limit = min(config.prompt_tokens, self._llm.context_tokens - self._config.answer.max_tokens)
        speed = self._llm.tokens_per_second
        if speed and not self._llm.reads_quotations:  # of all the evidence, that reads little
            # In coarse steps: the same question gets the same evidence on a busy day.
            readable = int(config.read_seconds * speed)
            limit = min(limit, max(_LEAST_PROMPT, readable // _LEAST_PROMPT * _LEAST_PROMPT))
        return max(0, limit - needed)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an answer rests on, and how it is written."""

    evidence: Evidence
    sections: tuple[Section, ...] = ()
    question: str = ""  # as the model is asked it
    words: int = 0  # how long the answer may be


class _Clock:
    """When each step of an answer was done, in milliseconds since the question arrived."""

    def __init__(self, arrived: float) -> None:
        self._arrived = arrived
        self.search_ms = 0.0
        self.evidence_ms = 0.0
        self.first_token_ms: float | None = None

    def elapsed(self) -> float:
        return round((time.perf_counter() - self._arrived) * 1000, 1)

    def timings(self) -> Timings:
        return Timings(self.search_ms, self.evidence_ms, self.first_token_ms, self.elapsed())


def _for_the_model(question: str) -> str:
    return " ".join(question.split()[:_LONGEST_ASKED])


class _TokenCount:
    """Counts by the model, or by estimate once that has failed.

    A failing model is reported once, by its generation; evidence does not wait for it again and
    again.
    """

    def __init__(self, llm: Llm) -> None:
        self._llm = llm
        self._failed = False

    def __call__(self, text: str) -> int:
        if not self._failed:
            try:
                return self._llm.count_tokens(text)
            except Exception:  # whatever a model may raise
                self._failed = True
        return estimate_tokens(text)


def understand(text: str, turns: Sequence[Turn], config: AnswerConfig) -> Question:
    """The question as it will be searched; raises QuestionError for what is not a question."""
    return make_standalone(clean_question(text, config.max_question_characters), turns)


def clean_question(text: str, longest: int) -> str:
    """The question on one line; QuestionError when it is empty, too long, or not text."""
    if len(text) > longest:
        raise QuestionError(
            f"The question has {len(text):,} characters; at most {longest:,} are read. Ask in a "
            "few sentences; texts to search in are added with 'footnote add'."
        )
    line = " ".join(text.split())
    control = next((c for c in line if unicodedata.category(c) in ("Cc", "Cs")), None)
    if control is not None:
        raise QuestionError(
            f"The question holds a control character (U+{ord(control):04X}). Type it again without."
        )
    if not any(c.isalnum() for c in line):
        raise QuestionError("The question is empty. Ask in words what you want to know.")
    return line
