"""Files being added, which goes on when the tab that began it is closed; no Gradio here."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import ModelError
from rag.errors import RagError
from rag.ingest import AddReport, Progress
from rag.wiring import Desk
from ui.talk import UNEXPECTED

_LOOK_SECONDS = 0.3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an adding: a report, or a sentence on why there is none."""

    names: Mapping[str, str]  # what to call its files, by their paths
    report: AddReport | None = None
    problem: str = ""

    def named(self, message: str) -> str:
        """A message with files named as they were dropped: where they lie helps nobody."""
        for path, name in self.names.items():
            message = message.replace(path, name)
        return message

    def to_json(self) -> str:
        """The report as `footnote add --report` keeps it; empty where there is none."""
        if self.report is None:
            return ""
        files = Outcome({_in_json(path): _in_json(name) for path, name in self.names.items()})
        return files.named(json.dumps(self.report.to_json(), ensure_ascii=False, indent=1)) + "\n"


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


class Adding:
    """One adding at a time, for all tabs; any thread may begin, follow, stop and undo it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._changed = threading.Condition()  # guards what follows
        self._step: Progress | None = None  # None while nothing is under way
        self._outcome: Outcome | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def outcome(self) -> Outcome | None:
        """What came of the last adding, unless it was undone."""
        return self._outcome

    def begin(self, paths: Sequence[Path]) -> bool:
        """Begin, unless another is under way; whether it was begun. The files are deleted after."""
        with self._changed:
            if self._step is not None:
                for path in paths:
                    path.unlink(missing_ok=True)
                return False
            self._step, self._outcome = Progress(0, 0, "reading"), None
            self._stopped = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(paths, self._stopped), daemon=True
            )
            self._thread.start()
        return True

    def stop(self) -> None:
        """Stop what is under way; what was added until then stays."""
        self._stopped.set()

    def close(self, seconds: float = 30.0) -> None:
        """Stop, and wait so long at most until it has ended."""
        self.stop()
        if self._thread is not None:
            self._thread.join(seconds)

    def follow(self) -> Iterator[Progress]:
        """How far it has come, each time it is further, until it ends."""
        seen: Progress | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._step != seen, _LOOK_SECONDS)  # noqa: B023
                step = self._step
            if step is None:
                return
            if step != seen:
                seen = step
                yield step
                time.sleep(_LOOK_SECONDS)  # often enough for a bar

    def undo(self) -> int:
        """Take out what the last adding brought; how many papers there were. Raises RagError."""
        with self._changed:
            outcome, self._outcome = self._outcome, None
        if outcome is None or outcome.report is None:
            return 0
        try:
            return self._desk.remove(outcome.report.ids)
        except RagError:
            self._outcome = outcome
            raise

    def _run(self, paths: Sequence[Path], stopped: threading.Event) -> None:
        names = {str(path): path.name for path in paths}
        try:
            report = self._desk.add(paths, self._show, stopped.is_set)
            outcome = Outcome(names, report)
        except (RagError, ModelError) as error:
            outcome = Outcome(names, problem=str(error))
        except Exception:
            log.exception("files could not be added")
            outcome = Outcome(names, problem=UNEXPECTED)
        for path in paths:
            path.unlink(missing_ok=True)
        with self._changed:
            self._step, self._outcome = None, outcome
            self._changed.notify_all()

    def _show(self, step: Progress) -> None:
        with self._changed:
            self._step = step
            self._changed.notify_all()
