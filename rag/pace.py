"""How fast a model works, and how long the answer will still take; pure, with a clock handed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.types import Writing

# Tokens for which an expectation counts beside what has been measured.
_READING_WEIGHT = 100
_WRITING_WEIGHT = 8
_WRITES_PER_READ = 0.15  # tokens written in the time that one is read, until it is measured


@dataclass(frozen=True, slots=True)
class Workload:
    """What a model has to read and is expected to write for one section, in tokens."""

    prompt_tokens: int
    answer_tokens: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Tokens a second that a model read and wrote for an answer; None for what is not known."""

    reads: float | None
    writes: float | None


class Pace:
    """Follows a model through the sections of an answer."""

    def __init__(
        self,
        loads: Sequence[Workload],
        reads_per_second: float | None,
        clock: Callable[[], float] = time.perf_counter,
        before: Rates | None = None,
    ) -> None:
        """`reads_per_second` is how fast it reads when nothing else works; `clock` gives seconds.

        `before` is how fast it was with the answer before this one.
        """
        self._loads = loads
        self._clock = clock
        self._fastest = reads_per_second
        writes_per_second = reads_per_second * _WRITES_PER_READ if reads_per_second else None
        before = before or Rates(None, None)
        self._reading = _Rate(before.reads or reads_per_second, _READING_WEIGHT)
        self._writing = _Rate(before.writes or writes_per_second, _WRITING_WEIGHT)
        self._section = -1
        self._since = 0.0
        self._written = 0

    @property
    def rates(self) -> Rates:
        """As they were measured, or were expected where that was too little to tell."""
        reads = self._reading.so_far or self._reading.expected
        if reads and self._fastest:  # what it remembers of the prompt before is not read again
            reads = min(reads, self._fastest)
        return Rates(reads, self._writing.so_far or self._writing.expected)

    def begin(self) -> Writing:
        """The model begins to read for the next section."""
        self._section += 1
        self._since, self._written = self._clock(), 0
        return self._event()

    def wrote(self, tokens: int) -> Writing:
        """The model has written so many tokens of the section."""
        now = self._clock()
        if self._written:
            self._writing.measured(tokens - self._written, now - self._since)
        else:
            self._reading.measured(self._loads[self._section].prompt_tokens, now - self._since)
        self._since, self._written = now, tokens
        return self._event()

    def _event(self) -> Writing:
        return Writing(self._written, self._writing.so_far, self._seconds_left())

    def _seconds_left(self) -> float | None:
        now, later = self._loads[self._section], self._loads[self._section + 1 :]
        to_read = sum(load.prompt_tokens for load in later)
        to_read += 0 if self._written else now.prompt_tokens
        to_write = sum(load.answer_tokens for load in later)
        to_write += max(0, now.answer_tokens - self._written)
        reading, writing = self._reading.seconds(to_read), self._writing.seconds(to_write)
        return None if reading is None or writing is None else reading + writing


class _Rate:
    """Tokens a second: what is expected at first, and more and more what was measured."""

    def __init__(self, expected: float | None, weight: int) -> None:
        self.expected = expected
        self._weight = weight
        self._tokens = 0
        self._seconds = 0.0

    def measured(self, tokens: int, seconds: float) -> None:
        self._tokens += tokens
        self._seconds += seconds

    @property
    def so_far(self) -> float | None:
        """As it was measured; None while that is too little to tell."""
        enough = self._tokens >= self._weight and self._seconds > 0
        return self._tokens / self._seconds if enough else None

    def seconds(self, tokens: int) -> float | None:
        """How long so many tokens will take; None when nothing is known."""
        if not tokens:
            return 0.0
        if self.expected is None:
            return tokens / self.so_far if self.so_far else None
        expected = self._weight / self.expected
        return tokens * (self._seconds + expected) / (self._tokens + self._weight)
