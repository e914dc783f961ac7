"""ask() -> Reply: the whole path from a question to a cited answer, on one screen."""

from __future__ import annotations

import threading
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rag.compose import Composer
from rag.config import AnswerConfig, Config
from rag.errors import QuestionError
from rag.evidence import choose_evidence
from rag.followup import make_standalone
from rag.prompt import make_messages
from rag.search import Searcher
from rag.stream import SentenceStream
from rag.types import (
    Answer,
    Event,
    Evidence,
    EvidenceFound,
    Finished,
    Generation,
    Llm,
    Passage,
    Question,
    QuestionUnderstood,
    SentenceReady,
    Timings,
    Turn,
    Writing,
)

_PASSAGES = 20  # papers that evidence is chosen from
_CHARACTERS_PER_TOKEN = 4  # an estimate for when the model cannot count


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
    ) -> None:
        self._searcher = searcher
        self._llm = llm
        self._config = config
        self._keep = keep

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
        return Reply(
            lambda reply: self._events(asked, began, reply), conversation or uuid.uuid4().hex
        )

    def _events(self, asked: Question, arrived: float, reply: Reply) -> Iterator[Event]:
        def elapsed() -> float:
            return round((time.perf_counter() - arrived) * 1000, 1)

        yield QuestionUnderstood(asked)
        passages, evidence = [], Evidence((), ())
        if not reply.stopped:
            passages = self._searcher.search(asked.standalone, _PASSAGES)
        timings = Timings(search_ms=elapsed())
        if not reply.stopped:
            evidence = self._choose(asked, passages)
        timings = replace(timings, evidence_ms=elapsed())
        yield EvidenceFound(evidence)
        answer = Answer(uuid.uuid4().hex, asked, (), evidence, model=None)
        if evidence.sources and not reply.stopped:
            composer = Composer(evidence)
            stream = SentenceStream()
            generation = reply._watch(
                self._llm.generate(
                    make_messages(evidence, asked.standalone), self._config.answer.max_tokens
                )
            )
            yield Writing(0)
            for piece in generation:
                if timings.first_token_ms is None:
                    timings = replace(timings, first_token_ms=elapsed())
                for sentence in stream.feed(piece):
                    yield from map(SentenceReady, composer.consider(sentence))
                if composer.repeating or stream.runs_away:
                    generation.cancel()
                yield Writing(generation.answer_tokens)
            if not reply.stopped:
                yield from map(SentenceReady, composer.finish(stream.finish()))
            answer = replace(
                answer,
                sentences=tuple(composer.sentences),
                model=self._llm.name,
                model_text=stream.text,
                dropped=composer.dropped,
                prompt_tokens=generation.prompt_tokens,
                answer_tokens=generation.answer_tokens,
                model_error=generation.error,
            )
        answer = replace(
            answer, stopped=reply.stopped, timings=replace(timings, total_ms=elapsed())
        )
        self._keep(answer, reply.conversation)
        yield Finished(answer)

    def _choose(self, asked: Question, passages: Sequence[Passage]) -> Evidence:
        """Evidence within the prompt's budget, less what the prompt needs for itself."""
        count = _TokenCount(self._llm)
        frame = make_messages(Evidence((), ()), asked.standalone)
        config = self._config.evidence
        limit = min(config.prompt_tokens, self._llm.context_tokens - self._config.answer.max_tokens)
        budget = limit - sum(count(m.content) for m in frame) - 8 * len(frame)
        return choose_evidence(asked.standalone, passages, config, budget, count)


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
        return len(text) // _CHARACTERS_PER_TOKEN + 1


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
