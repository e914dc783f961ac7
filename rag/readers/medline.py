"""PubMed's MEDLINE format, also saved as .nbib, -> Records.

(National Library of Medicine, MEDLINE/PubMed Data Element Descriptions, 2024.) A tag of up to four
letters, a hyphen and a value; six blanks begin a line that goes on. The libraries that read it are
parts of far larger ones, so it is read here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rag.names import Name, write_name
from rag.readers.fields import make_record, read_doi, read_month, read_year
from rag.readers.line_records import are_mostly, grouped
from rag.readers.reader import Reader
from rag.readers.source import Head, Source
from rag.types import BadRecord, Publication, Record

_MAX_HEADER_LINES = 10
_TAG = re.compile(r"([A-Z]{2,4}) {0,2}- ?(.*)", re.DOTALL)
_LINE = re.compile(_TAG.pattern + "| {6}")
_ONCE = {"OWN", "STAT", "TI", "BTI", "AB", "DP", "JT", "TA"}
_START = re.compile(r"\ufeff?PMID ?- *\d{1,9}\s*$")
_SUFFIX = re.compile(r"(.*\S) (Jr|Sr|II|III|IV|[23][nr]d)\.?")
_KINDS = {  # publication type in lower case: kind; the first that is found
    "preprint": "article",
    "dataset": "dataset",
    "book chapter": "chapter",
    "chapter": "chapter",
    "book": "book",
    "technical report": "report",
    "academic dissertation": "thesis",
    "journal article": "article-journal",
}


def _is_medline(head: Head) -> bool:
    """Whether a record begins within the first lines, and its next lines are tagged as well.

    Where the first record is damaged, another begins later, and most lines are tagged.
    """
    if head.is_binary:
        return False
    lines = [line for line in head.text.splitlines() if line.strip("\x00 \t\ufeff")]
    for i, line in enumerate(lines):
        if _START.match(line) and any(map(_TAG.match, lines[i + 1 : i + 3])):
            return i < _MAX_HEADER_LINES or are_mostly(lines, _LINE.match)
    return False


def _read(source: Source) -> Iterator[Record | BadRecord]:
    for group in grouped(source.lines(), _START.match):
        if isinstance(group, BadRecord):
            yield group
            continue
        end = _end(group.lines)
        yield _record(group.line, _fields(group.lines[:end]))
        if end < len(group.lines):
            yield BadRecord(group.line + end + 1, "the record does not begin with its PMID")


def _end(lines: Sequence[str]) -> int:
    """Where a record ends: at a blank line, if behind it stand tags that a record has but once.

    They belong to one whose beginning is lost.
    """
    told, blank = set[str](), 0
    for i, line in enumerate(lines):
        match = _TAG.match(line)
        if not line.strip():
            blank = blank or i
        elif match and match[1] in _ONCE:
            if blank and match[1] in told:
                return blank
            told.add(match[1])
    return len(lines)


def _fields(lines: Sequence[str]) -> Mapping[str, list[str]]:
    """The values of a record by their tags, with the lines of each joined."""
    found: defaultdict[str, list[list[str]]] = defaultdict(list)
    tag = ""
    for line in lines:
        match = _TAG.match(line.removeprefix("\ufeff"))
        if match:
            tag = match[1]
            found[tag].append([match[2].strip()])
        elif not line.strip():
            tag = ""
        elif tag:
            found[tag][-1].append(line.strip())
    return {tag: [" ".join(lines) for lines in values] for tag, values in found.items()}


def _record(line: int, fields: Mapping[str, list[str]]) -> Record | BadRecord:
    def first(*tags: str) -> str:
        return next((value for tag in tags for value in fields.get(tag, ()) if value), "")

    numbers = [n.removesuffix("[doi]").strip() for n in _all(fields, "LID", "AID", "SO")
               if n.endswith("[doi]")]  # fmt: skip
    is_in_book = "BTI" in fields and "TI" in fields
    return make_record(
        line,
        title=first("TI", "BTI", "CTI", "TT").removesuffix("."),
        abstract=first("AB", "OAB"),
        authors=_names(fields, "FAU", "AU"),
        year=next((y for y in map(read_year, (first("DP"), first("DEP"))) if y), None),
        doi=next(filter(read_doi, numbers), ""),
        pmid=first("PMID"),
        publication=Publication(
            kind="chapter" if is_in_book else _kind(fields.get("PT", [])),
            venue=first("BTI", "CTI") if is_in_book else first("JT", "TA"),
            volume=first("VI"),
            issue=first("IP"),
            pages=first("PG"),
            publisher=first("PB"),
            place=first("PL") if "PB" in fields else "",  # of a journal it is the country
            edition=first("EN"),
            month=_month(first("DP")),
            isbn=first("ISBN").split(" (")[0],
            issn=first("IS").split(" (")[0],
            editors=tuple(_names(fields, "FED", "ED")),
        ),
        tags=[*(k.strip("* ") for k in fields.get("OT", [])), *_major(fields.get("MH", []))],
    )


def _all(fields: Mapping[str, list[str]], *tags: str) -> Iterator[str]:
    return (value for tag in tags for value in fields.get(tag, ()))


def _names(fields: Mapping[str, list[str]], full: str, short: str) -> Iterator[str]:
    """People, by their full names where these are told, and groups (CN)."""
    for text in fields.get(full) or []:
        family, _, given = text.partition(",")
        suffixed = _SUFFIX.fullmatch(given.strip())
        parts = (suffixed[1], suffixed[2]) if suffixed else (given.strip(), "")
        yield write_name(Name(family.strip(), *parts))
    for text in fields.get(short, []) if not fields.get(full) else []:
        family, _, initials = text.rpartition(" ")  # "Quill AB"
        yield write_name(Name(family, initials) if family else Name(initials))
    for text in fields.get("CN", []) if short == "AU" else []:
        yield write_name(Name(text, is_group=True))


def _kind(types: list[str]) -> str:
    told = {kind.lower() for kind in types}
    return next((kind for name, kind in _KINDS.items() if name in told), "article-journal")


def _month(date: str) -> int | None:
    """The month of `2021 May 3`."""
    words = date.split(" ")
    return read_month(words[1].partition("-")[0]) if len(words) > 1 else None


def _major(headings: list[str]) -> Iterator[str]:
    """The MeSH headings that are marked as what the paper is about, without their qualifiers."""
    return (h.partition("/")[0].strip("* ") for h in headings if "*" in h)


READER = Reader("MEDLINE", _is_medline, _read)
