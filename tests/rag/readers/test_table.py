"""Tables of every program give their papers, and ours give them back as they were."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from rag.bibliography.table import csv_table
from rag.readers import files_in, read_records
from rag.readers.source import Line
from rag.readers.table import READER, read_table
from rag.readers.tex import plain
from rag.types import BadRecord, Paper, Publication, Record
from tests.properties import try_on
from tests.rag.readers.reading import good
from tests.rag.readers.written.listing import glued_page
from tests.rag.readers.written.table import (
    DIMENSIONS,
    EXCEL_GERMAN,
    EXCEL_UNICODE,
    PUBMED,
    RAYYAN,
    SCOPUS,
    WEB_OF_SCIENCE,
    ZOTERO,
)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def save(content: str | bytes) -> Path:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def rows(text: str) -> list[Record | BadRecord]:
    lines = (Line(number, line) for number, line in enumerate(text.split("\n"), start=1))
    return list(read_table(lines))


def told(record: Record | BadRecord) -> dict[str, Any]:
    """What a record says, without what it leaves open."""
    unset = Record("", "")
    names = [field.name for field in fields(record)]
    return {n: getattr(record, n) for n in names if getattr(record, n) != getattr(unset, n, None)}


LAMPS = {
    "title": "Lamps and moss",
    "abstract": "We count lamps.",
    "authors": ("Quill, Ada", "Reed, Bo"),
    "year": 2021,
}


class TestDialects:
    def test_scopus(self, save) -> None:
        first, second = map(told, good(save(SCOPUS)))
        assert first == {
            "title": 'Lamps, "moss" and rain',
            "abstract": "We count lamps. They are few.",
            "authors": ("Quill, Ada", "de la Fern, Bo-Cy"),
            "year": 2021,
            "url": "https://example.org/1",
            "doi": "10.1234/lamp.1",
            "pmid": "31234567",
            "line": 2,
            "tags": ("lamps", "moss"),
            "publication": Publication(
                kind="article-journal",
                venue="Journal of Slow Light",
                volume="12",
                issue="3",
                pages="101-117",
                publisher="Harbour Press",
                issn="12345678",
            ),
        }
        assert (second["line"], second["publication"]) == (
            5,
            Publication(kind="paper-conference", venue="Loaf", volume="1", pages="e7"),
        )

    @pytest.mark.parametrize(
        "cell",
        [
            "[No abstract available]",
            "[ABSTRACT NOT AVAILABLE]",
            "No abstract.",
            "No abstract is available for this article.",
            "An abstract was not provided",
        ],
    )
    def test_words_for_a_missing_abstract_are_none(self, save, cell) -> None:
        (record,) = good(save(f"Title,Year,Abstract\nLamps and rain,2021,{cell}\n"))
        assert record.abstract == ""

    def test_an_abstract_may_begin_like_a_missing_one(self, save) -> None:
        cell = "No abstract syntax is needed to count lamps."
        (record,) = good(save(f"Title,Year,Abstract\nLamps and rain,2021,{cell}\n"))
        assert record.abstract == cell

    def test_web_of_science(self, save) -> None:
        """Its quotation marks are characters of the text, closed or not."""
        first, second = map(told, good(save(WEB_OF_SCIENCE)))
        assert first["title"] == '"Smart" lamps and moss'
        assert first["abstract"] == '"Old lamps are counted.'
        assert first["authors"] == ("Quill, Ada", "Reed, Bo")
        assert (first["doi"], first["pmid"]) == ("10.1234/lamp.1", "31234567")
        assert first["publication"].pages == "101-117"
        assert first["publication"].kind == "article-journal"
        assert (second["title"], second["line"]) == ("Bread without yeast", 3)
        assert second["publication"].kind == "paper-conference"
        assert second["publication"].pages == "7"

    def test_web_of_science_with_full_names(self, save) -> None:
        names = {
            "PT": "Publication Type", "AU": "Authors", "AF": "Author Full Names",
            "TI": "Article Title", "SO": "Source Title", "DT": "Document Type",
            "DE": "Author Keywords", "AB": "Abstract", "PU": "Publisher", "SN": "ISSN",
            "PY": "Publication Year", "VL": "Volume", "IS": "Issue", "BP": "Start Page",
            "EP": "End Page", "AR": "Article Number", "DI": "DOI", "PM": "Pubmed Id",
            "UT": "UT (Unique WOS ID)",
        }  # fmt: skip
        header, *rest = WEB_OF_SCIENCE.lstrip("\ufeff").split("\n")
        full = "\t".join(names[tag] for tag in header.split("\t"))
        assert good(save("\n".join([full, *rest]))) == good(save(WEB_OF_SCIENCE))

    def test_dimensions(self, save) -> None:
        """It says above the header whence the table was exported."""
        (record,) = map(told, good(save(DIMENSIONS)))
        assert record.items() >= LAMPS.items()
        assert record["line"] == 3
        assert record["publication"].pages == "101-117"

    def test_pubmed(self, save) -> None:
        """It parts names by commas, and has no abstracts."""
        (record,) = map(told, good(save(PUBMED)))
        assert record["authors"] == ("Quill, A", "de la Fern, BC")
        assert "abstract" not in record
        assert record["publication"].venue == "Slow Light"

    def test_zotero(self, save) -> None:
        """Its keys are no citation keys, and its notes are HTML."""
        (record,) = map(told, good(save(ZOTERO)))
        assert record["authors"] == ("Quill, Ada", "{World Lamp Office}")
        assert record["tags"] == ("lamps", "moss")
        assert record["publication"] == Publication(
            kind="chapter", venue="A Book of Light", pages="101-117", publisher="Harbour",
            isbn="978-0-00-000000-2", editors=("Fern, Cy",),
        )  # fmt: skip
        assert not record.keys() & {"key", "notes"}

    def test_excel(self, save) -> None:
        first, second = map(told, good(save(EXCEL_GERMAN)))
        assert (first["title"], first["abstract"]) == ("Lampen; Moos", "Größe: 4,5 m")
        assert (first["authors"], first["line"]) == (("Ada Quill", "Bo Reed"), 3)
        assert second["authors"] == ("Quill, Ada",)
        (record,) = good(save(EXCEL_UNICODE))
        assert record.title == 'Lamps and "moss"'

    @pytest.mark.parametrize(
        ("table", "expected"),
        [
            (
                "id,doi,display_name,authorships.author.display_name,biblio.volume,ids.pmid\n"
                "https://openalex.org/W3,,Lamps,Ada Quill|Bo Reed,4,99\n",
                Record(
                    "Lamps", "", ("Ada Quill", "Bo Reed"), pmid="99", openalex_id="W3", line=2,
                    publication=Publication(volume="4"),
                ),
            ),
            (
                "title,abstract,authors,keywords\n"
                "Lamps,[No abstract available],\"['Quill, Ada', 'Reed, Bo']\",\"['a, b', 'c']\"\n",
                Record("Lamps", "", ("Quill, Ada", "Reed, Bo"), line=2, tags=("a, b", "c")),
            ),
            (
                "Title,Author Names,Source,keywords\n"
                'Lamps,"Quill A., Reed B.",Light (2014) 3:3 (1-9),"lamp (slow, red), moss"\n',
                Record(
                    "Lamps", "", ("Quill, A.", "Reed, B."), 2014, line=2,
                    tags=("lamp (slow, red)", "moss"),
                ),
            ),
            (
                "Title,Published Year,Published Month,Journal\nLamps,2014,May,arXiv: Optics\n",
                Record(
                    "Lamps", "", year=2014, line=2,
                    publication=Publication(venue="arXiv: Optics", month=5),
                ),
            ),
            (
                "Title,Document Identifier,Extra,Journal\n"
                "Lamps,IEEE Conferences,arXiv: 2101.00001,arXiv (Optics)\n",
                Record(
                    "Lamps", "", arxiv_id="2101.00001", line=2, publication=Publication("article")
                ),
            ),
        ],
        ids=["OpenAlex", "ASReview", "Embase", "Covidence", "IEEE Xplore and Zotero"],
    )  # fmt: skip
    def test_others(self, save, table, expected) -> None:
        assert good(save(table)) == [expected]

    def test_rayyan(self, save) -> None:
        (record,) = map(told, good(save(RAYYAN)))
        assert record.items() >= LAMPS.items()
        assert record["publication"].month == 5
        assert not record.keys() & {"key", "notes"}

    @pytest.mark.parametrize(
        ("cell", "names"),
        [
            ("Ada Quill; Bo Reed", ("Ada Quill", "Bo Reed")),
            ("Quill, Ada", ("Quill, Ada",)),
            ("A. Quill; B. C. Reed", ("A. Quill", "B. C. Reed")),
            ("Quill A.; Reed B.-C.", ("Quill, A.", "Reed, B.-C.")),
            ("Quill A, Reed BC.", ("Quill, A", "Reed, BC")),
            ("Quill, Ada and Reed, Bo", ("Quill, Ada", "Reed, Bo")),
            ("Plato", ("Plato",)),
            ("", ()),
            (" ; ", ()),
        ],
    )
    def test_names(self, cell, names) -> None:
        (record,) = rows(f'title,authors\nLamps,"{cell}"')
        assert isinstance(record, Record)
        assert record.authors == names


class TestRows:
    @pytest.mark.parametrize(
        "bad",
        [
            '"Lost,a lamp,2020',
            'Lost,"a lamp,2020',
            '"Lost "lamp" of "old,a,2020,x,y',
            "Lost,a,b,2020,5",
            ",a lamp,2020",
            "Lost",
        ],
    )
    @pytest.mark.parametrize("quote", ['"', ""])
    def test_bad_row_stops_no_other(self, bad, quote) -> None:
        """Not even where a quotation mark is opened and never closed."""
        sound = [f"{quote}Good {i}{quote},{quote}text{quote},2021" for i in range(6)]
        if bad == ",a lamp,2020" or bad == "Lost":
            sound = [f"{row},x" for row in sound]
        header = "title,abstract,year" + (",url" if sound[0].endswith("x") else "")
        found = rows("\n".join([header, *sound[:3], bad, *sound[3:]]))
        assert [r.title for r in found if isinstance(r, Record)] == [f"Good {i}" for i in range(6)]
        assert [r.line for r in found if isinstance(r, BadRecord)] == [5]

    def test_sloppy_quotes_are_read(self) -> None:
        (one,) = rows('title,abstract,year\n"The "old" lamp",5" high,2020')
        assert isinstance(one, Record)
        assert one.abstract == '5" high'
        assert "old" in one.title

    def test_short_and_blank_rows(self) -> None:
        """Some programs leave out the last cells, or add an empty one."""
        found = rows("title,abstract,year\n\nOld lamps,text\n,,\nNew lamps,text,2020,\n   \n")
        assert [(r.title, r.line) for r in found if isinstance(r, Record)] == [
            ("Old lamps", 3),
            ("New lamps", 5),
        ]
        assert len(found) == 2

    def test_overlong_row(self) -> None:
        lines = [Line(1, "title,year"), Line(2, None), Line(3, "Lamps,2020")]
        bad, record = read_table(lines)
        assert isinstance(bad, BadRecord)
        assert isinstance(record, Record)

    @pytest.mark.parametrize(
        "text",
        [
            "title\nLamps\n",
            "name,year\nLamps,2020\n",
            "The title, the year and the abstract of it\n",
            'FIELDS = (\n    "title", "abstract",\n)\n',
            "title = x, year = 3\n",
            "id;value\n1;2\n",
            '{"title": "a",\n"year": 3}\n',
            "@article{a,\n title = {b},\n year = 3}\n",
        ],
    )
    def test_other_texts_are_no_tables(self, save, text) -> None:
        with next(files_in(save(text))).opened() as source:
            assert not READER.recognises(source.head)

    def test_listing_is_no_table(self, save) -> None:
        assert good(save(glued_page()))[0].year is None


class TestRoundTrip:
    @pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.long)])
    def test_every_paper_comes_back(self, count) -> None:
        try_on(count, check_round_trip, papers=st.lists(PAPERS, max_size=4))

    def test_the_check_sees_a_planted_fault(self) -> None:
        """A text that the reader folds does not come back."""
        with pytest.raises(AssertionError):
            check_round_trip([Paper("x", "two  spaces", "")])

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "'=1", "''@a", "'quoted'", "'-"])
    def test_no_cell_is_a_formula(self, text) -> None:
        """What a spreadsheet would run is behind an apostrophe, and comes back without it."""
        paper = Paper("x", text + "a", "text", tags=(text + "b",), notes=text)
        row = csv_table([paper]).split("\n")[1]
        assert not any(cell.lstrip('"').startswith(tuple("=+-@")) for cell in row.split(","))
        check_round_trip([paper])

    def test_written_is_recognised(self, save) -> None:
        paper = Paper("x", "Old lamps", "Oil.", notes='a\n\nb, "c"\n=d', is_read=True, is_note=True)
        (record,) = good(save(csv_table([paper])))
        assert (record.notes, record.is_read, record.is_note) == (paper.notes, True, True)


TEXTS = st.text(
    st.sampled_from("ab é\\{}$%&#;,\"'=+-@|\t~_^<") | st.characters(codec="utf-8"), max_size=40
).map(plain)
NAMED = TEXTS.map(lambda text: plain(f"x{text}"))
NAMES = TEXTS.map(lambda text: plain(f"x{text.replace('{', '').replace('}', '')}"))
AUTHORS = st.lists(NAMES | NAMES.map("{{{}}}".format), max_size=3).map(tuple)
PRINTED = TEXTS.map(lambda text: "".join(filter(str.isprintable, text)).rstrip())
NOTES = st.lists(PRINTED, max_size=4).map(lambda lines: "\n".join(lines).strip())
PAPERS = st.builds(
    Paper,
    id=st.just("x"),
    title=NAMED,
    abstract=st.just("") | NAMED,
    authors=AUTHORS,
    year=st.none() | st.integers(1000, 2999),
    url=st.none() | st.just("https://example.org/a;b,c"),
    doi=st.none() | st.just('10.1234/a;b"c'),
    arxiv_id=st.just("2101.00001"),
    arxiv_version=st.none() | st.integers(1, 20),
    pmid=st.none() | st.just("123"),
    openalex_id=st.none() | st.just("W12"),
    s2_id=st.none() | st.just("CorpusId:12") | st.just("0" * 40),
    is_note=st.booleans(),
    is_read=st.booleans(),
    tags=st.lists(NAMED, max_size=3, unique=True).map(tuple),
    key=st.none() | st.just("quill2021"),
    notes=NOTES,
    publication=st.builds(
        Publication,
        kind=st.sampled_from(["", "article", "article-journal", "chapter"]),
        venue=TEXTS,
        volume=TEXTS,
        issue=TEXTS,
        pages=st.sampled_from(("", "7", "12-34", "e7", "a-b-c", "1-2, 7-8")),  # dashes are one
        publisher=TEXTS,
        place=TEXTS,
        edition=TEXTS,
        month=st.none() | st.integers(1, 12),
        isbn=TEXTS,
        issn=TEXTS,
        editors=AUTHORS,
    ),
)


def check_round_trip(papers: list[Paper]) -> None:
    found = rows(csv_table(papers))
    assert len(found) == len(papers)
    names = {field.name for field in fields(Paper)} - {"id", "sources"}
    for record, drawn in zip(found, papers, strict=True):
        paper = replace(drawn, is_note=drawn.is_note and bool(drawn.abstract))
        for name in names:
            assert getattr(record, name) == getattr(paper, name), name


class TestHostileTables:
    @pytest.mark.parametrize("piece", [" ", "; ", " and ", "'", "(1", '""', "a ", "\\"])
    @pytest.mark.parametrize("columns", ["authors,title", "tags,title", "title,footnote,tags"])
    def test_no_cell_takes_the_square_of_its_length(self, piece, columns) -> None:
        cell = piece * (120_000 // len(piece))
        started = time.process_time()
        rows(f'{columns}\n"a{cell}b","Old{cell}lamps","c{cell}d"')
        assert time.process_time() - started < 2

    def test_stray_marks_in_a_large_table_take_no_time(self, save) -> None:
        body = "".join(f'Lamp {i},"text {i},2020\n' if i % 7 else "Sound,text,2020\n" * 9
                       for i in range(5_000))  # fmt: skip
        found = list(read_records(save("title,abstract,year\n" + body)))
        assert sum(isinstance(r, Record) for r in found) >= 9 * 5_000 // 7
