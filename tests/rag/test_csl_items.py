"""CSL-JSON of papers: what other programs read of it, and that nothing is lost on the way."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.bibliography.csl_json import csl_items, csl_json
from rag.readers import read_records
from rag.readers.csl_json import TYPES
from rag.readers.jsonl import json_line
from rag.types import Paper, Publication
from tests.properties import try_on
from tests.rag.readers.drawn import as_paper, papers

LORA = Paper(
    "1",
    "Lamps of $5 in {Fog}",
    "We light lamps.",
    ("Edward van der Berg", "{Lamp Group, North}", "Quill, Jr., Ada"),
    2021,
    arxiv_id="2106.09685",
    arxiv_version=2,
    key="berg2021",
    notes="mine\nall mine",
)
MOSS = Paper(
    "2",
    "Moss",
    "Somebody says that it is good.",
    ("Lund, Zoë",),
    2020,
    doi="10.1234/moss",
    is_note=True,
    tags=("stones", "a, b"),
    publication=Publication(venue="Stones", pages="12-34", month=3, editors=("Roy, Gil",)),
)


def back(file: Path, written: Sequence[Paper]) -> list[Paper]:
    """What reading a file of these papers gives."""
    read = list(read_records(file))
    assert len(read) == len(written)
    return [as_paper(paper, record) for paper, record in zip(written, read, strict=True)]


class TestItems:
    def test_preprint(self) -> None:
        """Names are told in their parts, a group as a whole; our own notes are not told."""
        (item,) = csl_items([LORA])
        assert item == {
            "id": "berg2021",
            "type": "article",
            "title": "Lamps of $5 in {Fog}",
            "author": [
                {"family": "van der Berg", "given": "Edward"},
                {"literal": "Lamp Group, North"},
                {"family": "Quill", "given": "Ada", "suffix": "Jr."},
            ],
            "issued": {"date-parts": [[2021]]},
            "number": "arXiv:2106.09685v2",
            "publisher": "arXiv",
            "URL": "https://arxiv.org/abs/2106.09685",
            "abstract": "We light lamps.",
        }

    def test_published(self) -> None:
        """What somebody wrote about a paper is not told as its abstract."""
        (item,) = csl_items([MOSS])
        assert item == {
            "id": "lund2020moss",
            "type": "article-journal",
            "title": "Moss",
            "author": [{"family": "Lund", "given": "Zoë"}],
            "editor": [{"family": "Roy", "given": "Gil"}],
            "issued": {"date-parts": [[2020, 3]]},
            "container-title": "Stones",
            "page": "12-34",
            "DOI": "10.1234/moss",
            "keyword": "stones, a, b",
        }

    @pytest.mark.parametrize(
        ("paper", "kind"),
        [
            (Paper("1", "A", "B"), "document"),
            (Paper("1", "A", "B", arxiv_id="2101.00001"), "article"),
            (Paper("1", "A", "B", arxiv_id="2101.00001", doi="10.1000/1"), "document"),
            (Paper("1", "A", "B", publication=Publication(venue="C")), "article-journal"),
            (Paper("1", "A", "B", publication=Publication(kind="thesis", venue="C")), "thesis"),
        ],
    )
    def test_type(self, paper: Paper, kind: str) -> None:
        assert csl_items([paper])[0]["type"] == kind
        assert kind in TYPES

    def test_each_once_under_a_key_of_its_own(self) -> None:
        unnamed = [Paper(str(n), "Moss", "A", ("Lund",), 2020) for n in range(3)]
        ids = [item["id"] for item in csl_items([*unnamed, *unnamed])]
        assert ids == ["lund2020moss", "lund2020mossa", "lund2020mossb"]

    def test_a_citation_processor_knows_all_fields(self) -> None:
        """It warns of any that it does not."""
        from citeproc.source.json import CiteProcJSON

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert set(CiteProcJSON(csl_items([LORA, MOSS]))) == {"berg2021", "lund2020moss"}
            with pytest.raises(UserWarning, match="custom"):
                CiteProcJSON(json.loads(csl_json([LORA])))


class TestRoundTrip:
    def test_file_is_an_array_with_an_item_a_line(self) -> None:
        text = csl_json([LORA, MOSS])
        assert len(json.loads(text)) == 2
        assert [line[:6] for line in text.splitlines()] == ["[", '{"id":', '{"id":', "]"]

    def test_standard_fields_are_not_told_twice(self) -> None:
        """Our own are only those which the standard has no field for, or another form of."""
        own = [item["custom"]["footnote"] for item in json.loads(csl_json([LORA, MOSS]))]
        assert own[0].keys() == {"authors", "publication", "notes"}
        assert own[1].keys() == {"abstract", "is_note", "publication", "tags"}

    def test_key_that_was_made_for_it_stays(self, tmp_path: Path) -> None:
        """A manuscript may cite the paper by it already."""
        file = tmp_path / "a"
        file.write_text(csl_json([MOSS]), encoding="utf-8")
        assert back(file, [MOSS])[0].key == "lund2020moss"

    @pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.long)])
    def test_any_papers_come_back(self, tmp_path: Path, count: int) -> None:
        """Letter for letter, whatever they say, as CSL-JSON and as JSON Lines; and again."""
        file = tmp_path / "papers"

        def check(written: list[Paper]) -> None:
            for text in (csl_json(written), "".join(map(json_line, written))):
                file.write_text(text, encoding="utf-8")
                if written:  # a file without papers is told to be none
                    assert back(file, written) == written

        try_on(count, check, written=papers)

    @pytest.mark.parametrize(
        "fields", [{"title": r"\alpha"}, {"notes": "a\nb"}, {"authors": ("A B",)}]
    )
    def test_without_our_own_fields_something_is_lost(self, tmp_path: Path, fields) -> None:
        """So they are what brings it back."""
        file = tmp_path / "papers"
        paper = replace(
            Paper("1", "Moss", "A.", publication=Publication("book"), key="a"), **fields
        )
        file.write_text(csl_json([paper]))
        assert back(file, [paper]) == [paper]
        file.write_text(csl_json([paper]).replace('"custom"', '"lost"'))
        assert back(file, [paper]) != [paper]
