"""JSON Lines -> Records: one object a line with at least `title` and `abstract`; and back.

A line with `"tex": false` holds texts that are to be kept as they are, as those of an export do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rag.readers.source import MAX_LINE_CHARACTERS, Line
from rag.readers.tex import clean, plain
from rag.types import BadRecord, Paper, Record

MAX_TITLE_CHARACTERS = 5_000
MAX_ABSTRACT_CHARACTERS = 100_000
MAX_TAGS = 100  # of one paper
_MAX_AUTHORS = 5_000
_MAX_FIELD_CHARACTERS = 2_000
_ARXIV = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z-]{2,20}(?:\.[A-Z]{2})?/\d{7})(?=(?:v\d+)?$)")
_ARXIV_PREFIX = re.compile(r"(?:arxiv:|https?://(?:www\.)?arxiv\.org/(?:abs|pdf)/)", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/\S+$")
_DOI_PREFIX = re.compile(r"(?:doi:\s*|https?://(?:dx\.)?doi\.org/)", re.IGNORECASE)
_AUTHOR_BREAK = re.compile(r"\s*;\s*|\s+and\s+")
_YEAR = re.compile(r"\d{4}")


def looks_like_jsonl(head: str) -> bool:
    """Whether at least half of the first lines begin as JSON objects and one of them is whole."""
    lines = [line.strip() for line in head.splitlines()[:100] if line.strip("\x00 \t\r")]
    objects = [line for line in lines if line.startswith("{")]
    if not objects or 2 * len(objects) < len(lines):
        return False
    if len(lines) == 1 and '"' in lines[0][:50]:
        return True  # one record, or one so long that the head ends within it
    return any(isinstance(_parsed(line), dict) for line in objects)


def read_jsonl(lines: Iterable[Line]) -> Iterator[Record | BadRecord]:
    """A Record for each good line, a BadRecord for each bad one; blank lines are skipped."""
    for line in lines:
        if line.text is None:
            limit = MAX_LINE_CHARACTERS // 1_000_000
            yield BadRecord(line.number, f"the line is longer than {limit} million characters")
        elif line.text.strip("\x00 \t\r\ufeff"):
            yield _record(line.number, line.text.strip("\x00 \t\r\ufeff"))


def _record(number: int, text: str) -> Record | BadRecord:
    fields = _parsed(text)
    if isinstance(fields, str):
        return BadRecord(number, fields)
    if not isinstance(fields, dict):
        return BadRecord(number, "the line is not a JSON object in curly brackets")
    read = plain if fields.get("tex") is False else clean
    title, reason = _required(fields, "title", MAX_TITLE_CHARACTERS, read)
    if reason:
        return BadRecord(number, reason)
    abstract, reason = _required(fields, "abstract", MAX_ABSTRACT_CHARACTERS, read)
    if reason:
        return BadRecord(number, reason)
    arxiv_id = _arxiv_id(fields)
    doi = _doi(fields.get("doi"))
    return Record(
        title=title,
        abstract=abstract,
        authors=_authors(fields.get("authors"), read),
        year=_year(fields.get("year")),
        url=_url(fields.get("url"), arxiv_id, doi),
        doi=doi,
        arxiv_id=arxiv_id,
        line=number,
        is_note=fields.get("is_note") is True,
        tags=_tags(fields.get("tags"), read) or _tags(fields.get("categories"), read),
    )


def json_line(paper: Paper) -> str:
    """A paper as a line that is read back as the same record."""
    fields: dict[str, object] = {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "year": paper.year,
        "doi": paper.doi,
        "arxiv_id": paper.arxiv_id,
        "url": paper.url,
        "tags": paper.tags,
        "is_note": paper.is_note,
    }
    known = {key: value for key, value in fields.items() if value}
    return json.dumps({**known, "tex": False}, ensure_ascii=False) + "\n"


def _parsed(text: str) -> Any:
    """What a line of JSON says, or why it says nothing as a str; no JSON string comes through."""
    try:
        value = json.loads(text, strict=False)  # a stray tab or NUL in a text is no fault
    except json.JSONDecodeError as error:
        return f"the line is not valid JSON: {error.msg} at character {error.pos + 1}"
    except RecursionError:
        return "the line is not a record: its brackets are nested too deeply"
    except ValueError:
        return "the line holds a number with too many digits"
    return None if isinstance(value, str) else value


def _required(
    fields: dict[str, Any], key: str, limit: int, read: Callable[[str], str]
) -> tuple[str, str]:
    """The cleaned text of a field and "", or "" and the reason why the record is unusable."""
    value = fields.get(key)
    if value is None:
        return "", f'the record has no "{key}"'
    if not isinstance(value, str):
        return "", f'the "{key}" is not a text'
    if len(value) > limit:
        return "", f'the "{key}" has {len(value):,} characters; at most {limit:,} are read'
    text = read(value)
    return (text, "") if any(c.isalnum() for c in text) else ("", f'the "{key}" is empty')


def _field(value: object, read: Callable[[str], str] = clean) -> str:
    """A short optional text, cleaned; "" for what is none."""
    return read(value) if isinstance(value, str) and len(value) <= _MAX_FIELD_CHARACTERS else ""


def _arxiv_id(fields: dict[str, Any]) -> str | None:
    """The arXiv number without its version, from `arxiv_id` or an `id` that looks like one."""
    for key in ("arxiv_id", "id"):
        match = _ARXIV.match(_ARXIV_PREFIX.sub("", _field(fields.get(key)), count=1))
        if match:
            return match[0]
    return None


def _doi(value: object) -> str | None:
    match = _DOI.match(_DOI_PREFIX.sub("", _field(value), count=1))
    return match[0].lower() if match else None  # DOIs ignore case


def _url(value: object, arxiv_id: str | None, doi: str | None) -> str | None:
    """The record's own web address, or the one that its arXiv number or DOI stands for."""
    address = value.strip() if isinstance(value, str) else ""
    if re.fullmatch(r"https?://[\x21-\x7e]{1,2000}", address):
        return address
    if arxiv_id:
        return f"https://arxiv.org/abs/{arxiv_id}"
    return f"https://doi.org/{doi}" if doi else None


def _authors(value: object, read: Callable[[str], str]) -> tuple[str, ...]:
    """Names from a list of texts, or from one text with `;` or `and` between them."""
    if isinstance(value, str) and len(value) <= 100 * _MAX_FIELD_CHARACTERS:
        names: list[Any] = _AUTHOR_BREAK.split(value)
    else:
        names = value if isinstance(value, list) else []
    return tuple(known for name in names[:_MAX_AUTHORS] if (known := _field(name, read)))


def _year(value: object) -> int | None:
    if isinstance(value, str) and _YEAR.fullmatch(value.strip()):
        value = int(value)
    is_year = isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 2999
    return value if is_year else None  # type: ignore[return-value]


def _tags(value: object, read: Callable[[str], str]) -> tuple[str, ...]:
    """Categories from a list of texts, or from one text with spaces, `;` or `,` between them."""
    names = re.split(r"[\s;,]+", _field(value, read)) if isinstance(value, str) else value
    if not isinstance(names, list):
        return ()
    found = (_field(name, read) for name in names[:MAX_TAGS])
    return tuple(dict.fromkeys(tag for tag in found if tag))
