"""Works of Crossref: lists of texts, groups among authors, abstracts in JATS."""

from __future__ import annotations

from typing import Any

import pytest

from rag.readers.crossref import read_crossref
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.crossref import FOR_A_DOI, PREPRINT, WORK


def read(fields: dict[str, Any]) -> Record:
    record = read_crossref(1, fields)
    assert isinstance(record, Record)
    return record


def test_all_fields() -> None:
    assert read(WORK) == Record(
        title="Lamps in Fog: A & B",
        abstract="Aims: Fog dims lamps (p < 0.05).",
        authors=("Quill, Ada", "Marsh, Jr., Ben", "{Harbour Survey}"),
        year=2016,
        url="https://example.org/harbour/11",
        doi="10.1234/harbour.11",
        line=1,
        publication=Publication(
            kind="article-journal",
            venue="Harbour Letters",
            volume="7",
            issue="2",
            pages="12-34",
            publisher="Quay Press",
            month=5,
            issn="1111-2222",
        ),
    )


def test_preprint() -> None:
    """Its date may be told by another name, and its archive is its publisher."""
    record = read(PREPRINT)
    assert record.year == 2021
    assert record.publication == Publication("article", publisher="Lamp Archive", month=1)


def test_what_is_given_for_a_doi() -> None:
    record = read(FOR_A_DOI)
    assert record.title == "A Long Look at Short Walks"
    assert record.publication == Publication(
        "paper-conference", venue="Proceedings of the Walks", month=7
    )


@pytest.mark.parametrize(
    ("title", "subtitle", "told"),
    [
        (["Tides"], [], "Tides"),
        (["Tides"], ["A Study"], "Tides: A Study"),
        (["Tides:"], ["A Study"], "Tides: A Study"),
        (["Tides: a study"], ["A Study"], "Tides: a study"),
        (["", "Tides"], [None], "Tides"),
    ],
)
def test_titles(title: list[str], subtitle: list[str], told: str) -> None:
    assert read({"title": title, "subtitle": subtitle}).title == told


def test_isbn_without_its_address() -> None:
    isbn = ["http://id.crossref.org/isbn/9783161484100"]
    assert read({"title": ["A"], "ISBN": isbn}).publication.isbn == "9783161484100"


@pytest.mark.parametrize("field", WORK)
@pytest.mark.parametrize("value", [None, 5, "x", [], [[]], {}, {"a": [1]}, [{}], True])
def test_any_field_may_be_of_another_kind(field: str, value: object) -> None:
    """It is then left out."""
    assert isinstance(read_crossref(1, {**WORK, field: value}), Record | BadRecord)
