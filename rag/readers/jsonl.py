"""JSON Lines, the form of our own -> Records: objects with at least a `title`; and back.

An object with `"tex": false` holds texts that are to be kept as they are, as those of an export do.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

from rag.readers.fields import field, make_record, read_month
from rag.readers.tex import clean, plain
from rag.types import UNPUBLISHED, BadRecord, Paper, Publication, Record

_MAX_AUTHORS_CHARACTERS = 200_000
_AUTHOR_BREAK = re.compile(r"\s*;\s*|\s+and\s+")
_MARKS = frozenset(
    "abstract authors author year doi arxiv_id pmid categories publication tags notes tex".split()
)


def is_ours(fields: dict[str, Any]) -> bool:
    """Whether an object says of a paper what ours say: a title and something more, or it alone."""
    has_title = isinstance(fields.get("title"), str)
    return (has_title and (len(fields) == 1 or not _MARKS.isdisjoint(fields))) or (
        "title" not in fields and isinstance(fields.get("abstract"), str)
    )


def read_ours(line: int, fields: dict[str, Any]) -> Record | BadRecord:
    """The record of an object, of any that has such fields."""
    for key in ("title", "abstract"):
        if not isinstance(fields.get(key, ""), str | None):
            return BadRecord(line, f'the "{key}" is not a text')
    read = plain if fields.get("tex") is False else clean
    return make_record(
        line,
        title=fields.get("title"),
        abstract=fields.get("abstract"),
        authors=_authors(fields.get("authors")),
        year=fields.get("year"),
        url=fields.get("url"),
        doi=fields.get("doi"),
        arxiv_id=field(fields.get("arxiv_id")) or field(fields.get("id")),
        pmid=fields.get("pmid"),
        openalex_id=fields.get("openalex_id"),
        s2_id=fields.get("s2_id"),
        publication=_publication(fields.get("publication")),
        tags=_names(fields.get("tags")) or _names(fields.get("categories")),
        key=fields.get("key"),
        notes=fields.get("notes"),
        is_read=fields.get("is_read") is True,
        is_note=fields.get("is_note") is True,
        read=read,
    )


def fields_of(paper: Paper | Record) -> dict[str, Any]:
    """All that is said of a paper, by the names of our own form."""
    fields = asdict(paper)
    version = fields.pop("arxiv_version")
    if paper.arxiv_id and version:
        fields["arxiv_id"] = f"{paper.arxiv_id}v{version}"
    return {k: v for k, v in fields.items() if k not in ("id", "sources", "line")}


def json_line(paper: Paper) -> str:
    """A paper as a line that is read back as the same record."""
    fields = {name: value for name, value in fields_of(paper).items() if value}
    if paper.publication:
        fields["publication"] = {k: v for k, v in fields["publication"].items() if v}
    else:
        fields.pop("publication", None)
    return json.dumps({**fields, "tex": False}, ensure_ascii=False) + "\n"


def _authors(value: object) -> list[object]:
    """Names from a list, or from one text with `;` or `and` between them."""
    if isinstance(value, str) and len(value) <= _MAX_AUTHORS_CHARACTERS:
        return list(_AUTHOR_BREAK.split(value))
    return value if isinstance(value, list) else []


def _names(value: object) -> list[object]:
    """Tags from a list, or from one text with spaces, `;` or `,` between them."""
    if isinstance(value, str):
        return list(re.split(r"[\s;,]+", field(value, plain)))
    return value if isinstance(value, list) else []


def _publication(value: object) -> Publication:
    if not isinstance(value, dict):
        return UNPUBLISHED
    texts = {
        key: field(value.get(key), plain)
        for key in "kind venue volume issue pages publisher place edition isbn issn".split()
    }
    editors = value.get("editors")
    names = editors if isinstance(editors, list | tuple) else ()
    return Publication(
        month=read_month(value.get("month")),
        editors=tuple(name for name in names if isinstance(name, str)),
        **texts,
    )
