"""A stream of bytes -> its beginning, its lines and its whole, within bounds of time and memory."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from rag.errors import ReadError

HEAD_BYTES = 1 << 18
MAX_LINE_CHARACTERS = 10_000_000
MAX_BYTES = 2 << 30  # unpacked; an arXiv dump of 1.5 million abstracts fits
BOMB_BYTES = 8 << 20  # from here on a file that unpacks to more than
BOMB_RATIO = 150  # so many times its size is taken for a trap; text packs to a third or a tenth
_PIECE = 1 << 18
_SHOWN_CHARACTERS = 150  # of the beginning, and of the end, of a long path in a message
_BROKEN = (  # what gzip and zipfile raise for what is damaged
    gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError,
    OverflowError, UnicodeDecodeError,
)  # fmt: skip
_MARKUP_START = re.compile(r"\s*<(?:!doctype html|html|head|body|script|div)\b", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]{0,500})?>", re.IGNORECASE)
_CHARACTERS_PER_TAG = 300  # in the source of a page; an abstract on HTML may name a few tags
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_MAX_CONTROL_SHARE = 0.05
_BOMS = (  # the longer ones first: that of UTF-16 begins that of UTF-32
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_TRUSTED = re.compile(r"(?:iso8859|cp125|koi8|gb|big5|shift_jis|euc|mac)[\w-]*")


class Stream(Protocol):
    """Bytes that can be read from their start again."""

    def read1(self, size: int, /) -> bytes: ...  # what is there before a fault, then the fault
    def seek(self, offset: int, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; `text` is None where it is longer than any record."""

    number: int  # from 1
    text: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, by which its format is told."""

    raw: bytes  # at most HEAD_BYTES
    text: str  # the same as text, whole lines where there is more than one

    @property
    def is_whole(self) -> bool:
        """Whether the file ends within it."""
        return len(self.raw) < HEAD_BYTES

    @property
    def is_binary(self) -> bool:
        return len(_CONTROL.findall(self.text)) > _MAX_CONTROL_SHARE * len(self.text)

    @property
    def is_markup(self) -> bool:
        """Whether this is the source of a web page and not its text."""
        start = self.text[:50_000]
        tags = len(_TAG.findall(start))
        return bool(_MARKUP_START.match(start)) or (
            tags > 5 and tags * _CHARACTERS_PER_TAG > len(start)
        )


class Source:
    """An open file, read from its start by each of its methods, and by `head`.

    The lines of a text end with `\\n`, however they end in the file. ReadError, from any of them,
    where the file turns out to be broken, or unpacks to more than any file of papers does.
    """

    def __init__(self, path: Path, name: str, stream: Stream, packed_bytes: int) -> None:
        """`packed_bytes` is the size on disk, by which a bomb is told."""
        self.path = path
        self.name = name  # fit for a message
        self._stream = stream
        self._packed_bytes = packed_bytes
        self._line = 0  # the last that `lines` or `texts` gave

    @cached_property
    def head(self) -> Head:
        """Its first bytes; fewer where it is cut short."""
        raw = b""
        try:
            for piece in self.pieces():
                raw += piece
                if len(raw) >= HEAD_BYTES:
                    break
        except ReadError:
            if not raw:
                raise
        raw = raw[:HEAD_BYTES]
        text = decoded(raw)
        if len(raw) == HEAD_BYTES:
            text = text[: text.rfind("\n") + 1] or text  # its last line is likely cut
        return Head(raw, text)

    def lines(self) -> Iterator[Line]:
        """Every line from the start."""
        self._line = 0
        parts, length = list[str](), 0  # of the line that has not ended yet
        for text in self._texts():
            *ends, rest = text.split("\n")
            for end in ends:
                self._line += 1
                whole = length + len(end) <= MAX_LINE_CHARACTERS
                yield Line(self._line, "".join((*parts, end)) if whole else None)
                parts, length = [], 0
            length += len(rest)
            if length <= MAX_LINE_CHARACTERS:
                parts.append(rest)
        if length:
            yield Line(self._line + 1, "".join(parts) if length <= MAX_LINE_CHARACTERS else None)

    def text(self, limit: int) -> str:
        """The whole as text; ReadError above `limit` bytes."""
        return decoded(self.content(limit))

    def content(self, limit: int) -> bytes:
        """The whole as bytes; ReadError above `limit` bytes."""
        pieces, length = list[bytes](), 0
        for piece in self.pieces():
            pieces.append(piece)
            length += len(piece)
            if length > limit:
                raise ReadError(
                    self.path,
                    f"{self.name} is larger than {limit >> 20} MB; split it into smaller files.",
                )
        return b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the start, piece by piece."""
        with reported(self.path, self.name):
            self._stream.seek(0)
        length = 0
        while True:
            with reported(self.path, self.name, after_line=self._line):
                piece = self._stream.read1(_PIECE)
            if not piece:
                return
            length += len(piece)
            self._refuse_bomb(length)
            yield piece

    def texts(self) -> Iterator[str]:
        """The text from the start, piece by piece."""
        self._line = 0
        for text in self._texts():
            yield text
            self._line += text.count("\n")

    def _texts(self) -> Iterator[str]:
        encoding = encoding_of(self.head.raw)
        decoder = codecs.getincrementaldecoder(encoding)(_errors(encoding))
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        for piece in self.pieces():
            yield newlines.decode(decoder.decode(piece))
        yield newlines.decode(decoder.decode(b"", final=True), final=True)

    def _refuse_bomb(self, length: int) -> None:
        if length > MAX_BYTES:
            raise ReadError(
                self.path,
                f"{self.name} unpacks to more than {MAX_BYTES >> 30} GB; split it into smaller "
                f"files. What stands before line {self._line + 1} was read.",
            )
        if length > max(BOMB_BYTES, BOMB_RATIO * self._packed_bytes):
            raise ReadError(
                self.path,
                f"{self.name} unpacks to more than {BOMB_RATIO} times its size, which no file of "
                "papers does; unpack it yourself if you trust it.",
            )


