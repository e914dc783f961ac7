"""Works of Crossref's REST API -> Records.

(Crossref, REST API, the schema of a work, 2024.) The same work as CSL-JSON, which Crossref gives
for a DOI, tells texts instead of lists of texts and is read as well.
"""

from __future__ import annotations

from typing import Any

from rag.readers.csl_json import first_text, names_of, read_date
from rag.readers.fields import field, make_record
from rag.readers.markup import text_of_markup
from rag.readers.tex import plain
from rag.types import BadRecord, Publication, Record

_KINDS = {
    "journal-article": "article-journal",
    "proceedings-article": "paper-conference",
    "posted-content": "article",
    "book-chapter": "chapter",
    "book-section": "chapter",
    "book-part": "chapter",
    "book-track": "chapter",
    "reference-entry": "entry",
    "book": "book",
    "monograph": "book",
    "edited-book": "book",
    "reference-book": "book",
    "proceedings": "book",
    "dissertation": "thesis",
    "report": "report",
    "report-component": "report",
    "dataset": "dataset",
    "database": "dataset",
    "standard": "standard",
    "peer-review": "review",
}
_DATES = ("issued", "published", "published-print", "published-online", "posted", "created")
_MARKS = frozenset({"member", "prefix", "is-referenced-by-count", "reference-count", "indexed"})


def is_crossref(fields: dict[str, Any]) -> bool:
    """Whether an object is a work of Crossref."""
    if not isinstance(fields.get("DOI"), str) or "paperId" in fields:
        return False
    told = fields.get("type")
    return (
        not _MARKS.isdisjoint(fields)
        or isinstance(fields.get("title"), list)
        or (isinstance(told, str) and told in _KINDS and told not in ("book", "dataset", "report"))
    )


def read_crossref(line: int, work: dict[str, Any]) -> Record | BadRecord:
    """The record of a work."""
    dates = (read_date(work.get(name)) for name in _DATES)
    year, month = next((date for date in dates if date[0]), (None, None))
    institution = work.get("institution")
    if isinstance(institution, list):
        institution = institution[0] if institution else None
    school = institution.get("name") if isinstance(institution, dict) else ""
    told = work.get("type")
    publication = Publication(
        kind=kind_of_crossref(told),
        venue=text_of_markup(first_text(work.get("container-title"))),
        volume=field(work.get("volume"), plain),
        issue=field(work.get("issue"), plain),
        pages=field(work.get("page"), plain) or field(work.get("article-number"), plain),
        publisher=field(school, plain) or field(work.get("publisher"), plain),
        place=field(work.get("publisher-location"), plain),
        edition=field(work.get("edition-number"), plain),
        month=month,
        isbn=first_text(work.get("ISBN")).rpartition("/")[2],
        issn=first_text(work.get("ISSN")),
        editors=tuple(names_of(work.get("editor"))),
    )
    return make_record(
        line,
        title=_title(work),
        abstract=text_of_markup(first_text(work.get("abstract"), 1_000_000)),
        authors=names_of(work.get("author")),
        year=year,
        url=_address(work),
        doi=work.get("DOI"),
        publication=publication,
    )


def kind_of_crossref(told: object) -> str:
    """The type of CSL for one of Crossref's; "" where it has none."""
    return _KINDS.get(told, "") if isinstance(told, str) else ""


def _title(work: dict[str, Any]) -> str:
    """Title and subtitle, which Crossref keeps apart."""
    title = text_of_markup(first_text(work.get("title"), 100_000)).strip()
    subtitle = text_of_markup(first_text(work.get("subtitle"))).strip()
    if not title or not subtitle or subtitle.lower() in title.lower():
        return title
    return f"{title} {subtitle}" if title[-1] in ":?!." else f"{title}: {subtitle}"


def _address(work: dict[str, Any]) -> object:
    """Where the publisher shows it; `URL` only tells the DOI again."""
    resource = work.get("resource")
    primary = resource.get("primary") if isinstance(resource, dict) else None
    return primary.get("URL") if isinstance(primary, dict) else ""
