"""What is exported and added to an empty library is the same again, and nothing is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import strategies as st

from rag.bibliography import Format, write
from rag.browse import Order
from rag.ingest import Ingest
from rag.library import Library
from rag.types import BadRecord, Paper, Publication, Record
from tests.properties import try_on
from tests.rag.corpus import RECORDS, make_ingest
from tests.rag.readers.drawn import records

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"
READ_BACK = (Format.BIBTEX, Format.RIS, Format.CSL_JSON, Format.CSV, Format.JSON_LINES)


@contextmanager
def new_library(folder: Path) -> Iterator[Ingest]:
    folder.mkdir()
    with Library.open(folder) as library:
        ingest = make_ingest(library)
        try:
            yield ingest
        finally:
            ingest.index.close()


def exported(library: Library, format: Format) -> str:
    return "".join(write(library.shelf.each(order=Order.OLDEST), format))


@pytest.mark.parametrize("format", READ_BACK)
def test_a_library_comes_back(tmp_path: Path, format: Format) -> None:
    """Every text and number of it, and as the same file when it is exported again."""

    def check(drawn: list[Record | BadRecord]) -> None:
        with TemporaryDirectory(dir=tmp_path) as folder:
            comes_back(Path(folder), [r for r in drawn if isinstance(r, Record)], format)

    try_on(3, check, drawn=st.lists(records, min_size=10, max_size=25))


def comes_back(folder: Path, drawn: list[Record], format: Format) -> None:
    with new_library(folder / "one") as one, new_library(folder / "other") as other:
        one.add_records(RECORDS, "written")
        one.add_records(drawn, "drawn")
        for number, paper in enumerate(one.library.papers(limit=-1)):
            if number % 3 == 0:
                one.library.write_notes(paper.id, "First line: {x} costs $5.\n\n  \\alpha, 100 %")
        one.library.mark_read([p.id for p in one.library.papers(limit=-1)[::4]], True)
        one.library.tag([p.id for p in one.library.papers(limit=-1)[::5]], ("to read", "a–b"))
        file = folder / "exported"
        file.write_text(exported(one.library, format), encoding="utf-8")
        report = other.add_files([file])
        assert (report.bad, report.updated, report.duplicates) == (0, 0, 0)
        assert exported(other.library, format) == file.read_text(encoding="utf-8")
        before, after = (library.papers(limit=-1) for library in (one.library, other.library))
        assert [known(p) for p in after] == [known(p) for p in before]


def known(paper: Paper) -> Paper:
    """A paper without what is of its library alone, and how its names are written."""
    return replace(paper, sources=(), authors=paper.author_names)


def test_a_bibliography_enriches_saved_pages_and_doubles_nothing(tmp_path: Path) -> None:
    """Titles as a .bib writes them, with authors, years and DOIs, of papers that are there bare."""
    if not SEEDS.is_dir():
        pytest.skip("the saved pages are not here")
    pages = sorted(SEEDS.glob("*.txt"))
    with new_library(tmp_path / "library") as ingest:
        added = ingest.add_files(pages).added
        bare = ingest.library.papers(limit=-1)
        assert added == len(bare) > 600
        told = [
            replace(p, abstract="", authors=(f"Quill{n}, Ada", "Marsh, Ben"), year=2020 + n % 5,
                    doi=f"10.1234/x{n}", key=f"own{n}", title=p.title.swapcase(),
                    publication=Publication("article-journal", "Tides", str(n)))
            for n, p in enumerate(bare)
        ]  # fmt: skip
        bib = tmp_path / "references.bib"
        bib.write_text("".join(write(told, Format.BIBTEX)), encoding="utf-8")
        report = ingest.add_files([bib])
        assert (report.added, report.updated, report.bad) == (0, added, 0)
        enriched = ingest.library.papers(limit=-1)
        assert [(p.id, p.title, p.abstract) for p in enriched] == [
            (p.id, p.title, p.abstract) for p in bare
        ]
        assert [(p.key, p.doi, p.year, p.authors) for p in enriched] == [
            (p.key, p.doi, p.year, p.authors) for p in told
        ]
        again = ingest.add_files([*pages, bib])
        assert (again.added, again.updated, again.bad) == (0, 0, 0)


BIB = """@inproceedings{quill2021tide,
  title = {A {Tide} Table for Everybody}, author = {Quill, Ada and Marsh, Ben},
  booktitle = {Proceedings of the Harbour Conference}, year = 2021, doi = {10.1234/tide}}
"""
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
<entry><id>http://arxiv.org/abs/2003.01234v2</id><published>2020-03-01T00:00:00Z</published>
<title>A Tide Table for Everybody</title><summary>Tides come twice a day. We say when.</summary>
<author><name>Ada Quill</name></author><author><name>Ben Marsh</name></author></entry></feed>
"""
NBIB = """
PMID- 31415926
TI  - A tide table for everybody.
FAU - Quill, Ada
FAU - Marsh, Ben
DP  - 2021 May
LID - 10.1234/tide [doi]
"""
SCHOLAR = """@article{quill2020tide, title={A tide table for everybody},
  author={Quill, Ada and Marsh, Ben}, journal={arXiv preprint arXiv:2003.01234}, year={2020}}
"""


@pytest.mark.parametrize("order", permutations(range(4)), ids=str)
def test_one_paper_in_four_files_is_one_whatever_their_order(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """With the reference of the publication, the abstract of the preprint, and all links."""
    files = []
    for name, text in zip("abcd", (BIB, ATOM, NBIB, SCHOLAR), strict=True):
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        files.append(file)
    with new_library(tmp_path / "library") as ingest:
        report = ingest.add_files([files[n] for n in order])
        assert (report.added, report.bad) == (1, 0)
        (paper,) = ingest.library.papers()
    assert (paper.doi, paper.arxiv_id, paper.arxiv_version) == ("10.1234/tide", "2003.01234", 2)
    assert (paper.pmid, paper.year) == ("31415926", 2021)
    assert paper.abstract == "Tides come twice a day. We say when."
    assert paper.publication.venue == "Proceedings of the Harbour Conference"
    assert paper.author_names == ("Ada Quill", "Ben Marsh")
    assert len(paper.links) == 3
    assert paper.sources == ("a", "b", "c", "d")
