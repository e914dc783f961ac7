"""Reads many files in one child process, and fails where one breaks what all readers promise.

Any input gives Records, BadRecords or a ReadError, within 2 s of the processor's time and 512 MB.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType

from rag.errors import ReadError
from rag.readers import files_in, records
from rag.readers.pdf import PdfText, pdf_record
from rag.readers.pdf_child import read as read_pdf
from rag.types import BadRecord, Record
from tests.rag.readers.mutations import Mutations

SECONDS = 2.0  # of the processor, for one input
BYTES_PER_SECOND = 50 << 20  # for large ones, besides
MEGABYTES = 512  # above what the process took when it began
_STUCK_SECONDS = 120  # of the clock; then the child is killed, whatever it does
_ROOT = Path(__file__).parents[3]
FORMATS = tuple(sorted(p.stem for p in Path(__file__).with_name("written").glob("[a-z]*.py")))
CONTAINERS = ("gzip", "zip")


@dataclass(frozen=True, slots=True)
class Effort:
    """What reading took."""

    inputs: int
    records: int  # good ones
    seconds: float  # of the worst input
    megabytes: float  # of all


def examples_of(subject: str) -> tuple[bytes, ...]:
    """The hand-written files of a format, or packed ones."""
    if subject in CONTAINERS:
        listing, jsonl = (examples_of(name)[0] for name in ("listing", "jsonl"))
        packed = gzip.compress(jsonl)
        if subject == "gzip":
            return packed, gzip.compress(listing)
        members = {"a/é.txt": listing, "b.gz": packed, "c": b"", "../d": jsonl[:300]}
        return zipped(members), zipped(members, zipfile.ZIP_STORED)
    examples = import_module(f"tests.rag.readers.written.{subject}").EXAMPLES
    assert isinstance(examples, tuple)
    return examples


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def fuzz(subject: str, count: int, seed: int, path: Path, reader: str = "files") -> Effort:
    """What `count` mutations of a format's examples took; AssertionError for a broken promise.

    Each is written to `path` before it is read, so that the one that broke it stands there.
    """
    return _in_child(path, subject=subject, count=count, seed=seed, reader=reader)


def read_in_child(path: Path, reader: str = "files") -> Effort:
    """What reading one file took; AssertionError for a broken promise."""
    return _in_child(path, subject="", count=0, seed=0, reader=reader)


def _in_child(path: Path, **task: object) -> Effort:
    child = subprocess.run(
        [sys.executable, "-m", "tests.rag.readers.fuzzing", json.dumps({"path": str(path)} | task)],
        env=os.environ | {"PYTHONPATH": str(_ROOT)}, cwd=_ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if child.returncode:
        told = child.stderr[-3000:] or f"ended by signal {-child.returncode}"
        raise AssertionError(f"{path} broke a promise of the readers ({task}):\n{told}")
    return Effort(**json.loads(child.stdout))


def check_records(path: Path, found: Iterable[object]) -> int:
    """How many records a file gave; fails unless they can be stored and what refuses it shown."""
    good = 0
    try:
        for record in found:
            if isinstance(record, Record):
                texts = (record.title, record.abstract, *record.authors, *record.tags)
                assert record.title
                assert "\x00" not in "".join(texts)
                good += 1
            else:
                assert isinstance(record, BadRecord), record
                assert record.reason
                assert "\n" not in record.reason
            str(record).encode()
    except ReadError as error:
        refusal = error
    else:
        return good
    message = str(refusal)
    message.encode()
    assert message.endswith(".")
    assert "\n" not in message
    assert refusal.path == path
    return good


class _TooSlow(BaseException):
    """No reader may catch it."""


def _stop(signal_number: int, frame: FrameType | None) -> None:
    raise _TooSlow(f"it takes more than {SECONDS} s")


def _read_files(path: Path) -> int:
    return sum(check_records(path, records(file)) for file in files_in(path))


def _read_pdf(path: Path) -> int:
    """As the parent and the child of a PDF do together, without starting one."""
    answer = json.loads(json.dumps(read_pdf(path.read_bytes())))
    if "fault" in answer:
        return 0
    lines = tuple((float(size), str(line)) for size, line in answer["lines"])
    return check_records(
        path, [pdf_record(PdfText(tuple(answer["pages"]), lines, answer["metadata"]))]
    )


def _raising(path: Path) -> Iterator[object]:
    raise UnicodeDecodeError("utf-8", b"", 0, 1, "planted")
    yield


def _slow(path: Path) -> Iterator[object]:
    until = time.process_time() + 2 * SECONDS
    while time.process_time() < until:
        with suppress(Exception):
            sum(range(1000))
    yield BadRecord(1, "planted")


def _large(path: Path) -> Iterator[object]:
    try:
        data = b"x" * (600 << 20)
    except MemoryError:
        data = b""
    yield BadRecord(1, f"planted, {len(data)}")


def _planted(read: Callable[[Path], Iterator[object]]) -> Callable[[Path], int]:
    return lambda path: check_records(path, read(path))


READERS: dict[str, Callable[[Path], int]] = {
    "files": _read_files,
    "pdf": _read_pdf,
    "raising": _planted(_raising),
    "slow": _planted(_slow),
    "large": _planted(_large),
    "dying": lambda _: os.abort(),
    "careless": _planted(lambda _: iter((Record("A\x00", "B"),))),
    "other": _planted(lambda _: iter(("text",))),
}


def _megabytes() -> float:
    """The most memory that this process ever took; Linux counts its parent's in `ru_maxrss`."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    (peak,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / (1 << 10)


def main() -> None:
    """The child: reads its task from its arguments, and tells what it took."""
    task = json.loads(sys.argv[1])
    path, read = Path(task["path"]), READERS[task["reader"]]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if Path("/proc/self/statm").exists():  # so that a fault does not take the machine's memory
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + (3 * MEGABYTES << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGPROF, _stop)
    logging.disable()

    def inputs() -> Iterator[None]:
        if not task["subject"]:
            yield
            return
        examples = examples_of(task["subject"])
        for content in examples:
            path.write_bytes(content)
            _read_files(path)  # what is loaded at first use is loaded now
        for content in Mutations(examples, task["seed"]).files(task["count"]):
            path.write_bytes(content)
            yield

    count = good = 0
    worst, before = 0.0, 0.0
    for _ in inputs():
        before = before or _megabytes()
        signal.setitimer(signal.ITIMER_PROF, SECONDS + path.stat().st_size / BYTES_PER_SECOND)
        signal.alarm(_STUCK_SECONDS)
        started = time.process_time()
        good += read(path)
        worst = max(worst, time.process_time() - started)
        signal.setitimer(signal.ITIMER_PROF, 0)
        taken = _megabytes() - before
        assert taken < MEGABYTES, f"it takes {taken:.0f} MB, more than {MEGABYTES}"
        count += 1
    json.dump(asdict(Effort(count, good, worst, _megabytes() - before)), sys.stdout)


if __name__ == "__main__":
    main()
