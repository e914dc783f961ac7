"""The child process that owns a model; `models.process` is the side that talks to it.

Run as `python -m models.worker`. Both sides write one JSON object a line:

    to the child      {"load": {...}}, then {"count": id, "text"},
                      {"generate": id, "messages", "max_tokens", "citable"}, {"cancel": id}
    from the child    {"loaded": {"context_tokens", "tokens_per_second"}} or {"failed", "kind"},
                      then {"id", "count"}; {"id", "prompt_tokens"}, {"id", "piece", "tokens"} ...,
                      {"id", "done": true, "error", "kind"}

The model may abort the process at any time: that is why it has one of its own. The end of standard
input, which is also what the death of the parent looks like, ends it.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from models.errors import BadModelFile, ModelError

if TYPE_CHECKING:
    from models.llama import LlamaModel


def main() -> NoReturn:
    """Serve one model over standard input and output until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is the parent's affair
    answers = _own_stdout()
    requests = sys.stdin
    try:
        model = _load(json.loads(requests.readline())["load"])
    except ModelError as error:
        answers.send(failed=str(error), kind=type(error).__name__)
        _leave(1)
    answers.send(
        loaded={
            "context_tokens": model.context_tokens,
            "tokens_per_second": model.tokens_per_second,
        }
    )
    server = _Server(model, answers)
    threading.Thread(target=server.listen, args=(requests,), daemon=True).start()
    server.work()


def _load(options: dict[str, Any]) -> LlamaModel:
    from models.llama import LlamaModel

    path = Path(options.pop("path"))
    try:
        return LlamaModel.load(path, **options)
    except MemoryError:
        raise BadModelFile(
            path, f"{path} needs more memory than there is. Choose a smaller model."
        ) from None


def _leave(status: int) -> NoReturn:
    """End without tearing the model down, which could take long or crash."""
    os._exit(status)


class _Answers:
    """The way back to the parent; whole lines, from any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, **answer: Any) -> None:
        line = json.dumps(answer)
        with self._lock:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except OSError:
                _leave(0)  # the parent is gone


def _own_stdout() -> _Answers:
    """Take standard output away from C code, whose prints would corrupt the protocol."""
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return _Answers(stream)


class _Server:
    """Counts at once, generates one after the other, and stops what is cancelled."""

    def __init__(self, model: LlamaModel, answers: _Answers) -> None:
        self._model = model
        self._answers = answers
        self._jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()

    def listen(self, requests: TextIO) -> None:
        """Read requests until the input ends, then end the process."""
        for line in requests:
            request = json.loads(line)
            if "cancel" in request:
                self._cancelled.add(request["cancel"])
            elif "count" in request:
                # Here rather than in the queue: counting must not wait for an answer to be written.
                count = self._model.count_tokens(request["text"])
                self._answers.send(id=request["count"], count=count)
            else:
                self._jobs.put(request)
        _leave(0)

    def work(self) -> NoReturn:
        """Generate what is asked for, for ever."""
        while True:
            request = self._jobs.get()
            job = request["generate"]
            error: Exception | None = None
            try:
                self._generate(job, request)
            except Exception as caught:
                error = caught
            self._cancelled.discard(job)
            self._answers.send(id=job, done=True, **_describe(error))

    def _generate(self, job: int, request: dict[str, Any]) -> None:
        max_tokens = request["max_tokens"]
        tokens = self._model.prompt_tokens(request["messages"], max_tokens)
        self._answers.send(id=job, prompt_tokens=len(tokens))
        for piece, written in self._model.stream(
            tokens,
            max_tokens,
            cancelled=lambda: job in self._cancelled,
            citable=request["citable"],
        ):
            self._answers.send(id=job, piece=piece, tokens=written)


def _describe(error: Exception | None) -> dict[str, str | None]:
    if error is None:
        return {"error": None, "kind": None}
    if isinstance(error, ModelError):
        return {"error": str(error), "kind": type(error).__name__}
    detail = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return {
        "error": f"The model failed while it answered ({detail}). Ask again, or choose another.",
        "kind": "ModelDied",
    }


if __name__ == "__main__":
    main()