@contextmanager
def reported(path: Path, name: str, after_line: int = 0) -> Iterator[None]:
    """Turns what the system says of a file into a ReadError that says what to do."""
    try:
        yield
    except FileNotFoundError as error:
        raise ReadError(path, f"There is no file {name}; check its name and folder.") from error
    except PermissionError as error:
        raise ReadError(path, f"You may not read {name}; change its permissions.") from error
    except _BROKEN as error:
        where = f" after line {after_line}; the lines before were read" if after_line else ""
        raise ReadError(
            path, f"What is packed in {name} is cut short or damaged{where}. Fetch it again."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in a name, a seek to nowhere
        reason = getattr(error, "strerror", None) or str(error)
        raise ReadError(path, f"{name} cannot be read ({reason}); check its name.") from error


def encoding_of(raw: bytes) -> str:
    """The encoding of a text by its first bytes: a byte order mark, what XML declares, or UTF-8."""
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return encoding
    even, odd = raw[:4096:2], raw[1:4096:2]
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > max(4, len(zeros) // 2) and others.count(0) < len(others) // 4:
            return encoding  # UTF-16 without its mark
    if declared := _DECLARED.match(raw[:4096]):
        try:
            name = codecs.lookup(declared[1].decode("ascii", "replace")).name
        except LookupError:
            return "utf-8"
        if _TRUSTED.fullmatch(name):
            return name
    return "utf-8"


def decoded(raw: bytes) -> str:
    """Bytes as text whose lines end with `\\n`; never fails."""
    encoding = encoding_of(raw)
    text = raw.decode(encoding, _errors(encoding))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _errors(encoding: str) -> str:
    return "footnote-western" if encoding.startswith("utf-8") else "replace"


def _western(error: UnicodeError) -> tuple[str, int]:
    """From what is no UTF-8 to the end of its line as Windows-1252, which holds Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    match = _LINE_END.search(error.object, error.end)
    end = match.start() if match else len(error.object)
    return codecs.charmap_decode(error.object[error.start : end], "strict", _WESTERN)[0], end


_LINE_END = re.compile(rb"[\r\n]")
# The five bytes that Windows-1252 leaves open are what Latin-1 has there.
_WESTERN = "".join(
    bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(256)
)
codecs.register_error("footnote-western", _western)


def shown(name: object) -> str:
    """A path or a name fit for a message: not endless, and what does not print is escaped."""
    text = str(name)
    if len(text) > 2 * _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…{text[-_SHOWN_CHARACTERS:]}"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
