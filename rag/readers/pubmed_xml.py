"""PubMed's XML -> Records: what E-utilities and the yearly baseline files hold.

(PubMed DTD of 1 January 2024, https://dtd.nlm.nih.gov/ncbi/pubmed/, with MEDLINE/PubMed XML Element
Descriptions, NLM 2023.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rag.names import Name, write_name
from rag.readers.fields import make_record, read_month, read_year
from rag.readers.reader import Reader
from rag.readers.source import Head, Source
from rag.readers.xml_records import XmlRecord, root_of, text_of, xml_records
from rag.types import BadRecord, Publication, Record

_RECORDS = ("PubmedArticle", "PubmedBookArticle")
_ROOTS = ("PubmedArticleSet", "PubmedBookArticleSet", *_RECORDS)
_MAX_HEADINGS = 5  # of MeSH that become tags: those of what a paper is mainly about
_PAGES = re.compile(r"(\d+)-(\d+)")
_NO_TITLE = ("[not available].", "[in process citation]")  # there is but one in another language
_WORD = re.compile(r"[^\W\d_]+")


def _is_pubmed(head: Head) -> bool:
    return root_of(head) in _ROOTS


def _read(source: Source) -> Iterator[Record | BadRecord]:
    for found in xml_records(source.texts(), _RECORDS):
        if isinstance(found, BadRecord):
            yield found
        elif found.element.tag == "PubmedArticle":
            yield _article(found)
        else:
            yield _book(found)


def _article(found: XmlRecord) -> Record | BadRecord:
    citation = _child(found.element, "MedlineCitation")
    article = _child(citation, "Article")
    journal = _child(article, "Journal")
    date = _child(journal, "JournalIssue/PubDate")
    year, month = _date(date)
    types = {text_of(e) for e in article.iterfind("PublicationTypeList/PublicationType")}
    publication = Publication(
        kind="article" if "Preprint" in types else "article-journal",
        venue=_text(journal, "Title") or _text(journal, "ISOAbbreviation"),
        volume=_text(journal, "JournalIssue/Volume"),
        issue=_text(journal, "JournalIssue/Issue"),
        pages=_pages(article),
        month=month,
        issn=_text(journal, "ISSN"),
        editors=_names(article, "editors"),
    )
    return make_record(
        found.line,
        title=_title(article),
        abstract=_abstract(article) or _abstract(citation, "OtherAbstract[@Language='eng']"),
        authors=_names(article, "authors"),
        year=year or _date(_child(article, "ArticleDate"))[0],
        doi=_doi(article, found.element.find("PubmedData")),
        pmid=_text(citation, "PMID"),
        publication=publication,
        tags=(*_texts(citation, "KeywordList/Keyword"), *_main_headings(citation)),
    )


def _book(found: XmlRecord) -> Record | BadRecord:
    document = _child(found.element, "BookDocument")
    book = _child(document, "Book")
    chapter, title = _title(document), _text(book, "BookTitle")
    year, month = _date(_child(book, "PubDate"))
    publication = Publication(
        kind="chapter" if chapter else "book",
        venue=title if chapter else "",
        volume=_text(book, "Volume"),
        pages=_pages(document),
        publisher=_text(book, "Publisher/PublisherName"),
        place=_text(book, "Publisher/PublisherLocation"),
        edition=_text(book, "Edition"),
        month=month,
        isbn=_text(book, "Isbn"),
        editors=_names(book, "editors"),
    )
    return make_record(
        found.line,
        title=chapter or title,
        abstract=_abstract(document),
        authors=_names(document, "authors") or _names(book, "authors"),
        year=year or _date(_child(document, "ContributionDate"))[0],
        doi=_doi(book, document),
        pmid=_text(document, "PMID"),
        publication=publication,
        tags=_texts(document, "KeywordList/Keyword"),
    )


def _child(element: Element, path: str) -> Element:
    """The first such element; an empty one where there is none."""
    found = element.find(path)
    return Element("none") if found is None else found


def _text(element: Element, path: str) -> str:
    return text_of(element.find(path)).strip()


def _texts(element: Element, path: str) -> list[str]:
    return [text_of(found) for found in element.iterfind(path)]


def _title(article: Element) -> str:
    """The title; of a paper in another language what PubMed translates it to, in "[…].", as its
    abstract is in English too."""
    title, own = _text(article, "ArticleTitle"), _text(article, "VernacularTitle")
    if title.startswith("[") and title.rstrip(".").endswith("]"):
        title = "" if title.lower() in _NO_TITLE else title.rstrip(".")[1:-1]
    title = title or own
    return title if title.endswith("..") else title.removesuffix(".")


def _abstract(element: Element, path: str = "Abstract") -> str:
    """The parts of a structured abstract, each behind its label: "METHODS: …"."""
    parts = []
    for part in element.iterfind(f"{path}/AbstractText"):
        label, text = part.get("Label", "").strip(": "), text_of(part).strip()
        parts.append(f"{label}: {text}" if label and label != "UNLABELLED" and text else text)
    return " ".join(filter(None, parts))


def _names(element: Element, role: str) -> tuple[str, ...]:
    """Names from the lists of this role; a list that names none is one of authors."""
    return tuple(
        _name(author)
        for names in element.iterfind("AuthorList")
        if names.get("Type", "authors") == role
        for author in names.iterfind("Author")
        if author.get("ValidYN") != "N"
    )


def _name(author: Element) -> str:
    if group := _text(author, "CollectiveName"):
        return write_name(Name(group, is_group=True))
    given = _text(author, "ForeName") or _text(author, "FirstName") or _text(author, "Initials")
    return write_name(Name(_text(author, "LastName"), given, _text(author, "Suffix")))


def _date(date: Element) -> tuple[int | None, int | None]:
    """The year and the month; a MedlineDate tells them in words: "1998 Dec-1999 Jan"."""
    words = _text(date, "MedlineDate")
    year = read_year(_text(date, "Year")) or read_year(words)
    named = _WORD.search(words)
    return year, read_month(_text(date, "Month") or (named[0] if named else ""))


def _pages(element: Element) -> str:
    """First and last page: PubMed leaves out of the last what the first has, "123-8"."""
    pages = _child(element, "Pagination")
    told = _text(pages, "MedlinePgn")
    if not told:
        return "-".join(filter(None, (_text(pages, "StartPage"), _text(pages, "EndPage"))))
    if match := _PAGES.fullmatch(told):
        first, last = match.groups()
        return f"{first}-{first[: max(0, len(first) - len(last))]}{last}"
    return told


def _doi(element: Element, listed: Element | None) -> str:
    """The DOI of a paper, from its locations or from the list of its ids."""
    for found in element.iterfind("ELocationID[@EIdType='doi']"):
        if found.get("ValidYN") != "N":
            return text_of(found).strip()
    return _text(listed, "ArticleIdList/ArticleId[@IdType='doi']") if listed is not None else ""


def _main_headings(citation: Element) -> list[str]:
    """What MeSH says the paper is mainly about."""
    found = []
    for heading in citation.iterfind("MeshHeadingList/MeshHeading"):
        if any(name.get("MajorTopicYN") == "Y" for name in heading):
            found.append(_text(heading, "DescriptorName"))
    return found[:_MAX_HEADINGS]


READER = Reader("PubMed XML", _is_pubmed, _read)
