"""A chat model in a child process of its own: the client side of `models.worker`.

The child may die at any moment (llama.cpp aborts on some inputs, the system kills what takes too
much memory): the answer being written then ends with a sentence that says so, and the next call
starts a fresh child.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from models.child import Child, start_worker
from models.errors import BadModelFile, ModelDied, ModelError, UnknownModel
from models.gguf import GgufHeader, inspect_gguf

TEMPERATURE = 0.0  # greedy: the same question gets the same answer
REPEAT_PENALTY = 1.1  # small models repeat themselves without it,
NO_PENALTY = 1.0  # but one that phrases quotations is to use their words again

log = logging.getLogger(__name__)


class ChatMessage(Protocol):
    """Anything with a role (system, user, assistant) and a content."""

    @property
    def role(self) -> str: ...
    @property
    def content(self) -> str: ...


class LlmProcess:
    """A chat model that streams; its child is started at the first use, and again after a death.

    Answers are written one at a time, in the order they were asked for. Every method may be
    called from any thread.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        reads_quotations: bool = False,
        context_tokens: int = 2048,
        threads: int = 0,
        load_seconds: float = 120.0,
        temperature: float = TEMPERATURE,
    ) -> None:
        self._path = Path(path).absolute()
        self._name = name
        self._reads_quotations = reads_quotations
        self._load_seconds = load_seconds
        self._options = {
            "path": str(self._path),
            "context_tokens": context_tokens,
            "threads": threads,
            "temperature": temperature,
            "repeat_penalty": NO_PENALTY if reads_quotations else REPEAT_PENALTY,
        }
        self._context_tokens = context_tokens
        self._tokens_per_second: float | None = None
        self._child: Child | None = None
        self._closed = False
        self._starting = threading.Lock()  # held while a child is started
        self._waiting: deque[ProcessGeneration] = deque()
        self._writing = False
        self._changed = threading.Condition()  # guards the queue, `_writing` and `_closed`
        self._writer: threading.Thread | None = None
        self._ids = itertools.count(1)
        atexit.register(self.close)

    @property
    def name(self) -> str:
        return self._name

    @property
    def path(self) -> Path:
        return self._path

    @property
    def reads_quotations(self) -> bool:
        """Whether it was trained to phrase what is quoted to it, and nothing else."""
        return self._reads_quotations

    @property
    def context_tokens(self) -> int:
        """Tokens the model sees at once; once it is loaded, never more than it was trained for."""
        return self._context_tokens

    @property
    def tokens_per_second(self) -> float | None:
        """Prompt tokens it reads per second on this machine; None before it is loaded."""
        return self._tokens_per_second

    @property
    def is_busy(self) -> bool:
        """Whether an answer is being written, or waits to be."""
        with self._changed:
            return self._writing or bool(self._waiting)

    @property
    def pid(self) -> int | None:
        """The process id of the child, or None when none is running."""
        child = self._child
        return child.pid if child is not None and child.is_alive() else None

    def count_tokens(self, text: str) -> int:
        """Tokens of a text for this model, without those of the chat template.

        Raises BadModelFile, UnknownModel or ModelDied.
        """
        child = self._running_child()
        count = self._count(child, text)
        if count is None:  # it may have died long before, unnoticed until it was asked
            child = self._running_child()
            count = self._count(child, text)
        if count is None:
            raise self._death(child)
        return count

    def generate(
        self, messages: Sequence[ChatMessage], max_tokens: int, citable: Sequence[int] = ()
    ) -> ProcessGeneration:
        """Ask for an answer; it is written in the background, after those asked for before.

        With `citable` numbers, nothing but one of them can stand in square brackets.
        """
        chat = [{"role": m.role, "content": m.content} for m in messages]
        generation = ProcessGeneration(next(self._ids), chat, max_tokens, tuple(citable), self)
        with self._changed:
            if self._closed:
                generation._end(str(self._is_closed()))
                return generation
            self._waiting.append(generation)
            if self._writer is None:
                writer = threading.Thread(target=self._write_all, daemon=True)
                writer.start()
                self._writer = writer  # only one that runs: the next question starts another
            self._changed.notify_all()
        return generation

    def load(self) -> None:
        """Load the model now rather than at the first question. Raises what `count_tokens` does."""
        self._running_child()

    def close(self) -> None:
        """End the child and every answer that waits; safe to call twice and at exit."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = list(self._waiting), deque()
            self._changed.notify_all()
        for generation in waiting:
            generation._end(str(self._is_closed()))
        child = self._child
        if child is not None:
            child.end()
        atexit.unregister(self.close)

    def _count(self, child: Child, text: str) -> int | None:
        number = next(self._ids)
        for answer in child.ask(number, {"count": number, "text": text}):
            return None if answer is None else int(answer["count"])
        raise AssertionError("a child answers or dies")

    def _cancel(self, generation: ProcessGeneration) -> None:
        with self._changed:
            if generation in self._waiting:
                self._waiting.remove(generation)
                return
        child = self._child
        if child is not None:
            child.cancel(generation.id)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                generation = self._waiting.popleft()
                self._writing = True
            try:
                error = self._write(generation)
            except ModelError as failure:
                error = str(failure)
            except Exception as failure:  # this thread must live on: later answers wait for it
                log.exception("an answer could not be written")
                error = (
                    f"{self._name} could not answer ({failure}). Ask again; if that does not help, "
                    "start Footnote again."
                )
            with self._changed:
                self._writing = False
            generation._end(error)

    def _write(self, generation: ProcessGeneration) -> str | None:
        """Have one answer written; the sentence that says why it failed, if it did."""
        child = self._running_child()
        if generation.is_cancelled:
            return None
        request = {
            "generate": generation.id,
            "messages": generation.messages,
            "max_tokens": generation.max_tokens,
            "citable": generation.citable,
        }
        for answer in child.ask(generation.id, request):
            if answer is None:
                return str(self._death(child))
            if "done" in answer:
                error: str | None = answer["error"]
                return error
            generation._take(answer)
        raise AssertionError("the answers of a child end with done or with its death")

    def _running_child(self) -> Child:
        with self._starting:
            if self._closed:
                raise self._is_closed()
            if self._child is None or not self._child.is_alive():
                self._child = self._load()
            return self._child

    def _load(self) -> Child:
        inspect_gguf(self._path)
        try:
            child = start_worker(self._options)
        except OSError as error:  # no memory or no process left for it
            raise ModelDied(
                self._path,
                f"The process of {self._name} could not be started ({error}). Close other "
                "programs and ask again.",
            ) from error
        self._child = child  # so that close() can end it while it loads
        greeting = None if self._closed else child.greeting(self._load_seconds)
        if greeting is None or "failed" in greeting:
            child.end()
            raise self._failed_load(child, greeting)
        self._context_tokens = int(greeting["loaded"]["context_tokens"])
        self._tokens_per_second = float(greeting["loaded"]["tokens_per_second"])
        return child

    def _failed_load(self, child: Child, greeting: dict[str, Any] | None) -> ModelError:
        if self._closed:
            return self._is_closed()
        if greeting is not None:
            kind = UnknownModel if greeting["kind"] == UnknownModel.__name__ else BadModelFile
            return kind(self._path, greeting["failed"])
        if child.timed_out:
            return ModelDied(
                self._path,
                f"{self._name} did not load within {self._load_seconds:g} seconds. Raise "
                "models.load_seconds in config.yaml, or choose a smaller model.",
            )
        if child.death == "SIGKILL":
            return ModelDied(
                self._path,
                f"{self._name} was killed while it loaded, most likely for want of memory. "
                "Close other programs or choose a smaller model.",
            )
        if not child.was_killed:
            return ModelDied(
                self._path,
                f"The process of {self._name} could not start ({child.death}). "
                "Install Footnote again.",
            )
        return BadModelFile(
            self._path,
            f"{self._path} makes llama.cpp crash ({child.death}): the file is damaged or of a "
            "kind this version does not know. Fetch it again or choose another model.",
        )

    def _death(self, child: Child) -> ModelError:
        if self._closed:
            return self._is_closed()
        if child.timed_out:
            return ModelDied(self._path, f"{self._name} did not stop and was ended. Ask again.")
        return ModelDied(
            self._path,
            f"The process of {self._name} died while it answered ({child.death}). Ask again: it "
            "starts anew. If it dies each time, choose a smaller model.",
        )

    def _is_closed(self) -> ModelDied:
        return ModelDied(self._path, f"{self._name} has been closed. Start Footnote again.")


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What a check of a model file found."""

    header: GgufHeader
    context_tokens: int
    load_seconds: float
    answered: bool  # it wrote at least one token; a file of zeros loads as well


