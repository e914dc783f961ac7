"""MEDLINE: each record of PubMed is read or told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.readers import files_in, read_records
from rag.readers.medline import READER
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.medline import ARTICLES, BOOK

Save = Callable[[str | bytes], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(content: str | bytes) -> Path:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def test_articles(save: Save) -> None:
    """Full names before short ones, groups, the DOI among other numbers, major headings only."""
    lamps, old = read_records(save(ARTICLES))
    assert lamps == Record(
        title="Slow lamps and sleep: a study of keepers on the northern coast",
        abstract="BACKGROUND: Lamps keep people awake. METHODS: We asked 50% of them -"
        " and counted.",
        authors=("Quill, Ada B", "Moss, Jr, Jan", "{The Keepers Study Group}"),
        year=2020,
        doi="10.1000/abc.3",
        line=2,
        tags=("lamps", "keepers", "Sleep", "Light"),
        pmid="12345678",
        publication=Publication(
            "article-journal",
            "Journal of lamps",
            volume="4",
            issue="2",
            pages="12-34",
            month=5,
            issn="1234-5678",
        ),
    )
    assert isinstance(old, Record)
    assert (old.line, old.year, old.authors) == (38, 1975, ("Tide, O",))
    assert old.publication == Publication("article", "Lamp archive")


def test_a_chapter_and_a_record_without_a_title(save: Save) -> None:
    chapter, bad, last = read_records(save(BOOK))
    assert isinstance(chapter, Record)
    assert chapter.publication == Publication(
        "chapter", "The book of lamps", publisher="Tower Press", place="Oslo",
        isbn="9780000000002", editors=("Berg, Ida",),
    )  # fmt: skip
    assert bad == BadRecord(13, "the record has no title")
    assert isinstance(last, Record)
    assert last.abstract == "Ends in the middle of a line"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings(save: Save, encoding: str) -> None:
    text = "\r\nPMID- 1\r\nTI  - Lamps of Åland.\r\n".encode(encoding)
    (record,) = read_records(save(text))
    assert isinstance(record, Record)
    assert record.title == "Lamps of Åland"


@pytest.mark.parametrize(
    "text",
    [
        "PMID- 12\nis a number of PubMed.\nIt leads nowhere.\n",
        "TY  - JOUR\nAN  - PMID- 12\nTI  - Lamps\nER  - \n",
        "\n".join(["A line of a text."] * 30) + "\nPMID- 12\nTI  - Lamps\n",
    ],
)
def test_what_is_no_medline(save: Save, text: str) -> None:
    with next(files_in(save(text))).opened() as source:
        assert not READER.recognises(source.head)
