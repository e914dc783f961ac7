"""Works of OpenAlex -> Records.

(OpenAlex, the Work object of its API and its snapshot, 2024.) Of its many machine-made keywords
none becomes a tag; the field of study does, of which there are 26: few enough to sort by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.readers.crossref import kind_of_crossref
from rag.readers.csl_json import first_text
from rag.readers.fields import MAX_ABSTRACT_CHARACTERS, field, make_record, read_arxiv_id
from rag.readers.markup import text_of_markup
from rag.readers.tex import plain
from rag.types import BadRecord, Publication, Record

_MAX_WORDS = MAX_ABSTRACT_CHARACTERS // 2  # of an abstract
_ID = re.compile(r"(?:https?://(?:api\.)?openalex\.org/(?:works/)?)?W\d{1,15}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-(\d{2})-(?!01)|\d{4}-(0[2-9]|1[012])-01")  # January 1st: not known
_KINDS = {
    "article": "article-journal",
    "review": "article-journal",
    "letter": "article-journal",
    "editorial": "article-journal",
    "preprint": "article",
    "book": "book",
    "book-chapter": "chapter",
    "dissertation": "thesis",
    "report": "report",
    "dataset": "dataset",
    "standard": "standard",
    "reference-entry": "entry",
    "peer-review": "review",
    "software": "software",
}


def is_openalex(fields: dict[str, Any]) -> bool:
    """Whether an object is a work of OpenAlex."""
    if "title" not in fields and "display_name" not in fields:
        return False
    told = fields.get("id")
    return (
        (isinstance(told, str) and _ID.fullmatch(told) is not None)
        or isinstance(fields.get("authorships"), list)
        or "abstract_inverted_index" in fields
    )


def read_openalex(line: int, work: dict[str, Any]) -> Record | BadRecord:
    """The record of a work."""
    ids, biblio = _dict(work.get("ids")), _dict(work.get("biblio"))
    places = [place for place in _dicts(work.get("locations")) if place]
    primary = _dict(work.get("primary_location")) or next(iter(places), {})
    source = _dict(primary.get("source")) or _dict(work.get("host_venue"))
    is_repository = source.get("type") == "repository"
    pages = [field(biblio.get(name), plain) for name in ("first_page", "last_page")]
    date = _DATE.match(field(work.get("publication_date"), plain))
    publication = Publication(
        kind=_kind(work, source),
        venue="" if is_repository else text_of_markup(field(source.get("display_name"), plain)),
        volume=field(biblio.get("volume"), plain),
        issue=field(biblio.get("issue"), plain),
        pages="-".join(dict.fromkeys(filter(None, pages))),
        publisher=""
        if is_repository
        else field(source.get("host_organization_name") or source.get("publisher"), plain),
        month=int(date[1] or date[2]) if date and 1 <= int(date[1] or date[2]) <= 12 else None,
        issn=first_text(source.get("issn_l") or source.get("issn")),
    )
    url = primary.get("landing_page_url")
    topic = _dict(_dict(work.get("primary_topic")).get("field")).get("display_name")
    return make_record(
        line,
        title=text_of_markup(first_text(work.get("title") or work.get("display_name"), 100_000)),
        abstract=_abstract(work),
        authors=(_author(entry) for entry in _dicts(work.get("authorships"))),
        year=work.get("publication_year") or work.get("publication_date"),
        url=url if isinstance(url, str) and "://doi.org/" not in url else "",
        doi=work.get("doi") or ids.get("doi"),
        arxiv_id=_arxiv_id([primary, *places]),
        pmid=ids.get("pmid"),
        openalex_id=work.get("id") or ids.get("openalex"),
        publication=publication,
        tags=[topic],
    )


def _abstract(work: dict[str, Any]) -> str:
    """The abstract from the places of its words, as OpenAlex tells it."""
    index = _dict(work.get("abstract_inverted_index"))
    words = [
        (place, word)
        for word, places in _dict(index.get("InvertedIndex", index)).items()
        for place in (places if isinstance(places, list) else ())[:_MAX_WORDS]
        if type(place) is int and 0 <= place < _MAX_WORDS
    ][: 2 * _MAX_WORDS]
    told = list[str]()
    length = 0
    for _, word in sorted(words):
        length += len(word) + 1
        if length > 2 * MAX_ABSTRACT_CHARACTERS:
            break  # it is refused for its length
        told.append(word)
    return text_of_markup(" ".join(told) or first_text(work.get("abstract"), 1_000_000))


def _kind(work: dict[str, Any], source: dict[str, Any]) -> str:
    told = work.get("type")
    kind = _KINDS.get(told, "") if isinstance(told, str) else ""
    kind = kind or kind_of_crossref(work.get("type_crossref") or told)
    if kind in ("article-journal", "article") and source.get("type") == "conference":
        return "paper-conference"
    if kind == "article-journal" and work.get("type_crossref") == "proceedings-article":
        return "paper-conference"
    return "article" if kind == "article-journal" and source.get("type") == "repository" else kind


def _author(entry: dict[str, Any]) -> str:
    return field(
        _dict(entry.get("author")).get("display_name") or entry.get("raw_author_name"), plain
    )


def _arxiv_id(places: list[dict[str, Any]]) -> str:
    """The number in the first address on arXiv among the places where the work is."""
    addresses = (field(p.get(k), plain) for p in places for k in ("landing_page_url", "pdf_url"))
    return next((url for url in addresses if "arxiv" in url and read_arxiv_id(url)[0]), "")


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    yield from map(_dict, value if isinstance(value, list) else ())
