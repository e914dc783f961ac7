"""Papers of Semantic Scholar -> Records: of its Graph API, and of its bulk datasets.

(Semantic Scholar, Academic Graph API v1 and Datasets API v1, the `papers` dataset, 2024.) Both name
the same fields, in camel case and in lower case; earlier dumps have a `paperAbstract`.
"""

from __future__ import annotations

import re
from typing import Any

from rag.readers.csl_json import first_text
from rag.readers.fields import field, make_record, read_month
from rag.readers.tex import plain
from rag.types import BadRecord, Publication, Record

_KINDS = {
    "JournalArticle": "article-journal",
    "Review": "article-journal",
    "LettersAndComments": "article-journal",
    "Editorial": "article-journal",
    "Book": "book",
    "BookSection": "chapter",
    "Dataset": "dataset",
}
_PREPRINTS = frozenset({"arxiv", "arxiv.org", "biorxiv", "medrxiv"})
_MARKS = frozenset(
    {"paperId", "corpusId", "corpusid", "externalIds", "externalids", "paperAbstract", "citedPaper",
     "citingPaper"}
)  # fmt: skip
_MONTH = re.compile(r"\d{4}-(\d{2})")


def is_semantic_scholar(fields: dict[str, Any]) -> bool:
    """Whether an object is a paper of Semantic Scholar, or a citation that holds one."""
    return not _MARKS.isdisjoint(fields)


def read_semantic_scholar(line: int, told: dict[str, Any]) -> Record | BadRecord:
    """The record of a paper, or of the one that a citation holds."""
    inner = told.get("citedPaper") or told.get("citingPaper")
    paper = {
        key.lower(): value for key, value in (inner if isinstance(inner, dict) else told).items()
    }
    ids = {key.lower(): value for key, value in _dict(paper.get("externalids")).items()}
    journal = _dict(paper.get("journal"))
    venue = field(journal.get("name"), plain) or field(
        paper.get("venue") or paper.get("journalname"), plain
    )
    is_preprint = venue.lower() in _PREPRINTS
    volume = field(journal.get("volume"), plain)  # "12 3" with its issue, or "abs/2101.00001"
    numbers = volume.split(" ") if re.fullmatch(r"\d+ \d+", volume) else [volume, ""]
    date = _MONTH.match(field(paper.get("publicationdate"), plain))
    publication = Publication(
        kind="article" if is_preprint else _kind(paper),
        venue="" if is_preprint else venue,
        volume="" if is_preprint else numbers[0],
        issue=numbers[1],
        pages="-".join(field(journal.get("pages"), plain).replace(" ", "").split("--")),
        month=read_month(date[1]) if date else None,
    )
    return make_record(
        line,
        title=first_text(paper.get("title"), 100_000),
        abstract=first_text(paper.get("abstract") or paper.get("paperabstract"), 1_000_000),
        authors=[_dict(author).get("name", author) for author in _list(paper.get("authors"))],
        year=paper.get("year") or paper.get("publicationdate"),
        url=paper.get("url") or paper.get("s2url"),
        doi=ids.get("doi") or paper.get("doi"),
        arxiv_id=ids.get("arxiv"),
        pmid=ids.get("pubmed") or paper.get("pmid"),
        s2_id=paper.get("paperid")
        or paper.get("corpusid")
        or ids.get("corpusid")
        or told.get("id"),
        publication=publication,
        tags=_fields_of_study(paper),
    )


def _kind(paper: dict[str, Any]) -> str:
    """By its types, of which a paper has several, and by what its venue is."""
    types = [name for name in _list(paper.get("publicationtypes")) if isinstance(name, str)]
    is_journal = _dict(paper.get("publicationvenue")).get("type") == "journal"
    if "Conference" in types and not is_journal:
        return "paper-conference"
    return next((_KINDS[name] for name in types if name in _KINDS), "")


def _fields_of_study(paper: dict[str, Any]) -> list[object]:
    named = _list(paper.get("s2fieldsofstudy"))
    return _list(paper.get("fieldsofstudy")) or [_dict(name).get("category") for name in named]


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
