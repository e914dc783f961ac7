"""Papers of Semantic Scholar: of its Graph API, of its datasets, and older dumps."""

from __future__ import annotations

from typing import Any

import pytest

from rag.readers.semantic_scholar import read_semantic_scholar
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.semantic_scholar import DATASET, GRAPH, OLD, TALK


def read(fields: dict[str, Any]) -> Record:
    record = read_semantic_scholar(1, fields)
    assert isinstance(record, Record)
    return record


def test_graph() -> None:
    """Its summary by a model is nobody's abstract."""
    assert read(GRAPH) == Record(
        title="Tidepool: Names of Marine Species",
        abstract="Names of marine species are written in many ways.",
        authors=("Cora Finch", "B. Marsh"),
        year=2019,
        url="https://www.semanticscholar.org/paper/649def34",
        doi="10.1234/tide.9",
        arxiv_id="2101.00001",
        line=1,
        tags=("Biology", "Computer Science"),
        pmid="29456894",
        s2_id="649def34f8be52c8b66281af98ae884c09aef38b",
        publication=Publication(
            "article-journal", "Journal of Tides", volume="40", pages="116-135", month=9
        ),
    )


def test_a_volume_with_its_issue() -> None:
    published = read({**GRAPH, "journal": {"name": "Tides", "volume": "40 2"}}).publication
    assert (published.volume, published.issue) == ("40", "2")


def test_dataset() -> None:
    """arXiv is no journal, and its number no volume."""
    record = read(DATASET)
    assert (record.s2_id, record.arxiv_id, record.tags) == (
        "CorpusId:77",
        "2003.04567",
        ("Biology",),
    )
    assert record.publication == Publication("article", month=3)


def test_old_dump() -> None:
    record = read(OLD)
    assert (record.abstract, record.s2_id) == ("Bread rises by patience alone.", "a" * 40)


def test_citation_holds_a_paper() -> None:
    assert read({"contexts": [], "citedPaper": TALK}) == read(TALK)


def test_a_talk_may_be_called_an_article_as_well() -> None:
    assert read(TALK).publication.kind == "paper-conference"
    journal = {**TALK, "publicationVenue": {"type": "journal"}}
    assert read(journal).publication.kind == "article-journal"


def test_without_a_title() -> None:
    assert read_semantic_scholar(3, {"paperId": "x", "title": None}) == BadRecord(
        3, "the record has no title"
    )


@pytest.mark.parametrize("field", GRAPH)
@pytest.mark.parametrize("value", [None, 5, "x", [], [[]], {}, {"a": [1]}, [{}], True])
def test_any_field_may_be_of_another_kind(field: str, value: object) -> None:
    """It is then left out."""
    assert isinstance(read_semantic_scholar(1, {**GRAPH, field: value}), Record | BadRecord)
