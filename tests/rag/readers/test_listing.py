"""Saved pages of paper listings: exactly their papers, in both layouts, whatever the damage."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.readers.source import MAX_LINE_CHARACTERS
from rag.types import BadRecord, Record
from tests.rag.readers.reading import good
from tests.rag.readers.written.listing import (
    EXAMPLES,
    PAPERS,
    TITLES,
    abstract,
    glued_page,
    spaced_page,
)

SEEDS = Path(__file__).resolve().parents[4] / "shared" / "seeds"


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def save(content: str | bytes, name: str = "input") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


class TestListing:
    @pytest.mark.parametrize("page", [glued_page, spaced_page])
    def test_both_layouts_give_exactly_their_papers(self, save, page) -> None:
        """The noise above the first title and the glued button are not papers."""
        assert [(r.title, r.abstract) for r in good(save(page()))] == list(PAPERS)

    @pytest.mark.parametrize("page", [glued_page, spaced_page])
    def test_line_is_where_the_title_stands(self, save, page) -> None:
        """`line` leads a reader of the file to the title."""
        lines = page().splitlines()
        for record in good(save(page())):
            assert record.line is not None
            assert record.title in lines[record.line - 1]

    @pytest.mark.parametrize("newline", ["\r\n", "\r"])
    def test_line_ends_of_other_systems(self, save, newline) -> None:
        """A page saved on another system reads the same."""
        assert len(good(save(spaced_page().replace("\n", newline)))) == len(PAPERS)

    def test_byte_order_mark_is_no_part_of_the_first_title(self, save) -> None:
        page = "\ufeff" + "\n".join(f"{t}\n{a}" for t, a in PAPERS)
        assert good(save(page))[0].title == TITLES[0]

    def test_paragraphs_may_be_wrapped(self, save) -> None:
        """With blank lines between blocks, an abstract may run over several lines."""
        page = spaced_page().replace(". ", ".\n")
        assert [r.abstract for r in good(save(page))] == [a for _, a in PAPERS]

    def test_abstract_of_two_paragraphs(self, save) -> None:
        """A second paragraph belongs to the same abstract."""
        page = spaced_page().replace(abstract(1), abstract(1) + "\n\n" + abstract(8))
        assert good(save(page))[1].abstract == f"{abstract(1)} {abstract(8)}"

    def test_short_abstract(self, save) -> None:
        """An abstract of one sentence is still an abstract."""
        short = "We find that moss on the north side of a stone keeps a record of the last winter."
        page = spaced_page().replace(abstract(1), short)
        assert good(save(page))[1].abstract == short
        assert len(good(save(page))) == len(PAPERS)

    def test_title_without_abstract_is_told(self, save) -> None:
        """A title that lost its abstract is a bad record and takes no other with it."""
        found = list(read_records(save(glued_page().replace(abstract(1) + "\n", ""))))
        assert [r.title for r in found if isinstance(r, Record)] == [
            t for t in TITLES if t != TITLES[1]
        ]
        assert [r.line for r in found if isinstance(r, BadRecord)] == [5]

    def test_overlong_line_is_told(self, save) -> None:
        """A line beyond the cap is a bad record; the papers around it are read."""
        page = "\n".join(f"{t}\n{a}" for t, a in PAPERS) + "\n" + "x" * (MAX_LINE_CHARACTERS + 5)
        page += "\nAfter the Flood: Notes on Dry Paper\n" + abstract(9)
        found = list(read_records(save(page)))
        assert [r.line for r in found if isinstance(r, BadRecord)] == [11]
        assert isinstance(found[-1], Record)
        assert found[-1].abstract == abstract(9)

    def test_abstract_that_names_tags_is_no_web_page(self, save) -> None:
        """A paper on HTML may spell its tags."""
        page = glued_page().replace("It needs no labels", "It needs no <div>, no <p> labels", 1)
        assert len(good(save(page))) == len(PAPERS)

    @pytest.mark.parametrize("content", EXAMPLES)
    def test_every_encoding_and_line_end(self, save, content) -> None:
        assert [(r.title, r.abstract) for r in good(save(content))] == list(PAPERS)

    def test_gzip_by_content(self, save) -> None:
        """A packed page is read whatever its name."""
        assert len(good(save(gzip.compress(glued_page().encode()), "page.txt"))) == len(PAPERS)

    @pytest.mark.skipif(not SEEDS.is_dir(), reason="the shared seed pages are not here")
    def test_seed_pages(self) -> None:
        """The five saved pages hold 743 records and 668 distinct titles."""
        found = [good(path) for path in sorted(SEEDS.glob("*.txt"))]
        assert [len(page) for page in found] == [315, 51, 78, 69, 230]
        assert len({r.title for page in found for r in page}) == 668
        assert min(len(r.abstract) for page in found for r in page) > 400
