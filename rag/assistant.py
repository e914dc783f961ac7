"""ask() -> Reply: the whole path from a question to a cited answer."""

from __future__ import annotations

import queue
import threading
import time
import unicodedata
import uuid
from collections.abc import Callable, Generator, Iterator, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from rag.compare import sides
from rag.compose import Composer
from rag.config import AnswerConfig, Config, EvidenceConfig
from rag.errors import QuestionError, RagError
from rag.evidence import FoundSide, choose_evidence
from rag.followup import make_standalone
from rag.no_model import estimate_tokens
from rag.pace import Pace, Rates, Workload
from rag.prompt import make_messages, source_text
from rag.review import in_themes, section_question, summary_evidence
from rag.search import Searcher
from rag.stream import SentenceStream
from rag.topic import summary_topic
from rag.types import (
    EVERYTHING,
    Answer,
    Checker,
    DraftReady,
    Event,
    Evidence,
    EvidenceFound,
    Finished,
    Generation,
    Llm,
    Message,
    Parts,
    Question,
    QuestionUnderstood,
    Scope,
    Section,
    SectionStarted,
    Source,
    Timings,
    Turn,
)

_PASSAGES = 20  # papers that evidence is chosen from
_AROUND = 40  # papers that a summary is chosen from, and its themes told from
_LEAST_PROMPT = 250  # tokens; less holds no evidence worth reading
_TEMPLATE_TOKENS = 8  # of the chat template, around each message
_PHRASED = 0.7  # tokens in which a model phrases one of what is quoted to it
_TOKENS_PER_WORD = 1.5  # of an answer, its citations included
_LONGEST_ASKED = 120  # words of a question that the model reads; search reads all of it
_LOOK_SECONDS = 0.1  # between looks whether a reply that waits for its model was stopped


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
        rates: MutableMapping[Llm, Rates] | None = None,
    ) -> None:
        """`rates` holds how fast each model was with its last answer, and is kept up to date."""
        self._searcher = searcher
        self._llm = llm
        self._config = config
        self._keep = keep
        self._parts = parts or Parts()
        self._checker = checker
        self._rates = {} if rates is None else rates

    def ask(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        conversation: str | None = None,
        arrived: float | None = None,
        scope: Scope = EVERYTHING,
    ) -> Reply:
        """Begin to answer a question that arrived at a time of `perf_counter`, by default now.

        From the papers in the scope. Raises QuestionError for what is not a question.
        """
        began = time.perf_counter() if arrived is None else arrived
        asked = replace(understand(question, turns, self._config.answer), scope=scope)
        papers = None
        if topic := summary_topic(asked.text, in_conversation=bool(turns)):
            asked = Question(asked.text, topic, is_summary=True, scope=scope)
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
        scope: Scope = EVERYTHING,
    ) -> Reply:
        """Begin a summary of what at most `papers` papers in the scope say about a topic.

        Raises QuestionError for what is not a topic.
        """
        began = time.perf_counter() if arrived is None else arrived
        text = clean_question(topic, self._config.answer.max_question_characters)
        asked = Question(text, summary_topic(text) or text, is_summary=True, scope=scope)
        return Reply(
            lambda reply: self._events(asked, papers, began, reply),
            conversation or uuid.uuid4().hex,
        )

    def _events(
        self, asked: Question, papers: int | None, arrived: float, reply: Reply
    ) -> Iterator[Event]:
        """The events of an ordinary answer, or of a summary of at most so many papers."""
        clock, count = _Clock(arrived), _TokenCount(self._llm, reply)
        yield QuestionUnderstood(asked)
        plan = _Plan(Evidence((), ()))
        if not reply.stopped:
            plan = self._plan(asked, papers, clock, count)
        clock.evidence_ms = clock.elapsed()
        yield EvidenceFound(plan.evidence)
        answer = Answer(uuid.uuid4().hex, asked, (), plan.evidence, model=None)
        if plan.sections and not reply.stopped:
            composer = Composer(
                plan.sections, plan.words, self._parts, self._checker, plan.question
            )
            drafted = tuple(composer.sentences)
            yield DraftReady(drafted)
            # Whatever ends this process from here on, the quotations are there at the next start.
            # Where they cannot be kept, neither can the answer, and that says so.
            with suppress(RagError):
                self._keep(replace(answer, sentences=drafted, stopped=True), reply.conversation)
            answer = replace(answer, model=self._llm.name or None)
            sources = [self._to_read(section, composer) for section in plan.sections]
            pace = Pace(
                self._loads(sources, plan, count),
                self._llm.tokens_per_second,
                before=self._rates.get(self._llm),
            )
            for number, section in enumerate(plan.sections, start=1):
                if reply.stopped or answer.model_error:
                    break
                if section.theme:
                    yield SectionStarted(section.theme, number, len(plan.sections))
                composer.begin(section)
                answer = yield from self._write(
                    sources[number - 1], plan.question, composer, answer, reply, clock, pace
                )
            self._rates[self._llm] = pace.rates
            answer = replace(answer, sentences=tuple(composer.sentences), dropped=composer.dropped)
        answer = replace(answer, stopped=reply.stopped, timings=clock.timings())
        self._keep(answer, reply.conversation)
        yield Finished(answer)

    def _write(
        self,
        sources: Sequence[Source],
        question: str,
        composer: Composer,
        answer: Answer,
        reply: Reply,
        clock: _Clock,
        pace: Pace,
    ) -> Generator[Event, None, Answer]:
        """Have the model write one section from its sources; the answer with what it cost."""
        stream = SentenceStream()
        generation = reply._watch(
            self._llm.generate(
                make_messages(sources, question),
                self._config.answer.max_tokens,
                [source.number for source in sources],
            )
        )
        yield pace.begin()
        for piece in generation:
            clock.first_token_ms = clock.first_token_ms or clock.elapsed()
            for sentence in stream.feed(piece):
                yield from composer.consider(sentence)
            if composer.repeating or stream.runs_away:
                generation.cancel()
            yield pace.wrote(generation.answer_tokens)
        if not reply.stopped and (last := stream.finish()):
            yield from composer.consider(last)
        return replace(
            answer,
            model_text="\n\n".join(filter(None, [answer.model_text, stream.text])),
            prompt_tokens=answer.prompt_tokens + generation.prompt_tokens,
            answer_tokens=answer.answer_tokens + generation.answer_tokens,
            model_error=answer.model_error or generation.error or composer.error,
        )

    def _to_read(self, section: Section, composer: Composer) -> Sequence[Source]:
        """What of a section's sources the model reads."""
        if self._llm.reads_quotations:  # trained to say them, not to choose among others
            return composer.quoted(section) or section.sources
        return section.sources

    def _loads(
        self, to_read: Sequence[Sequence[Source]], plan: _Plan, count: _TokenCount
    ) -> list[Workload]:
        """How much there is to read and to write, section by section."""
        loads = []
        for sources in to_read:
            if self._llm.reads_quotations:
                written = _PHRASED * sum(count(source_text(source)) for source in sources)
            else:
                written = _TOKENS_PER_WORD * plan.words / len(to_read)
            prompt = _prompt_tokens(make_messages(sources, plan.question), count)
            loads.append(Workload(prompt, min(round(written), self._config.answer.max_tokens)))
        return loads

    def _plan(
        self, asked: Question, papers: int | None, clock: _Clock, count: _TokenCount
    ) -> _Plan:
        """What the answer will rest on, section by section, and how long it may be."""
        if papers is None:
            plan = self._plan_answer(asked, clock, count)
        else:
            plan = self._plan_summary(asked, papers, clock, count)
        evidence = replace(
            plan.evidence,
            papers_searched=self._searcher.count(asked.scope),
            papers_in_library=self._searcher.count(),
        )
        return replace(plan, evidence=evidence)

    def _plan_answer(self, asked: Question, clock: _Clock, count: _TokenCount) -> _Plan:
        question = asked.standalone
        compared = sides(question) or ()
        queries = [question, *(side.query for side in compared)]
        passages, *of_sides = self._searcher.search_all(queries, _PASSAGES, asked.scope)
        clock.search_ms = clock.elapsed()
        to_the_model = _for_the_model(question)
        evidence = choose_evidence(
            question,
            passages,
            self._config.evidence,
            self._budget(to_the_model, count),
            count,
            self._parts,
            [FoundSide(s.name, found) for s, found in zip(compared, of_sides, strict=True)],
        )
        length = self._config.answer
        words = length.words + length.words_per_source * (len(evidence.sources) - 1)
        sections = [Section("", evidence.sources)] if evidence.sources else []
        return _Plan(evidence, tuple(sections), to_the_model, words)

    def _plan_summary(
        self, asked: Question, papers: int, clock: _Clock, count: _TokenCount
    ) -> _Plan:
        topic = asked.standalone
        passages = self._searcher.search(topic, _AROUND, asked.scope)
        clock.search_ms = clock.elapsed()
        settings = self._config.summary
        evidence = summary_evidence(
            topic, passages, papers, settings, self._config.evidence, self._parts
        )
        if not evidence.sources:
            return _Plan(evidence)
        vectors = self._searcher.paper_vectors([s.paper for s in evidence.sources])
        question = _for_the_model(section_question(topic))
        budget = self._budget(question, count)
        around = [p.paper for p in passages]
        evidence, sections = in_themes(topic, evidence, vectors, around, budget, count)
        return _Plan(evidence, tuple(sections), question, settings.words)

    def _budget(self, question: str, count: _TokenCount) -> int:
        """Tokens of evidence that the model can read: in its context, and in its time here."""
        # Counted first: the model loads, and only then says what it can see and how fast it reads.
        needed = _prompt_tokens(make_messages((), question), count)
        limit = self._llm.context_tokens - self._config.answer.max_tokens
        # One that reads quotations reads little of all the evidence, however slow it is.
        speed = None if self._llm.reads_quotations else self._llm.tokens_per_second
        return max(0, min(limit, prompt_limit(self._config.evidence, speed)) - needed)


