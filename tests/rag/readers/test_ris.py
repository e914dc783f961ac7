"""RIS: each record is read or told, and what Footnote wrote comes back letter for letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.bibliography import ris
from rag.readers import files_in, read_records
from rag.readers.ris import READER
from rag.types import BadRecord, Paper, Publication, Record
from tests.properties import try_on
from tests.rag.readers.drawn import as_paper, papers
from tests.rag.readers.written.ris import ENDNOTE, OLD, WEB_OF_SCIENCE

Save = Callable[[str | bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(content: str | bytes) -> Path:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def good(path: Path) -> list[Record]:
    return [r for r in read_records(path) if isinstance(r, Record)]


def test_a_reference_manager(save: Save) -> None:
    """Wrapped lines, keywords by line and by semicolon, a group, a suffix, a DOI as an address."""
    assert list(read_records(save(ENDNOTE))) == [
        Record(
            title="Slow lamps of the north",
            abstract="We measure lamps over many winters and find them slow.",
            authors=("Quill, Ada B.", "Moss, Jr., Jan", "{The Keepers of the Lights}"),
            year=2020,
            url="https://example.org/lamps",
            doi="10.1000/abc.1",
            line=1,
            tags=("lamps", "towers", "north", "wind"),
            publication=Publication(
                "article-journal",
                "Journal of Lamps",
                volume="4",
                issue="2",
                pages="12-34",
                month=5,
                issn="1234-5678",
                editors=("Berg, Ida",),
            ),
            notes="Read on the ferry.",
        )
    ]


def test_odd_spaces_and_records_that_do_not_end(save: Save) -> None:
    """A header of a database, tags of old programs, and what is wrong told with its line."""
    assert [
        (r.line, r.title if isinstance(r, Record) else r.reason) for r in read_records(save(OLD))
    ] == [
        (4, "Counting moss"),
        (17, "A record after one without an end"),
        (22, "the record does not begin with its type (TY or PT)"),
        (24, "the record has no title"),
        (28, "A chapter"),
    ]
    moss, preprint, chapter = good(save(OLD))
    assert (moss.year, moss.doi, moss.pmid, moss.url, moss.notes) == (
        2019, "10.1000/moss", "1234567", "https://example.org/moss", "my own words",
    )  # fmt: skip
    assert moss.publication == Publication(
        "paper-conference", "Proceedings of Moss", publisher="Stone Press", place="Oslo", month=11,
        isbn="978-0-00-000000-2",
    )  # fmt: skip
    assert (preprint.arxiv_id, preprint.publication) == ("2106.00001", Publication("article"))
    assert chapter.publication == Publication("chapter", "A book", pages="e12", edition="2nd")


def test_web_of_science(save: Save) -> None:
    lamps, conference = good(save(WEB_OF_SCIENCE))
    assert lamps == Record(
        title="Slow lamps seen from towers",
        abstract="We look at lamps from towers.",
        authors=("Quill, Ada", "Moss, Jan"),
        year=2020,
        doi="10.1000/abc.2",
        line=3,
        tags=("lamps", "towers"),
        pmid="1234567",
        publication=Publication(
            "article-journal",
            "JOURNAL OF LAMPS",
            volume="4",
            issue="2",
            pages="12-34",
            publisher="TOWER PRESS",
            place="OSLO",
            month=5,
            issn="1234-5678",
        ),
    )
    assert (conference.line, conference.publication.kind) == (32, "paper-conference")


def test_what_databases_say_of_themselves_is_no_note(save: Save) -> None:
    text = "TY  - JOUR\nTI  - Lamps\nN1  - Export Date: 3 May 2021\nN1  - Mine\nER  - \n"
    (record,) = good(save(text))
    assert record.notes == "Mine"


def test_a_database_that_says_things_twice(save: Save) -> None:
    """Ovid: tags repeated or after the end, no pages, authors of the references as editors."""
    text = (
        "1.\nTY  - JOUR\nID  - 2020-12345-001\nDO  - http://dx.doi.org/10.1000/lamp\nT1  - Lamps\n"
        "A1  - Quill, Ada\nA1  - World Lamp Office\nA2  - Ash, Birch, Cedar, Date, Elm, Fir\n"
        "KW  - *Light\nSP  - No\nEP  - Specified\nPB  - Harbour\nPB  - US\n"
        "SN  - 1234-5678, 8765-4321\nDO  - http://dx.doi.org/10.1000/lamp\nER  -\nNL  - J Lamps\n"
    )
    (record,) = read_records(save(text))
    assert record == Record(
        "Lamps", "", ("Quill, Ada", "{World Lamp Office}"), doi="10.1000/lamp", line=2,
        tags=("Light",), publication=Publication(
            "article-journal", publisher="Harbour", issn="1234-5678"
        ),
    )  # fmt: skip


def test_medline_by_way_of_other_programs(save: Save) -> None:
    """Embase: initials without commas, a PMID in C5; EndNote: that of NLM, a day, its notes."""
    embase, endnote = good(save(
        "TY  - JOUR\nT1  - Lamps\nC5  - 123\nDB  - Embase\nDB  - Medline\n"
        "A1  - van Quill A.B.\nA1  - Moss J.\nER  - \n"
        "TY  - JOUR\nTI  - Moss\nAN  - 456\nDP  - NLM\nET  - 2020/03/04\nN1  - 1234-5678\n"
        "Quill, Ada\nJournal Article\nRN  - Mine\nER  - \n"
    ))  # fmt: skip
    assert (embase.pmid, embase.authors) == ("123", ("van Quill, A.B.", "Moss, J."))
    assert (endnote.pmid, endnote.publication.edition, endnote.notes) == ("456", "", "Mine")


def test_wrapped_keywords_of_web_of_science(save: Save) -> None:
    (record,) = good(save("PT J\nTI Lamps\nSO LIGHT\nDE Towers; Slow\n   lamps\nER\n\nEF\n"))
    assert record.tags == ("Towers", "Slow lamps")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(save: Save, encoding: str) -> None:
    text = "\r\n\r\nTY  - JOUR\r\nTI  - Lamps of Åland\r\nER  - \r\n"
    (record,) = good(save(text.encode(encoding)))
    assert record.title == "Lamps of Åland"


def test_an_endless_record_is_told(save: Save) -> None:
    record = "TY  - JOUR\nTI  - Lamps\nER  - \n"
    first, bad, last = read_records(
        save(record + "TY  - JOUR\n" + "AB  - x" * 200_000 + "\n" + record)
    )
    assert isinstance(first, Record)
    assert bad == BadRecord(4, "the record is longer than 1 million characters")
    assert isinstance(last, Record)


@pytest.mark.parametrize(
    "text",
    [
        "TY for all that you did.\nIt was good.\n",
        "PMID- 12\nTI  - Lamps\n",
        "TY  - JOUR\nwithout any other tag\n",
        "PT boats and other ships\nAre fast\nand small\nand old\n",
        "\n".join(["A line of a text."] * 30) + "\nTY  - JOUR\nTI  - Lamps\nER  - \n",
    ],
)
def test_what_is_no_ris(save: Save, text: str) -> None:
    with next(files_in(save(text))).opened() as source:
        assert not READER.recognises(source.head)


def round_trip(path: Path, write: Callable[[list[Paper]], str], drawn: list[Paper]) -> None:
    """Fails unless what is written is read back as the same papers, and written the same again."""
    text = write(drawn)
    path.write_text(text or "TY  - JOUR\nTI  - T\n", encoding="utf-8", newline="")
    read = [as_paper(p, r) for p, r in zip(drawn, read_records(path), strict=bool(drawn))]
    assert read == drawn
    assert write(read) == text


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.long)])
def test_what_is_written_is_read_back(tmp_path: Path, count: int) -> None:
    try_on(count, lambda drawn: round_trip(tmp_path / "papers", ris, drawn), drawn=papers)


@pytest.mark.parametrize(
    "careless",
    [
        lambda text: text.replace("footnote ", ""),
        lambda text: text.replace("U1  - footnote about ", "AB  - "),
        lambda text: text.replace("RN  - ", "", 1),
        lambda text: text.replace("Keepers,", "Keepers"),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, careless: Callable[[str], str]) -> None:
    """The round trip is red for a writer that leaves a mark out."""
    paper = Paper(
        "1", r"The \emph{lamp}", "We look.", ("{The Keepers}",), is_note=True, key="lamp",
        tags=("a; b",), notes="TY  - JOUR\nER  -",
    )  # fmt: skip
    round_trip(tmp_path / "papers", ris, [paper])
    with pytest.raises((AssertionError, ValueError)):
        round_trip(tmp_path / "papers", lambda drawn: careless(ris(drawn)), [paper])
