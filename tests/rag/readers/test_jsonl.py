"""JSON Lines of our own form: every field, every dialect, and bad lines among good ones."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.reading import good
from tests.rag.readers.written.jsonl import ABSTRACT, EXAMPLES, FULL, TITLE, jsonl, paper


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def save(content: str | bytes) -> Path:
        path = tmp_path / "input"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def test_all_of_our_own_fields(save) -> None:
    """What `json_line` writes, and texts that only look like TeX."""
    assert good(save(jsonl(FULL))) == [
        Record(
            title=TITLE,
            abstract=ABSTRACT,
            authors=("Fern, Ada", "{Harbour Survey, North}", "Bo Reed"),
            year=2021,
            url="https://example.org/rivers",
            doi="10.1234/ab.5",
            arxiv_id="2101.00001",
            line=1,
            tags=("rivers", "to read"),
            arxiv_version=2,
            pmid="123456",
            openalex_id="W2741809807",
            s2_id="CorpusId:77",
            publication=Publication("article-journal", "Gauges", pages="1-9", month=4),
            key="fern2021slow",
            notes="first line\n\n  second $5 line",
            is_read=True,
        )
    ]


@pytest.mark.parametrize(("example", "lines"), enumerate([[1, 2, 3], [1, 1], [1, 31], [2, 3, 4]]))
def test_dialects(save, example, lines) -> None:
    """Lines, an array in UTF-16, objects over several lines, CRLF behind a byte order mark."""
    assert [r.line for r in read_records(save(EXAMPLES[example]))] == lines


class TestLines:
    def test_all_fields(self, save) -> None:
        """Every field that is known is kept; others are ignored."""
        line = paper(
            id="arXiv:2101.00001v2",
            authors=["Ada Fern", " Bo  Reed "],
            year="2021",
            doi="https://doi.org/10.1234/ab.5",
            categories=["cs.CL", "cs.IR", "cs.CL"],
            colour="green",
        )
        assert good(save(jsonl(line))) == [
            Record(
                title=TITLE,
                abstract=ABSTRACT,
                authors=("Ada Fern", "Bo Reed"),
                year=2021,
                doi="10.1234/ab.5",
                arxiv_id="2101.00001",
                line=1,
                tags=("cs.CL", "cs.IR"),
                arxiv_version=2,
                publication=Publication("article"),
            )
        ]

    @pytest.mark.parametrize(
        ("value", "arxiv_id"),
        [
            ("2101.00001v2", "2101.00001"),
            ("0705.1862", "0705.1862"),
            ("astro-ph/9901001v1", "astro-ph/9901001"),
            ("math.GT/0309136", "math/0309136"),
            ("https://arxiv.org/abs/2101.00001v3", "2101.00001"),
            ("PMC12345", None),
            ("2101.00001x", None),
            (17, None),
        ],
    )
    def test_arxiv_numbers(self, save, value, arxiv_id) -> None:
        """An id is an arXiv number where it looks like one, without its version."""
        assert good(save(jsonl(paper(id=value))))[0].arxiv_id == arxiv_id

    @pytest.mark.parametrize(
        ("value", "authors"),
        [
            ("Ada Fern; Bo Reed", ("Ada Fern", "Bo Reed")),
            ("Fern, Ada and Reed, Bo and Anders Sand", ("Fern, Ada", "Reed, Bo", "Anders Sand")),
            (["Zoë Lund", "", 4, None], ("Zoë Lund",)),
            (["G\\'{e}rard Roy"], ("Gérard Roy",)),
            ({"first": "Ada"}, ()),
            (None, ()),
        ],
    )
    def test_authors(self, save, value, authors) -> None:
        assert good(save(jsonl(paper(authors=value))))[0].authors == authors

    @pytest.mark.parametrize(
        ("value", "year"),
        [(1999, 1999), ("1999", 1999), ("in press", None), (True, None), (-3, None), (1e3, None)],
    )
    def test_years(self, save, value, year) -> None:
        assert good(save(jsonl(paper(year=value))))[0].year == year

    @pytest.mark.parametrize(
        ("fields", "url"),
        [
            ({"url": "https://example.org/p/1"}, "https://example.org/p/1"),
            ({"url": "javascript:alert(1)", "doi": "10.1/x"}, None),
            ({"url": "not a url", "doi": "10.1234/x"}, None),
            ({"id": "2101.00001", "doi": "10.1234/x"}, None),
            ({}, None),
        ],
    )
    def test_addresses(self, save, fields, url) -> None:
        """Only what the file gives: an identifier's own is made where it is shown."""
        assert good(save(jsonl(paper(**fields))))[0].url == url

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ('{"title": "A"', "not valid JSON: expecting ',' delimiter in line 5"),
            ('{"title": "A, "abstract": "B"}', "not valid JSON: expecting ',' delimiter in line 3"),
            ('["title", "abstract"]', "not a JSON object"),
            ('"title"', "not a JSON object"),
            ("[" * 100_000, "not a JSON object"),
            ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
            ('{"year": ' + "9" * 9000 + "}", "no title"),
            ('{"abstract": "Text."}', "no title"),
            ('{"title": "?!", "abstract": "Text."}', "no title"),
            ('{"title": ["A"], "abstract": "Text."}', "not a text"),
            ('{"title": "A name", "abstract": {}}', "not a text"),
            (json.dumps({"title": "A", "abstract": "x " * 90_000}), "more than 100,000 characters"),
            (
                json.dumps({"title": "A", "x": "x " * 6_000_000}),
                "longer than 10 million characters",
            ),
        ],
        ids=range(13),
    )
    def test_bad_line_is_told_and_stops_nothing(self, save, line, reason) -> None:
        """A line that is no record gives its number and a reason; the others are read."""
        path = save(jsonl(paper(), paper()) + line + "\n\n" + jsonl(paper(title="Last of All")))
        found = list(read_records(path))
        assert [type(r) for r in found] == [Record, Record, BadRecord, Record]
        assert isinstance(found[2], BadRecord)
        assert found[2].line == 3
        assert reason in found[2].reason
        assert isinstance(found[3], Record)
        assert (found[3].line, found[3].title) == (5, "Last of All")

    @pytest.mark.parametrize("fields", [{}, {"abstract": None}, {"abstract": " \u0000 "}])
    def test_record_without_abstract_is_kept(self, save, fields) -> None:
        """It can be cited and found by its title."""
        (record,) = good(save(jsonl({"title": "A name", **fields})))
        assert (record.title, record.abstract) == ("A name", "")

    def test_bad_first_line(self, save) -> None:
        """The format is known even where the first record is broken."""
        found = list(read_records(save('{"title": \n' + jsonl(paper(), paper()))))
        assert [type(r) for r in found] == [BadRecord, Record, Record]

    def test_hostile_characters(self, save) -> None:
        """NUL, control characters, half surrogates and broken bytes never reach a record."""
        line = json.dumps(paper(title="A\x00 Na\x1bme \ud800of\u202e It")).encode()
        broken = line.replace(b"Na", b"N\xff\x00a")
        first, second = good(save(line + b"\n" + broken))
        assert first.title == "A Name of It"
        assert second.title == "A Nÿame of It"
        second.title.encode()

    def test_memory_stays_small(self, tmp_path) -> None:
        """A long file is read line by line, never held."""
        with (tmp_path / "long").open("wb") as file:
            for i in range(300):
                file.write(jsonl(paper(title=f"Paper {i} of many", abstract="x" * 50_000)).encode())
        tracemalloc.start()
        count = sum(1 for _ in read_records(tmp_path / "long"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 300
        assert peak < 8 << 20
