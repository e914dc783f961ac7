"""Which format an object is of, and what is no file of papers though it is JSON."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.readers.json_formats import READERS
from rag.readers.source import Head
from rag.types import BadRecord, Record
from tests.rag.readers.reading import good, refusal

NAMES = {
    "openalex": "OpenAlex",
    "semantic_scholar": "Semantic Scholar",
    "crossref": "Crossref",
    "arxiv_json": "arXiv metadata",
    "csl_json": "CSL-JSON",
    "jsonl": "JSON Lines",
}


def examples(module: str) -> tuple[bytes, ...]:
    written: tuple[bytes, ...] = import_module(f"tests.rag.readers.written.{module}").EXAMPLES
    return written


def names(content: bytes) -> list[str]:
    """The formats that take such a file for theirs."""
    encoding = "utf-16" if content.startswith(b"\xff\xfe") else "utf-8-sig"
    head = Head(content, content.decode(encoding))
    return [reader.name for reader in READERS if reader.recognises(head)]


@pytest.mark.parametrize("module", NAMES)
def test_a_file_is_of_one_format(module: str) -> None:
    for content in examples(module):
        assert names(content) == [NAMES[module]]


def test_a_file_may_mix_formats_line_by_line(tmp_path: Path) -> None:
    """Each object is read by its own, so that none loses what only its format tells."""
    from tests.rag.readers.written.arxiv_json import SNAPSHOT
    from tests.rag.readers.written.crossref import WORK
    from tests.rag.readers.written.csl_json import ZOTERO
    from tests.rag.readers.written.openalex import WORK as OPENALEX
    from tests.rag.readers.written.semantic_scholar import GRAPH

    file = tmp_path / "mixed"
    objects = (SNAPSHOT, WORK, *ZOTERO, OPENALEX, GRAPH, {"title": "Bread", "year": 1999})
    file.write_text("\n".join(map(json.dumps, objects)))
    records = good(file)
    assert [r.year for r in records] == [2007, 2016, 2020, 2021, 2018, 2019, 1999]
    assert [len(r.authors) for r in records] == [3, 3, 4, 1, 2, 2, 0]


@pytest.mark.parametrize(
    "content",
    [
        {"name": "a-package", "version": "1.0.0", "dependencies": {}},
        {"type": "FeatureCollection", "features": [{"properties": {"title": "x"}}]},
        {"$schema": "http://example.org/schema", "title": "A thing", "type": "object"},
        {"cells": [{"cell_type": "code", "source": ["title"]}], "nbformat": 4},
        {"items": []},
        {"data": [{"name": "x"}]},
        [1, 2, 3],
        [["title", "abstract"], ["A", "B"]],
        [],
        {},
    ],
    ids=range(10),
)  # fmt: skip
@pytest.mark.parametrize("indent", [None, 2])
def test_json_of_other_things_is_refused(tmp_path: Path, content: object, indent) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(content, indent=indent))
    assert "JSON" in refusal(file)


@pytest.mark.parametrize(
    "text",
    [
        "[1] A. Fern, Bread without Yeast, 1999.\n[2] B. Reed, Tides, 2001.\n",
        "{\\rtf1\\ansi Bread without Yeast}",
        "@article{a, title = {Bread}}\n",
        "// papers\nvar papers = [];\n",
        "title: Bread\nabstract: It rises.\n",
        '"title","abstract"\n"Bread","It rises."\n',
    ],
)
def test_other_formats_are_not_taken(text: str) -> None:
    assert names(text.encode()) == []


def test_what_is_wrong_with_the_only_record_is_told(tmp_path: Path) -> None:
    """A file of papers whose first is broken is no file of another kind."""
    file = tmp_path / "one.json"
    file.write_text('{\n "title": "Bread",\n "abstract": "It rises.\n}\n')
    (bad,) = read_records(file)
    assert bad == BadRecord(1, "the record is not valid JSON: a quotation mark is missing")


def test_first_record_longer_than_what_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "long.json"
    authors = [{"family": f"Quill{n}", "given": "Ada"} for n in range(10_000)]
    file.write_text(json.dumps([{"type": "book", "title": "A", "author": authors}]))
    (record,) = read_records(file)
    assert isinstance(record, Record)
    assert record.authors[0] == "Quill0, Ada"
