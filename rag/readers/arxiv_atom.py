"""arXiv's XML -> Records: the Atom of its API, and what its OAI-PMH interface gives.

(arXiv API User's Manual, 2024; the `arXiv` and `arXivRaw` formats of arXiv's OAI-PMH v2.0.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rag.names import Name, write_name
from rag.readers.fields import make_record
from rag.readers.reader import Reader
from rag.readers.source import Head, Source, encoding_of
from rag.readers.xml_records import XmlRecord, root_of, text_of, xml_records
from rag.types import BadRecord, Publication, Record

_OAI_ROOTS = ("OAI-PMH", "ListRecords", "GetRecord")
_OAI_MARK = re.compile(r"<(?:[\w.-]{1,40}:)?arXiv(?:Raw)?[\s>]")
_ATOM_MARK = re.compile(r"arxiv\.org/(?:schemas/atom|api|abs)")
_BREAK = re.compile(r" ?, ?and | ?, ?| and ")
_VERSION = re.compile(r"v\d{1,3}")
_AFFILIATION = re.compile(r"\([^()]*\)")
_MAX_NAMES_CHARACTERS = 200_000


def _is_arxiv(head: Head) -> bool:
    text = head.raw.decode(encoding_of(head.raw), errors="replace")
    root = root_of(head)
    if root in _OAI_ROOTS:
        return bool(_OAI_MARK.search(text))
    return root in ("feed", "entry") and bool(_ATOM_MARK.search(text))


def _read(source: Source) -> Iterator[Record | BadRecord]:
    for found in xml_records(source.texts(), ("entry", "record")):
        if isinstance(found, BadRecord):
            yield found
        elif found.element.tag == "entry":
            yield _entry(found)
        else:
            yield _harvested(found)


def _entry(found: XmlRecord) -> Record | BadRecord:
    """An entry of the API's Atom."""
    entry = found.element
    id_ = _text(entry, "id")
    if "/api/errors" in id_:
        return BadRecord(found.line, f"arXiv told of an error: {_text(entry, 'summary')[:200]}")
    return make_record(
        found.line,
        title=_text(entry, "title"),
        abstract=_text(entry, "summary"),
        authors=[_text(author, "name") for author in entry.iterfind("author")],
        year=_text(entry, "published")[:4],
        doi=_text(entry, "doi"),
        arxiv_id=id_,
        publication=_publication(_text(entry, "journal_ref")),
        tags=_categories(c.get("term", "") for c in entry.iterfind("category")),
    )


def _harvested(found: XmlRecord) -> Record | BadRecord:
    """A record of OAI-PMH."""
    paper = found.element.find("metadata/arXiv")
    is_raw = paper is None
    if paper is None:
        paper = found.element.find("metadata/arXivRaw")
    if paper is None:
        return BadRecord(found.line, "the record tells nothing of a paper; it may be a deleted one")
    versions = paper.findall("version")
    first = _text(versions[0], "date") if versions else _text(paper, "created")
    version = versions[-1].get("version", "") if versions else ""
    return make_record(
        found.line,
        title=_text(paper, "title"),
        abstract=_text(paper, "abstract"),
        authors=_raw_names(_text(paper, "authors")) if is_raw else _names(paper),
        year=first,
        doi=_text(paper, "doi").partition(" ")[0],
        arxiv_id=_text(paper, "id") + (version if _VERSION.fullmatch(version) else ""),
        publication=_publication(_text(paper, "journal-ref")),
        tags=_categories(_text(paper, "categories").split()),
    )


def _text(element: Element, path: str) -> str:
    return text_of(element.find(path)).strip()


def _publication(reference: str) -> Publication:
    """A preprint's: arXiv tells where it appeared as one text, which is kept as the venue."""
    return Publication(kind="article", venue=reference)


def _categories(terms: Iterator[str] | list[str]) -> Iterator[str]:
    """The categories of arXiv; those of other bodies stand beside them, as "68T05; 62H30"."""
    return (term for term in terms if re.fullmatch(r"[a-z][a-z-]*(?:\.[A-Za-z-]+)?", term))


def _names(paper: Element) -> list[str]:
    return [
        write_name(Name(_text(a, "keyname"), _text(a, "forenames"), _text(a, "suffix")))
        for a in paper.iterfind("authors/author")
    ]


def _raw_names(text: str) -> list[str]:
    """Names from one text, with affiliations in brackets between them: "A. Fern ((1) Tide)"."""
    text = text[:_MAX_NAMES_CHARACTERS]
    for _ in range(3):  # the inner brackets first
        text = _AFFILIATION.sub(" ", text)
    return _BREAK.split(" ".join(text.split()))


READER = Reader("arXiv XML", _is_arxiv, _read)
