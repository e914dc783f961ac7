"""PubMed's XML gives what PubMed shows of a paper."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.readers.pubmed_xml import READER
from rag.readers.source import Head
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.pubmed_xml import EXAMPLES


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes | str], list[Record | BadRecord]]:
    def read(content: bytes | str) -> list[Record | BadRecord]:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_records(path))

    return read


def file_of(*articles: str, pmid: int = 1) -> str:
    """Articles that hold these elements besides a title."""
    return "<PubmedArticleSet>" + "".join(
        f"<PubmedArticle><MedlineCitation><PMID>{i}</PMID><Article>{fields}</Article>"
        "</MedlineCitation></PubmedArticle>"
        for i, fields in enumerate(articles, pmid)
    ) + "</PubmedArticleSet>"  # fmt: skip


def titled(fields: str) -> str:
    return f"<ArticleTitle>Lamps.</ArticleTitle>{fields}"


ARTICLE = Record(
    title="Growth of Fucus under 10^5 lamps in H2O",
    abstract="BACKGROUND: Weed is slow. RESULTS: It grew by 3 < 4 % (p = 0.02). More light helps.",
    authors=("Quill, Jr, Ada B", "von Fern, C", "{Harbour Lamp Group}"),
    year=2018,
    doi="10.1234/jql.2018.3",
    line=4,
    tags=("kelp", "Seaweed"),
    pmid="30000001",
    publication=Publication(
        kind="article-journal",
        venue="Journal of quiet lights",
        volume="12",
        issue="3",
        pages="123-128",
        month=3,
        issn="1234-5678",
    ),
)
TRANSLATED = Record(
    title="Lamps on the coast",
    abstract="",
    authors=("Sand",),
    year=1998,
    doi="10.1234/zl.1",
    line=35,
    pmid="30000002",
    publication=Publication(kind="article", venue="Z Leuchtt", pages="e12", month=12),
)
CHAPTER = Record(
    title="Wicks",
    abstract="Wicks burn down.",
    authors=("Lund, Zoë",),
    year=2011,
    line=44,
    pmid="20000003",
    publication=Publication(
        kind="chapter",
        venue="The Book of Lights",
        publisher="Tide Press",
        place="Harbour Town",
        isbn="9783161484100",
        editors=("Reed, Cy",),
    ),
)


@pytest.mark.parametrize("number", [0, 2])
def test_all_fields(read, number) -> None:
    """An article, one in another language, and a chapter; in UTF-8 and in UTF-16."""
    assert read(EXAMPLES[number]) == [ARTICLE, TRANSLATED, CHAPTER]


def test_sets_one_after_the_other(read) -> None:
    """Answers that somebody put into one file, each on one line, packed as the baseline is."""
    found = read(gzip.compress(EXAMPLES[1]))
    assert [r.pmid for r in found] == [
        "30000001", "30000002", "20000003", "31000001", "31000002", "20000003"
    ]  # fmt: skip
    assert [r.line for r in found] == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ("<ArticleTitle>[Lamps].</ArticleTitle>", "Lamps"),
        (
            "<ArticleTitle>[Not Available].</ArticleTitle>"
            "<VernacularTitle>Lampen</VernacularTitle>",
            "Lampen",
        ),
        ("<ArticleTitle>Lamps [of the coast].</ArticleTitle>", "Lamps [of the coast]"),
        ("<ArticleTitle>And so on...</ArticleTitle>", "And so on..."),
        ("<ArticleTitle>Who lights them?</ArticleTitle>", "Who lights them?"),
    ],
)
def test_titles(read, fields, title) -> None:
    assert read(file_of(fields))[0].title == title


def test_a_title_that_is_not_there(read) -> None:
    found = read(file_of("<ArticleTitle>[Not Available].</ArticleTitle>", titled("")))
    assert [type(r) for r in found] == [BadRecord, Record]


@pytest.mark.parametrize(
    ("told", "pages"),
    [("123-8", "123-128"), ("98-102", "98-102"), ("S12-S18", "S12-S18"), ("7", "7")],
)
def test_pages(read, told, pages) -> None:
    """The last page is told in full."""
    fields = titled(f"<Pagination><MedlinePgn>{told}</MedlinePgn></Pagination>")
    assert read(file_of(fields))[0].publication.pages == pages


@pytest.mark.parametrize(
    ("date", "year", "month"),
    [
        ("<Year>2001</Year><Month>05</Month>", 2001, 5),
        ("<Year>2001</Year><Season>Spring</Season>", 2001, None),
        ("<MedlineDate>2000 Spring</MedlineDate>", 2000, None),
        ("", None, None),
    ],
)
def test_dates(read, date, year, month) -> None:
    issue = f"<Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue></Journal>"
    found = read(file_of(titled(issue)))[0]
    assert (found.year, found.publication.month) == (year, month)


def test_a_bad_record_in_the_middle_and_a_cut(read) -> None:
    """Both are told; the whole ones are read."""
    text = file_of(titled(""), titled("<Abstract>"), titled(""), titled(""))
    found = read(text[: text.rindex("</Article>")])
    assert [type(r) for r in found] == [Record, BadRecord, Record, BadRecord]


@pytest.mark.parametrize(
    "other",
    ["<html>PubmedArticleSet</html>", "<pmc-articleset><article/></pmc-articleset>", "PMID- 1"],
)
def test_other_files_are_not_taken(other) -> None:
    assert not READER.recognises(Head(other.encode(), other))
