"""A way to stop, from another thread, work that waits for something."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopper:
    """Whoever holds it may stop the work; the work says, step by step, how it is ended."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._ends: list[Callable[[], object]] = []

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End what runs, and whatever begins after it; may be called twice."""
        with self._lock:
            self._stopped.set()
            ends = list(self._ends)
        for end in ends:
            end()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until it is stopped; whether it is."""
        return self._stopped.wait(seconds)

    @contextmanager
    def ending_with(self, end: Callable[[], object]) -> Iterator[None]:
        """Until the block ends, stopping calls `end`; at once when it is stopped already.

        It may be called from any thread, and just after the block.
        """
        with self._lock:
            self._ends.append(end)
            stopped = self.stopped
        if stopped:
            end()
        try:
            yield
        finally:
            with self._lock:
                self._ends.remove(end)
