"""The formats that are JSON: each object of a file is read by its own, so that a file may mix them.

A file is called by the format of its first record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from rag.readers.arxiv_json import is_arxiv, read_arxiv
from rag.readers.crossref import is_crossref, read_crossref
from rag.readers.csl_json import is_csl, read_csl
from rag.readers.json_records import json_objects, json_objects_of
from rag.readers.jsonl import is_ours, read_ours
from rag.readers.line_records import are_mostly
from rag.readers.openalex import is_openalex, read_openalex
from rag.readers.reader import Reader
from rag.readers.semantic_scholar import is_semantic_scholar, read_semantic_scholar
from rag.readers.source import Head, Source
from rag.types import BadRecord, Record


@dataclass(frozen=True, slots=True)
class _Format:
    name: str
    is_one: Callable[[dict[str, Any]], bool]
    read: Callable[[int, dict[str, Any]], Record | BadRecord]


_NAMES_TITLE = re.compile(r'"title"\s{0,9}:')
_OURS = _Format("JSON Lines", is_ours, read_ours)
# The surest first: an object is read by the first that knows it.
_FORMATS = (
    _Format("OpenAlex", is_openalex, read_openalex),
    _Format("Semantic Scholar", is_semantic_scholar, read_semantic_scholar),
    _Format("Crossref", is_crossref, read_crossref),
    _Format("arXiv metadata", is_arxiv, read_arxiv),
    _Format("CSL-JSON", is_csl, read_csl),
    _OURS,
)


def _format_of(fields: dict[str, Any]) -> _Format | None:
    return next((known for known in _FORMATS if known.is_one(fields)), None)


def _is_record(fields: dict[str, Any]) -> bool:
    return _format_of(fields) is not None


def _is_file_of(wanted: _Format, head: Head) -> bool:
    """Whether the first record of a file is of this format."""
    lines = [line for line in head.text.split("\n", 200) if line.strip("\x00\ufeff \t\r")]
    is_lines = are_mostly(lines, lambda line: line.lstrip("\x00\ufeff \t").startswith("{"))
    if head.text.lstrip("\x00\ufeff \t\r\n")[:1] not in ("{", "[") and not is_lines:
        return False  # not even JSON Lines whose first is broken
    is_broken = not head.is_whole  # or its first record is so long that the head ends within it
    for found in json_objects_of(head.text, _is_record):
        if isinstance(found, BadRecord):
            is_broken = True
        elif known := _format_of(found[1]):
            return known is wanted
    # What is wrong with its records is told one by one, if they seem to be of papers.
    return wanted is _OURS and is_broken and bool(_NAMES_TITLE.search(head.text))


def _read(source: Source) -> Iterator[Record | BadRecord]:
    for found in json_objects(source, _is_record):
        if isinstance(found, BadRecord):
            yield found
        else:
            line, fields = found
            yield (_format_of(fields) or _OURS).read(line, fields)


READERS = tuple(Reader(known.name, partial(_is_file_of, known), _read) for known in _FORMATS)
