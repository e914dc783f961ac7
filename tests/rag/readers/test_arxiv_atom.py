"""arXiv's XML gives what arXiv shows of a paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.readers.arxiv_atom import READER
from rag.readers.source import Head
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.arxiv_atom import EXAMPLES


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes | str], list[Record | BadRecord]]:
    def read(content: bytes | str) -> list[Record | BadRecord]:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_records(path))

    return read


PREPRINT = Publication(kind="article")
ATOM = [
    Record(
        title="Slow Rivers: Measuring Drift in O(n) Sensors",
        abstract="We measure drift with n lamps and find 4% of it.",
        authors=("Ada Quill", "Bo von Fern"),
        year=2021,
        doi="10.1234/rivers.1",
        arxiv_id="2101.00001",
        arxiv_version=2,
        line=6,
        tags=("cs.LG", "math-ph"),
        publication=Publication(kind="article", venue="J. Rivers 3 (2022) 4-5"),
    ),
    Record(
        title="Lanterns of the Sky",
        abstract="Lanterns are counted.",
        authors=("Cy Reed",),
        year=1999,
        arxiv_id="astro-ph/9901001",
        arxiv_version=1,
        line=27,
        publication=PREPRINT,
    ),
]


@pytest.mark.parametrize("number", [0, 1])
def test_atom(read, number) -> None:
    """What the API answers, whatever prefixes its elements have."""
    assert read(EXAMPLES[number]) == ATOM


@pytest.mark.parametrize(("number", "lines"), [(2, (4, 9, 10)), (3, (1, 1, 1))])
def test_oai(read, number, lines) -> None:
    """Both dialects of the OAI interface, on many lines and on one in UTF-16."""
    plain, deleted, raw = read(EXAMPLES[number])
    assert plain == Record(
        title="Counting Lamps",
        abstract="Lamps are counted.",
        authors=("Quill, Jr, Ada", "Harbour"),
        year=2007,
        doi="10.1234/lamps",
        arxiv_id="0705.0001",
        line=lines[0],
        tags=("hep-ph", "cs.LG"),
        publication=PREPRINT,
    )
    assert isinstance(deleted, BadRecord)
    assert (deleted.line, "deleted" in deleted.reason) == (lines[1], True)
    assert raw == Record(
        title="Wet Stones",
        abstract="Stones are wet.",
        authors=("A. Quill", "B. Fern", "C. Reed"),
        year=2007,
        arxiv_id="0705.0003",
        arxiv_version=3,
        line=lines[2],
        tags=("math.GT",),
        publication=PREPRINT,
    )


def test_an_error_of_the_api(read) -> None:
    """It comes as an entry, and is told as what it is."""
    (found,) = read(
        "<feed><entry><id>http://arxiv.org/api/errors#id</id><title>Error</title>"
        "<summary>no such id</summary></entry></feed>"
    )
    assert isinstance(found, BadRecord)
    assert "no such id" in found.reason


def test_a_bad_entry_in_the_middle(read) -> None:
    """The entries around it are read."""
    broken = EXAMPLES[0].replace(b"<entry>", b"<entry><oops></entry><entry>", 1)
    first, *others = read(broken)
    assert isinstance(first, BadRecord)
    assert [r.title for r in others] == [r.title for r in ATOM]


def test_long_names_end(read) -> None:
    """A hostile list of authors takes no time."""
    raw = EXAMPLES[2].decode().replace("A. Quill (1)", " " * 300_000 + "(" * 300_000)
    assert len(read(raw)) == 3


@pytest.mark.parametrize(
    "other",
    [
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A blog</title></entry></feed>',
        "<OAI-PMH><record><metadata><dc><title>A</title></dc></metadata></record></OAI-PMH>",
        "<rss><channel>http://arxiv.org/abs/2101.00001</channel></rss>",
        "See http://arxiv.org/abs/2101.00001 for <entry>",
    ],
)
def test_other_files_are_not_taken(other) -> None:
    assert not READER.recognises(Head(other.encode(), other))
