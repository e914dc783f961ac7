"""EndNote's XML -> Records, as EndNote X to 21 and the programs that write for it export it.

`<xml><records><record>`, often all on one line, with runs of `<style>` within the texts. The format
has no public specification; its fields are those of EndNote's reference types (EndNote 21 manual,
2023, "Reference Types").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rag.names import Name, write_name
from rag.readers.fields import make_record, read_doi, read_month, read_url
from rag.readers.reader import Reader
from rag.readers.source import Head, Source, encoding_of
from rag.readers.xml_records import XmlRecord, root_of, text_of, xml_records
from rag.types import BadRecord, Publication, Record

# EndNote's types -> the item types of CSL 1.0.2.
_KINDS = {
    "journal article": "article-journal",
    "electronic article": "article-journal",
    "magazine article": "article-magazine",
    "newspaper article": "article-newspaper",
    "conference paper": "paper-conference",
    "conference proceedings": "paper-conference",
    "book": "book",
    "edited book": "book",
    "electronic book": "book",
    "book section": "chapter",
    "electronic book section": "chapter",
    "encyclopedia": "entry-encyclopedia",
    "thesis": "thesis",
    "report": "report",
    "government document": "report",
    "web page": "webpage",
    "blog": "post-weblog",
    "dataset": "dataset",
    "computer program": "software",
    "patent": "patent",
    "standard": "standard",
    "preprint": "article",
    "manuscript": "manuscript",
    "unpublished work": "manuscript",
}
# Where a record tells the number of its type alone.
_NUMBERS = {
    "5": "chapter",
    "6": "book",
    "10": "paper-conference",
    "12": "webpage",
    "17": "article-journal",
    "27": "report",
    "32": "thesis",
    "43": "article-journal",
    "47": "paper-conference",
}
_ALONE = ("book", "thesis", "report", "patent")  # what EndNote tells as their second title is none
_STANDARD_NUMBER = re.compile(r"[\dXx-]{8,17}")
_OF_PUBMED = re.compile(r"pubmed|medline|^nlm$", re.IGNORECASE)
_MARK = re.compile(r"<(?:[\w.-]{1,40}:)?(?:ref-type|titles|contributors)[\s>]")


def _is_endnote(head: Head) -> bool:
    text = head.raw.decode(encoding_of(head.raw), errors="replace")
    return root_of(head) in ("xml", "records") and bool(_MARK.search(text))


def _read(source: Source) -> Iterator[Record | BadRecord]:
    for found in xml_records(source.texts(), ("record",)):
        yield found if isinstance(found, BadRecord) else _record(found)


def _record(found: XmlRecord) -> Record | BadRecord:
    record = found.element

    def text(path: str) -> str:
        return text_of(record.find(path)).strip()

    type_ = record.find("ref-type")
    kind = _kind(type_)
    urls = [url for e in record.iterfind("urls/*/url") for url in text_of(e).split()]
    databases = (text("remote-database-name"), text("remote-database-provider"))
    is_pubmed = any(map(_OF_PUBMED.search, databases)) or any("pubmed" in url for url in urls)
    accession = text("accession-num")
    is_arxiv = "arxiv" in accession.lower()
    number = _STANDARD_NUMBER.search(text("isbn"))
    is_serial = kind.startswith("article")
    second = "" if kind in _ALONE else text("titles/secondary-title")
    publication = Publication(
        kind=kind,
        venue=text("periodical/full-title") or second or text("periodical/abbr-1"),
        volume=text("volume"),
        issue=text("number") or text("issue"),
        pages=text("pages"),
        publisher=text("publisher"),
        place=text("pub-location"),
        edition=text("edition"),
        month=read_month(text("dates/pub-dates/date")),
        isbn=number[0] if number and not is_serial else "",
        issn=number[0] if number and is_serial else "",
        editors=tuple(_names(record, "contributors/secondary-authors/author")),
    )
    return make_record(
        found.line,
        title=text("titles/title"),
        abstract=text("abstract"),
        authors=_names(record, "contributors/authors/author"),
        year=text("dates/year"),
        url=next(filter(read_url, urls), ""),
        doi=next(filter(read_doi, text("electronic-resource-num").split()), ""),
        arxiv_id=accession if is_arxiv else "",
        pmid=accession if is_pubmed else "",
        publication=publication,
        tags=[t.strip() for e in record.iterfind("keywords/keyword") for t in _rows(text_of(e))],
        notes=text("research-notes"),
    )


def _kind(type_: Element | None) -> str:
    if type_ is None:
        return ""
    name = type_.get("name", "").lower()
    return _KINDS.get(name) or _NUMBERS.get(text_of(type_).strip(), "")


def _rows(text: str) -> list[str]:
    """The lines of a field: EndNote ends them with a carriage return."""
    return re.split(r"[\r\n]+", text)


def _names(record: Element, path: str) -> Iterator[str]:
    """EndNote's names are `Family, Given, Suffix`; what ends with a comma is a group."""
    for element in record.iterfind(path):
        text = text_of(element).strip()
        family, given, suffix = (*(part.strip() for part in text.split(",", 2)), "", "")[:3]
        is_group = "," in text and not given + suffix
        yield write_name(Name(family, given, suffix, is_group))


READER = Reader("EndNote XML", _is_endnote, _read)
