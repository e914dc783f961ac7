"""A text is a paper where it says so, or cannot be anything else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.types import Publication, Record
from tests.rag.readers.reading import good, refusal
from tests.rag.readers.written.listing import PAPERS, glued_page, spaced_page
from tests.rag.readers.written.plain_text import ABSTRACT, BARE, EXAMPLES, HEADED, LABELLED

ONE_LINE = " ".join(ABSTRACT.split())


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def save(content: str | bytes) -> Path:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def test_labels(save) -> None:
    """Several papers, whose texts run over lines and paragraphs."""
    assert good(save(LABELLED)) == [
        Record(
            title="Counting lamps on northern coasts",
            abstract=f"{ONE_LINE} A second paragraph: it is short.",
            authors=("Ada Quill", "Bo Reed", "Cy Fern"),
            year=2021,
            doi="10.1234/lamp.1",
            tags=("lamps", "coasts"),
            publication=Publication(venue="Slow Light"),
            line=1,
        ),
        Record(title="Bread without yeast", abstract="No yeast is used.", line=15),
    ]


def test_labels_in_another_order(save) -> None:
    text = "Authors: Quill, Ada; Reed, Bo\nAbstract: One.\nTitle: Old lamps\n\n"
    found = good(save(text + text.replace("Old", "New")))
    assert [(r.title, r.authors, r.line) for r in found] == [
        ("Old lamps", ("Quill, Ada", "Reed, Bo"), 1),
        ("New lamps", ("Quill, Ada", "Reed, Bo"), 5),
    ]


@pytest.mark.parametrize("example", EXAMPLES)
def test_encodings_and_layouts(save, example) -> None:
    record = good(save(example))[0]
    assert record.title.lower() == "counting lamps on northern coasts"
    assert record.abstract.lower().startswith(ONE_LINE.lower())


def test_heading_and_its_end(save) -> None:
    """What stands between the title and the abstract, and after it, is no part of either."""
    assert good(save(HEADED)) == [
        Record(title="Counting lamps on northern coasts", abstract=ONE_LINE, line=2)
    ]


NO_PAPERS = {
    "letter": BARE.replace("Our model", "I hope that you are well. Our model"),
    "greeting": BARE.replace("Counting lamps", "Dear counters of lamps"),
    "three paragraphs": BARE + "\n" + ABSTRACT,
    "one paragraph": ABSTRACT,
    "title that is a sentence": BARE.replace("coasts\n", "coasts are counted.\n"),
    "short text": "Counting lamps on northern coasts\n\nWe count lamps. Our method shows results.",
    "story": "Counting lamps on coasts\n\n" + "The man walked along the shore at dusk. " * 12,
    "code": "def count(lamps: int) -> int\n\n" + "  return we[model] + data * method # show\n" * 12,
    "log": "\n".join(f"2021-05-0{i} 12:00:0{i} INFO lamps: {i} counted" for i in range(1, 9)),
    "labels in the middle": "Some prose.\nTitle: Old lamps\nAbstract: One.",
    "one label": "Title: Old lamps\nOwner: Ada",
    "mail": "From: Ada\nTo: Bo\nSubject: lamps\n\nTitle of the talk?\n",
    "abstract that is none": "Abstract\n" + ABSTRACT,
    "word alone": f"A walk\n\nAbstract\n{'x=1; ' * 90}",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_PAPERS)
def test_other_texts(save, name) -> None:
    """Prose, letters, code and logs are refused."""
    refusal(save(NO_PAPERS[name]))


@pytest.mark.parametrize("page", [glued_page, spaced_page])
def test_listings_stay_listings(save, page) -> None:
    assert len(good(save(page()))) == len(PAPERS)


@pytest.mark.parametrize("piece", [" ", "; ", " and ", ", ", "-", "a ", "Title: "])
@pytest.mark.parametrize("label", ["Title", "Authors", "Keywords", "Abstract"])
def test_no_text_takes_the_square_of_its_length(save, piece, label) -> None:
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    list(read_records(save(f"Title: Old lamps\nAbstract: a\n{label}: x{text}y\n{text}\n")))
    assert time.process_time() - started < 2
