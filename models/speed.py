"""How fast a model reads and writes on this machine, and how long one therefore waits for it.

What was measured is kept in one file beside the models. It counts for the file it was measured
with, on the machine, and with the llama.cpp, it was measured on; for any other model an estimate
is made from it, which says so.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import monotonic

from models.cores import cpu_name, physical_cores
from models.errors import MeasureFailed, ModelDied, ModelError
from models.process import LlmProcess
from models.stopping import Stopper

Progress = Callable[[int, bool], None]  # of ROUNDS that are done, whether it waits for an answer

FILE = "speeds.json"
ROUNDS = 5
ENOUGH_SECONDS = 6.0  # after which no further round is begun: a slow model is measured once
WRITTEN_TOKENS = 48  # in a round
LOOK_SECONDS = 0.2  # between looks whether an answer is still being written
SENTENCE_TOKENS = 28  # of the first sentence of an answer, its number included

# As a prompt is: sentences with their number, then the question. It describes no paper.
_SENTENCES = (
    "The lamp room keeps a log of every night on which the beam was seen from the harbour.",
    "Between March and June the keepers counted 212 ships, of which nine sailed without lights.",
    "A heavier lens lowered the number of false sightings, though it was slower to turn.",
    "Fog reduced the range of the beam by two thirds, and rain by about one fifth.",
    "The oil of the second winter burned cleaner than that of the first and cost slightly more.",
    "Keepers who slept in turns noticed the weather sooner than those who kept watch together.",
    "Repainting the tower in red made it easier to see by day, even from the southern channel.",
    "Of the three foghorns, the smallest was heard the farthest when the wind came from the east.",
)
_QUESTION = "Question: What did the keepers of the light find out in these two years?"


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second that a model reads of a prompt, and writes."""

    reads: float
    writes: float
    measured: date | None  # the day; None for an estimate,
    estimated_from: str = ""  # from what was measured of this model


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from a question, once its evidence is chosen, to what the model makes of it."""

    first_sentence: float
    whole_answer: float
    summary: float


@dataclass(frozen=True, slots=True)
class Load:
    """Tokens that a model is given to read and writes, for one answer or summary."""

    read: int
    written: int


def expected_wait(speed: Speed, answer: Load, summary: Load) -> Wait:
    """What a speed means in seconds."""
    return Wait(
        first_sentence=answer.read / speed.reads
        + min(SENTENCE_TOKENS, answer.written) / speed.writes,
        whole_answer=_seconds(speed, answer),
        summary=_seconds(speed, summary),
    )


def _seconds(speed: Speed, load: Load) -> float:
    return load.read / speed.reads + load.written / speed.writes


@dataclass(frozen=True, slots=True)
class Size:
    """How large a model is: what reading (parameters) and writing (bytes) cost."""

    bytes: int
    parameters: int


def estimate(size: Size, measured: Sequence[tuple[str, Size, Speed]]) -> Speed | None:
    """The speed of a model from the measured (name, size, speed) nearest in size; None without any.

    Each token written needs all bytes of the model once; reading is bound by arithmetic, which
    grows with its parameters.
    """
    if not measured:
        return None
    name, other, speed = min(measured, key=lambda m: abs(math.log(m[1].bytes / size.bytes)))
    return Speed(
        reads=speed.reads * other.parameters / size.parameters,
        writes=speed.writes * other.bytes / size.bytes,
        measured=None,
        estimated_from=name,
    )


def measure(
    model: LlmProcess,
    stopper: Stopper,
    is_busy: Callable[[], bool] = lambda: False,
    on_progress: Progress = lambda done, waits: None,
) -> Speed:
    """Have a model read and write for some seconds, in rounds that wait while `is_busy`.

    Raises ModelDied, BadModelFile or UnknownModel as loading does, and MeasureFailed when it is
    stopped or writes nothing.
    """
    rounds: list[tuple[float, float]] = []
    try:
        model.load()
        began = monotonic()
        while len(rounds) < ROUNDS and not (rounds and monotonic() - began > ENOUGH_SECONDS):
            if stopper.stopped:
                break
            waits = is_busy()
            on_progress(len(rounds), waits)
            if waits:
                stopper.wait(LOOK_SECONDS)
                continue
            figures = _one_round(model, stopper, len(rounds) + 1)
            if not is_busy():  # else the two were in each other's way
                rounds.append(figures)
    except ModelError:
        if not stopper.stopped:
            raise
    if stopper.stopped:
        raise MeasureFailed(model.name, f"The measuring of {model.name} was stopped.")
    return Speed(
        reads=median(reads for reads, _ in rounds),
        writes=median(writes for _, writes in rounds),
        measured=date.today(),
    )


def _one_round(model: LlmProcess, stopper: Stopper, number: int) -> tuple[float, float]:
    """Tokens a second that it read and wrote."""
    # The number comes first: what two prompts share from the beginning is not read again.
    messages = [
        _Said("system", f"{number}. You answer from numbered sentences, briefly."),
        _Said("user", "\n".join([*(f"{s} [1]" for s in _SENTENCES), "", _QUESTION])),
    ]
    generation = model.generate(messages, WRITTEN_TOKENS)
    with stopper.ending_with(generation.cancel):
        for _ in generation:
            pass
    if generation.error is not None:
        raise ModelDied(model.name, generation.error)
    reading, writing = generation.reading_seconds, generation.writing_seconds
    if not (reading and writing):
        raise MeasureFailed(
            model.name,
            f"{model.name} loads but writes nothing, so its speed cannot be measured. Choose "
            "another model.",
        )
    return generation.prompt_tokens / reading, (generation.answer_tokens - 1) / writing


@dataclass(frozen=True, slots=True)
class _Said:
    role: str
    content: str


class Speeds:
    """The speeds that were measured, in a file of the folder of models."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def of(self, model: Path, threads: int = 0) -> Speed | None:
        """What was measured of a model file here, with so many threads (0: the physical cores)."""
        try:
            known = self._read().get(_key(model, threads))
        except OSError:  # the file of the model is gone by now
            return None
        return _speed(known) if known is not None else None

    def keep(self, model: Path, speed: Speed, threads: int = 0) -> None:
        """Keep what was measured. Raises MeasureFailed when it cannot be written."""
        assert speed.measured is not None
        known = self._read()
        try:
            key = _key(model, threads)
        except OSError as error:
            raise MeasureFailed(
                model,
                f"The file {model} is gone ({error.strerror}), so what was measured of it was not "
                "kept. Choose another model.",
            ) from None
        known[key] = {
            "reads": round(speed.reads, 2),
            "writes": round(speed.writes, 2),
            "measured": speed.measured.isoformat(),
        }
        part = self.path.with_name(f"{FILE}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(known, indent=1), encoding="utf-8")
            part.replace(self.path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise MeasureFailed(
                model,
                f"The speed of {model.name} could not be kept in {self.path} ({error.strerror}). "
                "Free some space there, or set FOOTNOTE_MODELS to a folder that can be written.",
            ) from None

    def _read(self) -> dict[str, dict[str, object]]:
        """What the file holds and can be read of it: a damaged one is measured anew, not mended."""
        try:
            held = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(held, dict):
            return {}
        return {key: value for key, value in held.items() if _speed(value) is not None}


def _speed(value: object) -> Speed | None:
    """A kept speed; None for what is none."""
    try:
        assert isinstance(value, dict)
        speed = Speed(
            float(value["reads"]), float(value["writes"]), date.fromisoformat(value["measured"])
        )
    except (AssertionError, KeyError, TypeError, ValueError):
        return None
    sound = all(math.isfinite(x) and x > 0 for x in (speed.reads, speed.writes))
    return speed if sound else None


def _key(model: Path, threads: int) -> str:
    """What a measured speed holds for: this file, on this machine, run in this way."""
    found = model.stat()
    return " | ".join((
        model.name, f"{found.st_size}", f"{found.st_mtime_ns}", platform.node(), cpu_name(),
        f"{threads or physical_cores()} threads", _engine(),
    ))  # fmt: skip


@cache
def _engine() -> str:
    try:
        return f"llama-cpp-python {version('llama-cpp-python')}"
    except PackageNotFoundError:
        return "llama.cpp"