def check_gguf(path: Path, *, threads: int = 0, load_seconds: float = 120.0) -> ModelReport:
    """Look at the header of a GGUF, then load it and have it answer a greeting.

    Raises UnknownModel, BadModelFile or ModelDied.
    """
    header = inspect_gguf(path)
    started = time.monotonic()
    model = LlmProcess(path, name=path.name, threads=threads, load_seconds=load_seconds)
    try:
        model.load()
        loaded = time.monotonic()
        answer = model.generate([_Greeting()], max_tokens=4)
        text = "".join(answer)
        if answer.error is not None:
            raise ModelDied(path, answer.error)
        return ModelReport(header, model.context_tokens, loaded - started, bool(text))
    finally:
        model.close()


@dataclass(frozen=True, slots=True)
class _Greeting:
    role: str = "user"
    content: str = "Hello"


class ProcessGeneration:
    """An answer being written: loop over it for its pieces, again for the same text.

    It never raises while looped over: when the model fails it ends, and `error` says why.
    """

    def __init__(
        self,
        id: int,
        messages: list[dict[str, str]],
        max_tokens: int,
        citable: tuple[int, ...],
        process: LlmProcess,
    ) -> None:
        self.id = id
        self.messages = messages
        self.max_tokens = max_tokens
        self.citable = citable
        self._process = process
        self._pieces: list[str] = []
        self._prompt_tokens = 0
        self._answer_tokens = 0
        self._error: str | None = None
        self._done = False
        self._cancelled = False
        self._changed = threading.Condition()
        self._read_at = self._first_at = self._last_at = 0.0  # of `monotonic`

    @property
    def prompt_tokens(self) -> int:
        """Tokens of the whole prompt, chat template included; 0 until the model has seen it."""
        return self._prompt_tokens

    @property
    def answer_tokens(self) -> int:
        """Tokens written so far."""
        return self._answer_tokens

    @property
    def reading_seconds(self) -> float:
        """What it took to read the prompt and to choose the first token; 0 until then."""
        return max(0.0, self._first_at - self._read_at)

    @property
    def writing_seconds(self) -> float:
        """From the first token to the last one so far."""
        return self._last_at - self._first_at

    @property
    def error(self) -> str | None:
        """One sentence on what went wrong, once the loop has ended; None for a cancelled one."""
        return self._error

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled

    def __iter__(self) -> Iterator[str]:
        for number in itertools.count():
            with self._changed:
                self._changed.wait_for(lambda: len(self._pieces) > number or self._done)  # noqa: B023
                if number >= len(self._pieces):
                    return
                piece = self._pieces[number]
            yield piece

    def cancel(self) -> None:
        """Stop it, whether it waits, reads or writes; what was written stays."""
        with self._changed:
            if self._done:
                return
            self._cancelled = True
        self._end(None)
        self._process._cancel(self)

    def _take(self, answer: dict[str, Any]) -> None:
        with self._changed:
            if self._done:
                return
            self._last_at = time.monotonic()
            if "prompt_tokens" in answer:
                self._read_at = self._last_at
            else:
                self._first_at = self._first_at or self._last_at
            self._prompt_tokens = answer.get("prompt_tokens", self._prompt_tokens)
            self._answer_tokens = answer.get("tokens", self._answer_tokens)
            if answer.get("piece"):
                self._pieces.append(answer["piece"])
            self._changed.notify_all()

    def _end(self, error: str | None) -> None:
        with self._changed:
            if not self._done:
                self._done = True
                self._error = error
            self._changed.notify_all()
