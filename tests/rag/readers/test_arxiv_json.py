"""The arXiv metadata snapshot, and smaller copies of it."""

from __future__ import annotations

from typing import Any

import pytest

from rag.readers.arxiv_json import read_arxiv
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.arxiv_json import OLD, SMALL, SNAPSHOT


def read(fields: dict[str, Any]) -> Record:
    record = read_arxiv(1, fields)
    assert isinstance(record, Record)
    return record


def test_snapshot() -> None:
    """The newest version, the year of the first one, and a collaboration as a group."""
    assert read(SNAPSHOT) == Record(
        title="Counting Lanterns with Sparse Regression",
        abstract="We count lanterns at 20°C, with sparse regression.",
        authors=("Quill, Ada", "Marsh, Jr., Ben", "{Lamp Collaboration}"),
        year=2007,
        doi="10.1234/lamps.7",
        arxiv_id="0704.0001",
        line=1,
        tags=("astro-ph.CO", "cs.LG"),
        arxiv_version=2,
        publication=Publication("article-journal", venue="J.Lamps D76:013009,2007"),
    )


def test_authors_as_one_text() -> None:
    """Without what stands in brackets behind a name."""
    record = read(OLD)
    assert record.authors == ("Zoë Lund", "{Lamp Collaboration}", "B. Reed")
    assert record.publication == Publication("article")


def test_small_copy() -> None:
    record = read(SMALL)
    assert (record.authors, record.year, record.tags) == (
        ("Zoë Lund", "Bo Reed"),
        2021,
        ("q-bio.PE",),
    )


@pytest.mark.parametrize(
    ("number", "year"),
    [("hep-th/9901001", 1999), ("math.GT/0309136", 2003), ("0704.0001", 2007), ("x", None)],
)
def test_number_tells_the_year(number: str, year: int | None) -> None:
    assert read({"id": number, "title": "A"}).year == year


@pytest.mark.parametrize(
    ("doi", "expected"), [("10.1234/a 10.1234/b", "10.1234/a"), (None, None), ("no", None)]
)
def test_first_of_several_dois(doi: object, expected: str | None) -> None:
    assert read({**SNAPSHOT, "doi": doi}).doi == expected


@pytest.mark.parametrize("versions", [None, [], [{}], ["v1"], [{"version": "v99999"}], {"a": 1}])
def test_versions_that_are_none(versions: object) -> None:
    record = read({**SNAPSHOT, "versions": versions})
    assert (record.arxiv_id, record.arxiv_version, record.year) == ("0704.0001", None, 2007)


@pytest.mark.parametrize("field", SNAPSHOT)
@pytest.mark.parametrize("value", [None, 5, "x", [], [[]], {}, {"a": [1]}, [{}], True])
def test_any_field_may_be_of_another_kind(field: str, value: object) -> None:
    """It is then left out."""
    assert isinstance(read_arxiv(1, {**SNAPSHOT, field: value}), Record | BadRecord)
