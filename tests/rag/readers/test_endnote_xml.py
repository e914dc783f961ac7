"""EndNote's XML gives what EndNote holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.endnote_xml import EXAMPLES


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes | str], list[Record | BadRecord]]:
    def read(content: bytes | str) -> list[Record | BadRecord]:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_records(path))

    return read


def file_of(*records: str) -> str:
    """A file of records that hold these elements besides a type and a title."""
    return "<xml><records>" + "".join(
        f'<record><ref-type name="Journal Article">17</ref-type><titles><title>Lamps {i}</title>'
        f"</titles>{fields}</record>"
        for i, fields in enumerate(records)
    ) + "</records></xml>"  # fmt: skip


ARTICLE = Record(
    title="Lamps of Fucus at 10^5 candelas",
    abstract="We count lamps & storms over four winters. Half of them went out.",
    authors=("Quill, Ada", "Fern, Jr., Bo", "{Harbour Lamp Office}"),
    year=2019,
    url="https://www.ncbi.nlm.nih.gov/pubmed/31234567",
    doi="10.1234/jql.8.2",
    line=1,
    tags=("lamps", "winter", "moss"),
    pmid="31234567",
    publication=Publication(
        kind="article-journal",
        venue="Journal of Quiet Lights",
        volume="8",
        issue="2",
        pages="12-34",
        month=5,
        issn="1234-5678",
    ),
    notes="Read the appendix.\nAsk Bo.",
)
CHAPTER = Record(
    title="Bread without Yeast",
    abstract="",
    authors=("Reed, Cy",),
    year=1998,
    line=1,
    publication=Publication(
        kind="chapter",
        venue="Bread of the Coast",
        publisher="Tide Press",
        place="Harbour Town",
        edition="2nd",
        isbn="978-3-16-148410-0",
        editors=("Sand, Di",),
    ),
)


@pytest.mark.parametrize("number", [0, 2])
def test_all_fields(read, number) -> None:
    """On one line, with runs of style, in UTF-8 and in UTF-16."""
    assert read(EXAMPLES[number]) == [ARTICLE, CHAPTER]


@pytest.mark.parametrize("number", [1, 3])
def test_over_lines(read, number) -> None:
    """As other programs write it, in Latin-1 too; a type may be told by its number alone."""
    thesis, book = read(EXAMPLES[number])
    assert thesis.authors == ("Lund, Zoë",)
    assert thesis.publication == Publication(kind="thesis", publisher="University of the Tides")
    assert (thesis.line, book.line) == (5, 14)
    assert (book.title, book.publication.kind) == ("A Book of Cafés", "book")


def test_an_accession_number_of_another_database_is_no_pmid(read) -> None:
    """Numbers alone tell nothing: two papers must not become one by them."""
    number = "<accession-num>620000001</accession-num>"
    embase = number + "<remote-database-name>Embase</remote-database-name>"
    assert [r.pmid for r in read(file_of(number, embase))] == [None, None]


def test_identifiers_of_preprints(read) -> None:
    url = "<urls><related-urls><url>https://arxiv.org/abs/2101.00001v2</url></related-urls></urls>"
    number = "<accession-num>arXiv:2101.00001</accession-num>"
    doi = "<electronic-resource-num>https://doi.org/10.48550/arXiv.2101.00001\
</electronic-resource-num>"
    assert [r.arxiv_id for r in read(file_of(url, number, doi))] == ["2101.00001"] * 3


def test_a_bad_record_in_the_middle(read) -> None:
    """It is told; those around it are read."""
    found = read(file_of("", "<abstract>open", "<abstract>good</abstract>"))
    assert [type(r) for r in found] == [Record, BadRecord, Record]
    assert found[2].abstract == "good"


@pytest.mark.parametrize(
    "other",
    [
        "<xml><records><record><leader>01142cam</leader></record></records></xml>",
        "<html><body><xml><records><record><titles><title>A</title></titles></record></xml></html>",
        '<OAI-PMH><record><ref-type name="Book">6</ref-type></record></OAI-PMH>',
        "An EndNote file begins with <xml><records><record><titles>, on one line.",
    ],
)
def test_other_files_are_not_taken(other) -> None:
    from rag.readers.endnote_xml import READER
    from rag.readers.source import Head

    assert not READER.recognises(Head(other.encode(), other))
    assert READER.recognises(Head(EXAMPLES[1], ""))
