"""Works of OpenAlex: what is taken of them, and abstracts from the places of their words."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rag.readers.openalex import read_openalex
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.openalex import OLDER, PREPRINT, WORK


def read(**fields: Any) -> Record:
    record = read_openalex(1, {"title": "Bread", **fields})
    assert isinstance(record, Record)
    return record


def test_all_fields() -> None:
    """An arXiv copy among its places is told, and of its many keywords only the field of study."""
    assert read(**WORK) == Record(
        title="Lamps & Fog",
        abstract="We light lamps in fog, and lamps",
        authors=("Ada Quill", "B. Marsh"),
        year=2018,
        doi="10.1234/lamps.3",
        arxiv_id="1702.00012",
        line=1,
        tags=("Earth Science",),
        pmid="29456894",
        openalex_id="W2741809807",
        publication=Publication(
            kind="article-journal",
            venue="Harbour Letters",
            volume="6",
            issue="4",
            pages="e4375",
            publisher="Quay Press",
            month=2,
            issn="2167-8359",
        ),
    )


def test_preprint() -> None:
    """A repository is no journal, and the first of January stands for a day that is not known."""
    record = read(**PREPRINT)
    assert (record.title, record.arxiv_id, record.arxiv_version) == ("Bread", "2101.00001", 2)
    assert record.publication == Publication("article")


def test_older_dialect() -> None:
    record = read(**OLDER)
    assert (record.abstract, record.publication.venue) == ("Bread rises.", "Loaves")


@pytest.mark.parametrize(
    ("kind", "source", "expected"),
    [
        ({"type": "article"}, "journal", "article-journal"),
        ({"type": "article"}, "repository", "article"),
        ({"type": "article"}, "conference", "paper-conference"),
        ({"type": "article", "type_crossref": "proceedings-article"}, None, "paper-conference"),
        ({"type": "book-chapter"}, "book series", "chapter"),
        ({"type": "journal-article"}, None, "article-journal"),
        ({"type": "paratext"}, None, ""),
        ({"type": ["article"]}, None, ""),
    ],
)
def test_kinds(kind: dict[str, Any], source: str | None, expected: str) -> None:
    work = {**kind, "primary_location": {"source": {"type": source}}}
    assert read(**work).publication.kind == expected


@pytest.mark.parametrize(
    ("index", "abstract"),
    [
        ({"b": [1], "a": [0, 2]}, "a b a"),
        ({"b": [10**30], "a": [-1, 0, True, "1", None, 1.5, [2]]}, "a"),
        ({"b": 5, "a": {"0": 0}}, ""),
        ({"far": [40_000], "near": [3]}, "near far"),
        ([], ""),
        ("text", ""),
    ],
)
def test_abstracts(index: object, abstract: str) -> None:
    assert read(abstract_inverted_index=index).abstract == abstract


@pytest.mark.parametrize(
    "index",
    [
        {"word": list(range(1_000_000))},
        {"w" * 90_000: list(range(40_000))},
        {f"w{n}": list(range(200)) for n in range(5_000)},
        {"a": [0] * 3_000_000},
    ],
)
def test_hostile_places_take_no_time_and_no_memory(index: dict[str, list[int]]) -> None:
    """What would be longer than any abstract is refused for its length."""
    started = time.process_time()
    record = read_openalex(1, {"title": "Bread", "abstract_inverted_index": index})
    assert isinstance(record, BadRecord) or len(record.abstract) <= 100_000
    assert time.process_time() - started < 2


@pytest.mark.parametrize("field", WORK)
@pytest.mark.parametrize("value", [None, 5, "x", [], [[]], {}, {"a": [1]}, [{}], True])
def test_any_field_may_be_of_another_kind(field: str, value: object) -> None:
    """It is then left out."""
    assert isinstance(read_openalex(1, {**WORK, field: value}), Record | BadRecord)
