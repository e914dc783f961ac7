"""A child process that speaks JSON lines: started, asked, waited for with a deadline, ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.cores import SHARED_CPU

PACKAGES = Path(__file__).resolve().parent.parent  # where the package `models` lies
GREETING = 0  # the number under which a child says whether it could load
CANCEL_SECONDS = 20.0  # a child that is still busy with a cancelled request by then is ended
STDERR_LINES = 40  # kept for the diagnosis of a death

Answer = dict[str, Any]
Mailbox = queue.SimpleQueue[Answer | None]


def python_module(module: str) -> list[str]:
    """The command that runs one of our modules, whatever the current folder holds."""
    return [sys.executable, "-P", "-m", module]


def child_environment(**changes: str) -> dict[str, str]:
    """The environment of a child: our packages come first, and the CPU is shared with others."""
    path = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
    return {**SHARED_CPU, **os.environ, "PYTHONPATH": path, **changes}


def start_worker(load: dict[str, Any]) -> Child:
    """Start `models.worker`; `load` is what it hands to `LlamaModel.load`."""
    popen = subprocess.Popen(
        python_module("models.worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        start_new_session=True,  # Ctrl-C in the terminal is not for it
        encoding="utf-8",
        errors="replace",
    )
    child = Child(popen)
    child._send({"load": load})
    return child


class Child:
    """A running worker: what it answers is handed to whoever asked."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self._popen = popen
        self._writing = threading.Lock()  # one line at a time
        self._table = threading.Lock()  # guards the mailboxes and `_dead`
        self._mailboxes: dict[int, Mailbox] = {GREETING: queue.SimpleQueue()}
        self._dead = False
        self._stderr_tail: deque[str] = deque(maxlen=STDERR_LINES)
        self.timed_out = False
        threading.Thread(target=self._read_errors, daemon=True).start()
        threading.Thread(target=self._read_answers, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def was_killed(self) -> bool:
        """Whether a signal ended it, rather than an error it could report."""
        return (self._popen.returncode or 0) < 0

    @property
    def death(self) -> str:
        """How it ended: the name of a signal, or its last words."""
        status = self._popen.returncode or 0
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
        last_words = self._stderr_tail[-1].strip() if self._stderr_tail else ""
        return last_words or f"exit status {status}"

    def is_alive(self) -> bool:
        return not self._dead and self._popen.poll() is None

    def greeting(self, seconds: float) -> Answer | None:
        """What it says of itself after starting; None when it died or took too long."""
        try:
            return self._mailboxes[GREETING].get(timeout=seconds)
        except queue.Empty:
            self.timed_out = True
            return None

    def ask(self, number: int, request: dict[str, Any]) -> Iterator[Answer | None]:
        """Send a request and return its answers as they come; the last is None if it died.

        While a cancelled request is not over, it has CANCEL_SECONDS before the child is ended.
        """
        mailbox: Mailbox = queue.SimpleQueue()
        with self._table:
            self._mailboxes[number] = mailbox
            if self._dead:
                mailbox.put(None)
        self._send(request)
        return self._answers(number, mailbox)

    def cancel(self, number: int) -> None:
        """Tell it that nobody waits for the answers to this request any more."""
        self._send({"cancel": number})
        with self._table:
            mailbox = self._mailboxes.get(number)
            if mailbox is not None:
                mailbox.put({"cancelled": True})

    def end(self) -> None:
        """End it at once and reap it; it holds nothing that could be lost."""
        self._popen.kill()
        self._popen.wait()

    def _send(self, request: dict[str, Any]) -> None:
        """Write a line; to a dead child it is lost, which its answers tell."""
        line = json.dumps(request) + "\n"
        with self._writing, contextlib.suppress(OSError, ValueError):
            assert self._popen.stdin is not None
            self._popen.stdin.write(line)
            self._popen.stdin.flush()

    def _answers(self, number: int, mailbox: Mailbox) -> Iterator[Answer | None]:
        deadline: float | None = None
        try:
            while True:
                answer = self._next(mailbox, deadline)
                if answer is not None and "cancelled" in answer:
                    deadline = time.monotonic() + CANCEL_SECONDS
                    continue
                yield answer
                if answer is None:
                    return
        finally:
            with self._table:
                self._mailboxes.pop(number, None)

    def _next(self, mailbox: Mailbox, deadline: float | None) -> Answer | None:
        if deadline is None:
            return mailbox.get()
        try:
            return mailbox.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self.timed_out = True
            self.end()
            return None

    def _read_answers(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            try:
                answer = json.loads(line)
            except ValueError:
                continue  # the last line of a child that was killed while it wrote
            with self._table:
                mailbox = self._mailboxes.get(answer.get("id", GREETING))
            if mailbox is not None:
                mailbox.put(answer)
        self._popen.wait()  # reaped here, so that no zombie stays
        with self._table:
            self._dead = True
            for mailbox in self._mailboxes.values():
                mailbox.put(None)
        with contextlib.suppress(OSError):  # what was still to be written is lost with the child
            assert self._popen.stdin is not None
            self._popen.stdin.close()
        self._popen.stdout.close()

    def _read_errors(self) -> None:
        assert self._popen.stderr is not None
        with self._popen.stderr as lines:
            self._stderr_tail.extend(lines)
