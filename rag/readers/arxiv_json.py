"""The arXiv metadata snapshot, JSON Lines -> Records.

(arXiv, metadata snapshot for machine learning, 2020.) Smaller copies of it tell `authors` as a list
and a `year`, and leave out versions.
"""

from __future__ import annotations

import re
from typing import Any

from rag.readers.csl_json import first_text
from rag.readers.fields import field, group_of, make_record, name_of, read_arxiv_id, read_year
from rag.readers.tex import clean, plain
from rag.types import BadRecord, Publication, Record

_MAX_AUTHORS_CHARACTERS = 200_000
_AFFILIATION = re.compile(r"\([^()]{0,200}\)")
_BREAK = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")
_GROUP = re.compile(r"\b(?:collaboration|consortium|group|team)s?$", re.IGNORECASE)


def is_arxiv(fields: dict[str, Any]) -> bool:
    """Whether an object is a line of the snapshot or of a smaller copy."""
    return "title" in fields and (
        isinstance(fields.get("authors_parsed"), list)
        or ("categories" in fields and read_arxiv_id(fields.get("id"))[0] is not None)
    )


def read_arxiv(line: int, paper: dict[str, Any]) -> Record | BadRecord:
    """The record of a line."""
    number, version = read_arxiv_id(paper.get("id") or paper.get("arxiv_id"))
    versions = paper.get("versions")
    versions = [v for v in versions if isinstance(v, dict)] if isinstance(versions, list) else []
    newest = str(versions[-1].get("version", ""))[:5] if versions and not version else ""
    reference = field(paper.get("journal-ref"), clean)
    categories = paper.get("categories")
    if isinstance(categories, str):
        categories = field(categories, plain).split()
    return make_record(
        line,
        title=first_text(paper.get("title"), 100_000),
        abstract=first_text(paper.get("abstract"), 1_000_000),
        authors=_authors(paper),
        year=_year(paper, versions, number or ""),
        url=paper.get("url"),
        doi=field(paper.get("doi"), plain).split(" ")[0],  # some name a second one behind it
        arxiv_id=f"{paper.get('id')}{newest}"
        if re.fullmatch(r"v\d{1,3}", newest)
        else paper.get("id"),
        publication=Publication("article-journal" if reference else "article", venue=reference),
        tags=categories if isinstance(categories, list) else (),
    )


def _authors(paper: dict[str, Any]) -> list[object]:
    parsed, told = paper.get("authors_parsed"), paper.get("authors")
    if isinstance(parsed, list) and parsed:
        return [_name(parts) for parts in parsed[:5000] if isinstance(parts, list) and parts]
    if isinstance(told, str) and len(told) <= _MAX_AUTHORS_CHARACTERS:
        names = _BREAK.split(_AFFILIATION.sub("", told).strip())
        return [group_of(name) if _GROUP.search(name) else name for name in names]
    return told if isinstance(told, list) else []


def _name(parts: list[object]) -> str:
    """`[family, given, suffix, affiliation, …]` as a name."""
    family, given, suffix = (*parts, "", "")[:3] if len(parts) < 3 else parts[:3]
    if not given and _GROUP.search(field(family, plain)):
        return group_of(family)
    return name_of(family, given, suffix)


def _year(paper: dict[str, Any], versions: list[dict[str, Any]], number: str) -> int | None:
    """The year that is told, that of the first version, or the one that the number begins with."""
    created = read_year(versions[0].get("created")) if versions else None
    if year := read_year(paper.get("year")) or created:
        return year
    digits = re.match(r"\d\d", number.rpartition("/")[2])
    if not digits:
        return None
    return int(digits[0]) + (1900 if int(digits[0]) > 90 else 2000)  # arXiv began in 1991
