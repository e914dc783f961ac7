"""One job at a time: what a stop is for, and what begins after the page was closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from models.errors import MeasureFailed
from models.stopping import Stopper
from ui.jobs import ModelJobs


class Measuring:
    """A desk whose measurements last until they are stopped."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)

    def measure_model(
        self, name: str, stopper: Stopper, on_progress: Callable[[int, bool], None]
    ) -> None:
        self.began.release()
        stopper.wait(30)
        raise MeasureFailed(name, f"The measuring of {name} was stopped.")


@pytest.fixture
def desk() -> Measuring:
    return Measuring()


@pytest.fixture
def jobs(desk: Measuring) -> Iterator[ModelJobs]:
    made = ModelJobs(desk)  # type: ignore[arg-type]
    yield made
    made.close()


def test_a_stop_is_for_its_own_model(jobs: ModelJobs, desk: Measuring) -> None:
    """A page that is not up to date stops nothing else; and one that is, stops it."""
    assert jobs.begin("measure", "one")
    assert desk.began.acquire(timeout=10)
    jobs.stop("another")
    assert not jobs._stopper.stopped
    assert jobs.job is not None
    jobs.stop("one")
    list(jobs.follow())
    assert jobs.told is not None
    assert jobs.told.sentence == "The measuring of one was stopped."
    jobs.stop("one")  # it has ended
    assert jobs.begin("measure", "two")
    jobs.stop("one")
    assert not jobs._stopper.stopped


def test_nothing_begins_after_the_page_was_closed(jobs: ModelJobs, desk: Measuring) -> None:
    assert jobs.begin("measure", "one")
    jobs.close()
    assert jobs.job is None
    assert not jobs.begin("measure", "two")