def prompt_limit(config: EvidenceConfig, tokens_per_second: float | None) -> int:
    """Tokens of a prompt that is read in the time the settings give; None reads any as quickly."""
    if not tokens_per_second:
        return config.prompt_tokens
    # In coarse steps: the same question gets the same evidence on a busy day.
    readable = int(config.read_seconds * tokens_per_second) // _LEAST_PROMPT * _LEAST_PROMPT
    return min(config.prompt_tokens, max(_LEAST_PROMPT, readable))


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


def _prompt_tokens(messages: Sequence[Message], count: _TokenCount) -> int:
    return sum(count(m.content) for m in messages) + _TEMPLATE_TOKENS * len(messages)


def _for_the_model(question: str) -> str:
    return " ".join(question.split()[:_LONGEST_ASKED])


class _TokenCount:
    """Counts by the model, or by estimate once that has failed or the reply was stopped before.

    A failing model is reported once, by its generation; evidence does not wait for it again and
    again.
    """

    def __init__(self, llm: Llm, reply: Reply) -> None:
        self._llm = llm
        self._reply = reply
        self._tried = False
        self._failed = False

    def __call__(self, text: str) -> int:
        count = None
        if not self._failed:
            count = self._count(text) if self._tried else self._count_first(text)
            self._tried, self._failed = True, count is None
        return estimate_tokens(text) if count is None else count

    def _count(self, text: str) -> int | None:
        try:
            return self._llm.count_tokens(text)
        except Exception:  # whatever a model may raise
            return None

    def _count_first(self, text: str) -> int | None:
        """As `_count`, which may load the model; a reply that is stopped waits no longer.

        The model goes on loading: others may wait for it.
        """
        counts: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        threading.Thread(target=lambda: counts.put(self._count(text)), daemon=True).start()
        while not self._reply.stopped:
            with suppress(queue.Empty):
                return counts.get(timeout=_LOOK_SECONDS)
        return None


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
        lack = "has no words in it" if line else "is empty"
        raise QuestionError(f"The question {lack}. Ask in words what you want to know.")
    return line
