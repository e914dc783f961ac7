"""Files -> Records. The format is told by what a file holds, never by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rag.errors import ReadError
from rag.readers.jsonl import looks_like_jsonl, read_jsonl
from rag.readers.listing import looks_like_listing, read_listing
from rag.readers.source import HEAD_BYTES, Source, opened, reported
from rag.types import BadRecord, Record

__all__ = ["read_records"]

_FORMATS = (
    'Footnote reads JSON Lines (one {"title": …, "abstract": …} a line, plain or gzip) and paper '
    "listings saved as text (a title, then its abstract)."
)
_MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"SQLite format 3": "a SQLite database",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
}
_MARKUP_START = re.compile(r"\s*<(?:!doctype html|html|head|body|script|div)\b", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]{0,500})?>", re.IGNORECASE)
_CHARACTERS_PER_TAG = 300  # in the source of a page; an abstract on HTML may name a few tags
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_MAX_CONTROL_SHARE = 0.05


def read_records(path: Path) -> Iterator[Record | BadRecord]:
    """The records of a file in its order; a bad one is told and does not stop the others.

    Raises ReadError, while looped over, for a file that is missing, broken or of another kind;
    records that came before it are good.
    """
    with opened(path) as source:
        with reported(path):
            head_bytes = source.head()
        head = head_bytes.decode("utf-8-sig", errors="replace")
        if len(head_bytes) == HEAD_BYTES:
            head = head[: head.rfind("\n") + 1] or head  # its last line is likely cut
        if looks_like_jsonl(head):
            yield from read_jsonl(source.lines())
            return
        layout = None if _is_markup(head) else looks_like_listing(head)
        if layout is None or _is_binary(head):
            raise _refusal(source, head, head_bytes)
        yield from read_listing(source.lines(), layout)


def _is_binary(head: str) -> bool:
    return len(_CONTROL.findall(head)) > _MAX_CONTROL_SHARE * len(head)


def _is_markup(head: str) -> bool:
    """Whether this is the source of a web page and not its text."""
    start = head[:50_000]
    tags = len(_TAG.findall(start))
    return bool(_MARKUP_START.match(start)) or (
        tags > 5 and tags * _CHARACTERS_PER_TAG > len(start)
    )


def _refusal(source: Source, head: str, head_bytes: bytes) -> ReadError:
    """Why a file is read by no reader, and what to do."""
    what = next((kind for magic, kind in _MAGIC.items() if head_bytes.startswith(magic)), None)
    start = head.lstrip()[:1]
    if what is not None:
        reason = f"is {what}"
    elif _is_binary(head):
        reason = "is not text"
    elif not head.strip("\x00 \t\r\n\f"):
        reason = "holds only blanks"
    elif _is_markup(head):
        reason = "is the source of a web page; open it in a browser and save the page as text"
    elif start == "<":
        reason = "is XML"
    elif start in "[{":
        reason = "begins like JSON, but not with one whole object a line"
    else:
        reason = "does not read as a list of papers"
    return ReadError(source.path, f"{source.name} {reason}. {_FORMATS}")
