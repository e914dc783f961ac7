"""CSL-JSON as others write it; that ours comes back is proved where it is written."""

from __future__ import annotations

from typing import Any

import pytest

from rag.readers.csl_json import read_csl, read_date
from rag.types import Publication, Record
from tests.rag.readers.written.csl_json import MENDELEY, PANDOC, ZOTERO


def read(**fields: Any) -> Record:
    record = read_csl(1, {"title": "Bread", **fields})
    assert isinstance(record, Record)
    return record


class TestDialects:
    def test_zotero(self) -> None:
        """Its note tells more identifiers, its id is an address and no key."""
        assert read(**ZOTERO[0]) == Record(
            title="Does Bryum Remember? H2O and Stones",
            abstract="Mosses keep a record of damp winters.",
            authors=("Lund, Zoë", "van den Berg, Jan", "de Roy, Jr., Gil", "{Moss Survey, North}"),
            year=2020,
            url="https://example.org/moss",
            doi="10.1234/moss.7",
            arxiv_id="2003.04567",
            arxiv_version=3,
            pmid="7654321",
            line=1,
            key="lund2020moss",
            notes="aloud",
            publication=Publication(
                kind="article-journal",
                venue="Journal of Stones & Mosses",
                volume="7",
                issue="2",
                pages="12-34",
                month=5,
                issn="1234-5678, 8765-4321",
            ),
        )

    def test_preprint(self) -> None:
        record = read(**ZOTERO[1])
        assert (record.arxiv_id, record.key) == ("2101.00001", "reed2021counting")
        assert record.publication == Publication("article", publisher="arXiv", month=1)

    def test_pandoc(self) -> None:
        record = read(**PANDOC[0])
        assert (record.key, record.notes, record.tags) == (
            "fern2019",
            "Lent to Cora.",
            ("bread", "flour"),
        )
        assert record.publication == Publication(
            kind="chapter",
            venue="Loaves",
            publisher="Oven Press",
            place="Harbour",
            edition="2",
            month=11,
            isbn="978-3-16-148410-0",
            editors=("Sand, Anders",),
        )

    def test_mendeley(self) -> None:
        """Its ids only count the items."""
        first, second = (read(**item) for item in MENDELEY)
        assert (first.key, first.authors, first.year) == (None, ("Finch, Cora",), 2018)
        assert (second.key, second.year, second.publication.kind) == (None, 1998, "webpage")


class TestFields:
    @pytest.mark.parametrize(
        ("date", "expected"),
        [
            ({"date-parts": [[2020, 5, 1]]}, (2020, 5)),
            ({"date-parts": [["2020", "05"], ["2021"]]}, (2020, 5)),
            ({"date-parts": [[2020]], "season": 1}, (2020, None)),
            ({"date-parts": [[None]]}, (None, None)),
            ({"date-parts": [[]]}, (None, None)),
            ({"date-parts": 5}, (None, None)),
            ({"raw": "2020-05-01"}, (2020, 5)),
            ({"raw": "2020-13"}, (2020, None)),
            ({"literal": "3 May 2020"}, (2020, 5)),
            ({"literal": "in press"}, (None, None)),
            ([{"year": 2019, "month": 11}], (2019, 11)),
            ("2019", (2019, None)),
            ([], (None, None)),
            (None, (None, None)),
        ],
    )
    def test_dates(self, date: object, expected: tuple[int | None, int | None]) -> None:
        assert read_date(date) == expected

    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ({"family": "Quill", "given": "Ada"}, "Quill, Ada"),
            ({"family": "Quill"}, "Quill"),
            ({"given": "Ada"}, "Ada"),
            ({"family": "King", "given": "Martin, Jr."}, "King, Jr., Martin"),
            ({"literal": "Quill and Sons"}, "{Quill and Sons}"),
            ({"family": "Quill, Sons & Co"}, "{Quill, Sons & Co}"),
            ({"literal": "{NASA}"}, "{NASA}"),
            ("Ada Quill", "Ada Quill"),
        ],
    )
    def test_names(self, name: object, written: str) -> None:
        assert read(author=[name]).authors == (written,)

    @pytest.mark.parametrize("author", [None, 5, "Quill", [None, 5, [], {}], [{"family": ["x"]}]])
    def test_what_is_no_name_is_left_out(self, author: object) -> None:
        assert read(author=author).authors == ()

    @pytest.mark.parametrize(
        ("id", "key"),
        [("quill2021", "quill2021"), ("ITEM-3", None), ("17", None), (17, None), ("a b", None)],
    )
    def test_keys(self, id: object, key: str | None) -> None:
        assert read(id=id).key == key

    def test_number_of_a_report_is_no_arxiv_number(self) -> None:
        assert read(number="2101.00001").arxiv_id is None
        assert read(number="2101.00001", archive="arXiv").arxiv_id == "2101.00001"

    def test_our_own_fields_are_bounded_as_others(self) -> None:
        """Anybody may write them."""
        record = read(
            custom={
                "footnote": {
                    "authors": [5, "A\x00 B"],
                    "year": "x",
                    "tags": {},
                    "publication": {"month": 99, "editors": "x"},
                    "arxiv_id": [],
                    "is_read": "yes",
                    "url": "file:x",
                }
            }
        )
        assert record == Record("Bread", "", ("A B",), line=1)
