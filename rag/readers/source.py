"""A file on disk -> its first characters and its lines, within bounds of time and memory."""

from __future__ import annotations

import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from rag.errors import ReadError

HEAD_BYTES = 1 << 18
MAX_LINE_CHARACTERS = 10_000_000
MAX_BYTES = 2 << 30  # unpacked; an arXiv dump of 1.5 million abstracts fits
_BOMB_BYTES = 64 << 20  # from here on a file that unpacks to more than
_BOMB_RATIO = 150  # so many times its size is taken for a trap; text packs to a third or a tenth
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK_CHARACTERS = 1 << 20
_BROKEN_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; `text` is None where it is longer than any record."""

    number: int  # from 1
    text: str | None


class Source:
    """An open file of text, read from its start by `head` and by `lines`."""

    def __init__(
        self, path: Path, stream: io.BufferedIOBase, packed_bytes: int, is_gzip: bool
    ) -> None:
        self.path = path
        self.name = shown(path)
        self._stream = stream
        self._packed_bytes = packed_bytes
        self._is_gzip = is_gzip
        self._characters = 0
        self._line = 0

    def head(self) -> bytes:
        """The first bytes, unpacked; fewer where the file is cut short."""
        pieces: list[bytes] = []
        try:
            self._stream.seek(0)
            while sum(map(len, pieces)) < HEAD_BYTES and (piece := self._stream.read1(1 << 16)):
                pieces.append(piece)
        except _BROKEN_GZIP:
            if not pieces:
                raise
        return b"".join(pieces)[:HEAD_BYTES]

    def lines(self) -> Iterator[Line]:
        """Every line from the start; ReadError where the file turns out to be broken or a bomb."""
        self._stream.seek(0)
        text = io.TextIOWrapper(cast(BinaryIO, self._stream), "utf-8-sig", errors="replace")
        while line := self._read(text, MAX_LINE_CHARACTERS):
            self._line += 1
            if len(line) == MAX_LINE_CHARACTERS and not line.endswith("\n"):
                while (rest := self._read(text, _CHUNK_CHARACTERS)) and not rest.endswith("\n"):
                    pass
                yield Line(self._line, None)
            else:
                yield Line(self._line, line.rstrip("\n"))

    def _read(self, text: io.TextIOWrapper, limit: int) -> str:
        with reported(self.path, after_line=self._line):
            piece = text.readline(limit)
        self._characters += len(piece)
        if self._characters > MAX_BYTES:
            raise ReadError(
                self.path,
                f"{self.name} unpacks to more than {MAX_BYTES >> 30} GB; split it into smaller "
                f"files. What stands before line {self._line + 1} was read.",
            )
        if (
            self._is_gzip
            and self._characters > _BOMB_BYTES
            and self._characters > _BOMB_RATIO * self._packed_bytes
        ):
            raise ReadError(
                self.path,
                f"{self.name} unpacks to more than {_BOMB_RATIO} times its size, which no file of "
                "papers does; unpack it yourself if you trust it.",
            )
        return piece


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A regular file as a Source, unpacked if its first bytes say gzip; ReadError otherwise."""
    name = shown(path)
    with reported(path):
        try:
            status = path.stat()  # follows links: what matters is what they lead to
        except ValueError as error:
            raise ReadError(path, f"{name} cannot be the name of a file; check it.") from error
        if stat.S_ISDIR(status.st_mode):
            raise ReadError(path, f"{name} is a folder; name the files in it.")
        if not stat.S_ISREG(status.st_mode):
            raise ReadError(path, f"{name} is a pipe or a device; copy what it gives into a file.")
        if status.st_size == 0:
            raise ReadError(path, f"{name} is empty; save it again.")
        if status.st_size > MAX_BYTES:
            raise ReadError(
                path, f"{name} is larger than {MAX_BYTES >> 30} GB; split it into smaller files."
            )
        plain = path.open("rb")
    with plain:
        with reported(path):
            is_gzip = plain.read(2) == _GZIP_MAGIC
            plain.seek(0)
        stream: io.BufferedIOBase = gzip.GzipFile(fileobj=plain) if is_gzip else plain
        yield Source(path, stream, status.st_size, is_gzip)


@contextmanager
def reported(path: Path, after_line: int = 0) -> Iterator[None]:
    """Turns what the system says of a file into a ReadError that says what to do."""
    name = shown(path)
    try:
        yield
    except FileNotFoundError as error:
        raise ReadError(path, f"There is no file {name}; check its name and folder.") from error
    except PermissionError as error:
        raise ReadError(path, f"You may not read {name}; change its permissions.") from error
    except _BROKEN_GZIP as error:
        where = f" after line {after_line}; the lines before were read" if after_line else ""
        raise ReadError(
            path, f"The gzip file {name} is cut short or damaged{where}. Fetch it again."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReadError(path, f"{name} cannot be read ({reason}); check its name.") from error


def shown(path: Path) -> str:
    """A path fit for a message: what does not print is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
