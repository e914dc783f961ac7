"""A pull or a measurement of a model, which outlives the tab that began it; no Gradio here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from models.catalog import Catalog
from models.errors import ModelError
from models.stopping import Stopper
from rag.errors import RagError
from rag.wiring import Desk
from ui.talk import UNEXPECTED

_LOOK_SECONDS = 0.4
Kind = Literal["pull", "measure"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """What is being done with a model, and how far it has come."""

    kind: Kind
    setting: str
    done: int = 0  # bytes that are there, or rounds
    total: int | None = None
    seconds_left: float | None = None
    rate: float | None = None  # bytes a second
    waits: bool = False  # until an answer is written


@dataclass(frozen=True, slots=True)
class Told:
    """What came of something done with a model, as a sentence."""

    setting: str
    sentence: str
    is_problem: bool = False


class ModelJobs:
    """One job at a time; any thread may begin, follow and stop it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._changed = threading.Condition()  # guards what follows
        self._job: Job | None = None
        self._told: Told | None = None
        self._stopper = Stopper()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def job(self) -> Job | None:
        return self._job

    @property
    def told(self) -> Told | None:
        """What came of the last job."""
        return self._told

    def begin(self, kind: Kind, setting: str) -> bool:
        """Begin a job, unless another is under way or all is closed; whether it was begun."""
        with self._changed:
            if self._job is not None or self._closed:
                return False
            self._job = Job(kind, setting)
            self._told = None
            self._stopper = Stopper()
            work = self._pull if kind == "pull" else self._measure
            self._thread = threading.Thread(
                target=self._run, args=(work, setting, self._stopper), daemon=True
            )
            self._thread.start()
        return True

    def stop(self, setting: str) -> None:
        """Stop what is under way with this model, if anything; what a pull brought is kept."""
        with self._changed:
            stopper = self._stopper if self._job and self._job.setting == setting else None
        if stopper is not None:
            stopper.stop()

    def close(self, seconds: float = 30.0) -> None:
        """Stop, and wait so long at most until it has ended; nothing begins after."""
        with self._changed:
            self._closed = True
        self._stopper.stop()
        if self._thread is not None:
            self._thread.join(seconds)

    def follow(self) -> Iterator[Job]:
        """The job under way, again each time it has come further, until it ends."""
        seen: Job | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._job != seen, _LOOK_SECONDS)  # noqa: B023
                job = self._job
            if job is None:
                return
            if job != seen:
                seen = job
                yield job
                time.sleep(_LOOK_SECONDS)  # often enough for a bar

    def _run(self, work: Callable[[str, Stopper], Told], setting: str, stopper: Stopper) -> None:
        try:
            told = work(setting, stopper)
        except (ModelError, RagError) as error:
            told = Told(setting, str(error), is_problem=not stopper.stopped)
        except Exception:
            log.exception("a model could not be pulled or measured")
            told = Told(setting, UNEXPECTED, is_problem=True)
        with self._changed:
            self._job, self._told = None, told
            self._changed.notify_all()

    def _pull(self, setting: str, stopper: Stopper) -> Told:
        began: tuple[float, int] | None = None

        def show(there: int, total: int | None) -> None:
            nonlocal began
            now = time.monotonic()
            began = began or (now, there)
            rate = (there - began[1]) / (now - began[0]) if now - began[0] > 1 else None
            left = (total - there) / rate if total and rate else None
            self._show(done=there, total=total, rate=rate, seconds_left=left)

        try:
            Catalog.open().pull(setting, show, stopper)
        except ModelError:
            if not stopper.stopped:
                raise
            return Told(setting, "Stopped. What has arrived is kept; Pull goes on from there.")
        return Told(setting, "It is on this machine now. Use it, or measure it first.")

    def _measure(self, setting: str, stopper: Stopper) -> Told:
        from models.speed import ROUNDS

        self._desk.measure_model(
            setting,
            stopper,
            lambda done, waits: self._show(done=done, total=ROUNDS, waits=waits),
        )
        return Told(setting, "Measured.")

    def _show(self, **changes: object) -> None:
        with self._changed:
            assert self._job is not None
            self._job = replace(self._job, **changes)  # type: ignore[arg-type]
            self._changed.notify_all()
