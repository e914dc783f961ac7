"""Files made to harm are refused, or read in a few seconds and little memory.

Those of folders and archives are in test_files, of gzip and devices in test_source, of entities
and elements in test_xml_records.
"""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rag.readers import read_records
from rag.readers.pdf_child import _MEMORY_BYTES
from tests.rag.readers.fuzzing import check_records, read_in_child, zipped
from tests.rag.readers.written.pdf import PREPRINT, pdf
from tests.rag.readers.written.zotero import database

DEEP = 200_000
GOOD = "@article{a, title = {Old lamps}}\n"
RIS = "TY  - JOUR\nTI  - {}\nAB  - {}\nER  - \n"
CSV = "title,abstract\n"

TEXTS: dict[str, Callable[[], str]] = {
    "JSON lists": lambda: "[" * DEEP,
    "JSON lists in a record": lambda: '{"title": ' + "[" * DEEP,
    "JSON objects": lambda: '{"items":' * DEEP,
    "JSON list of lists": lambda: "[{" * DEEP + "}]" * DEEP,
    "JSON wrappers": lambda: '{"message":' * DEEP + "{}" + "}" * DEEP,
    "JSON number": lambda: '{"title": "A", "abstract": "b", "year": ' + "9" * 5_000_000 + "}",
    "JSON escapes": lambda: '{"title": "' + "\\ud800" * DEEP + '", "abstract": "b"}',
    "BibTeX braces": lambda: GOOD + "@book{b, title = " + "{" * DEEP + "A" + "}" * DEEP + "}",
    "BibTeX open braces": lambda: GOOD + "@book{b, title = {" * DEEP,
    "BibTeX strings": lambda: "".join(f"@string{{s{n} = s{n - 1} # s{n - 1}}}\n"
                                      for n in range(1, 60)) + "@book{b, title = s59}",
    "BibTeX string that grows": lambda: '@string{s0 = "lamp "}\n' + "".join(
        f"@string{{s{n} = s{n - 1} # s{n - 1}}}\n" for n in range(1, 60)) + "@book{b, title = s59}",
    "BibTeX crossref": lambda: "@book{a, title={A}, crossref={b}}\n@book{b, crossref={a}}\n",
    "TeX groups": lambda: RIS.format("A " + "{" * 1_500 + "b" + "}" * 1_500, "{" * 40_000),
    "TeX macros": lambda: RIS.format("A", "\\frac{" * 9_000),
    "TeX environments": lambda: RIS.format("A", "\\begin{a}" * 9_000),
    "TeX mathematics": lambda: RIS.format("A", "$x^{" * 20_000),
    "RIS tags": lambda: "TY  - JOUR\nTI  - A\n" + "AU  - B\n" * DEEP + "ER  - \n",
    "MEDLINE tags": lambda: "PMID- 1\nTI  - A\n" + "FAU - B, C\n" * DEEP,
    "CSV columns": lambda: "title,abstract" + ",a" * DEEP + "\nA,b\n",
    "CSV marks": lambda: CSV + '"A' + '""' * DEEP,
    "labels": lambda: "Title: A\nAbstract: b\n" + "Authors: c\n" * DEEP,
    "headings": lambda: "Abstract\n\n" * DEEP,
    "XML elements": lambda: "<xml><records><record>" + "<a>" * DEEP,
    "XML entities": lambda: "<!DOCTYPE feed [" + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 9}">' for n in range(1, 20)) + "]><PubmedArticleSet>"
        "<PubmedArticle><ArticleTitle>&a19;</ArticleTitle></PubmedArticle></PubmedArticleSet>",
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str, tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_text(TEXTS[name](), encoding="utf-8")
    read_in_child(path)


def sparse(start: str) -> Callable[[Path], None]:
    """A file of 1 GB, of which only the beginning takes space."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(start.encode())
            file.truncate(1 << 30)

    return write


def repeated(start: str, packed: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """A file that unpacks to a cell of 64 MB."""
    return lambda path: void(path.write_bytes(packed(start.encode() + b"lamp " * (64 << 20 // 5))))


def void(_: object) -> None:
    return None


def long_cell(path: Path) -> None:
    with path.open("wb") as file:
        file.write(CSV.encode() + b'Lamps,"')
        for _ in range(60):
            file.write(b"lamp " * 200_000)


def changed_database(script: str) -> Callable[[Path], None]:
    """A library of Zotero, in which a table is something else."""

    def write(path: Path) -> None:
        path.write_bytes(database())
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)

    return write


FILES: dict[str, Callable[[Path], None]] = {
    "a cell of 1 GB": sparse(CSV + 'Lamps,"a'),
    "a cell of 60 MB": long_cell,
    "a cell in gzip": repeated(CSV + 'Lamps,"', gzip.compress),
    "a cell in gzip in zip": repeated(CSV, lambda c: zipped({"a.csv.gz": gzip.compress(c)})),
    "gzip in gzip in zip": lambda path: void(
        path.write_bytes(zipped({"a": gzip.compress(gzip.compress(bytes(1 << 20)))}))
    ),
    "a recursive view": changed_database(
        "DROP TABLE items; CREATE VIEW items AS WITH RECURSIVE n(itemID, itemTypeID) AS (SELECT 1, "
        "1 UNION ALL SELECT itemID + 1, 1 FROM n) SELECT * FROM n;"
    ),
    "a recursive view of texts": changed_database(
        "DROP TABLE itemTags; CREATE VIEW itemTags AS WITH RECURSIVE n(itemID, tagID) AS (SELECT "
        "1, 1 UNION ALL SELECT 1, tagID + 1 FROM n) SELECT * FROM n;"
    ),
    "a trigger": changed_database(
        "CREATE TRIGGER t AFTER INSERT ON items BEGIN DELETE FROM items; END;"
    ),
    "a generated column": changed_database(
        "DROP TABLE itemDataValues; CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, "
        "value AS (hex(zeroblob(400000000)))); INSERT INTO itemDataValues (valueID) VALUES (1);"
    ),
    "collections in a circle": changed_database(
        "UPDATE collections SET parentCollectionID = collectionID"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / "input"
    FILES[name](path)
    read_in_child(path)


def pdf_of(*objects: bytes) -> bytes:
    """A PDF of these objects, the first of them its catalog."""
    body = b"".join(b"%d 0 obj\n%b\nendobj\n" % (n, o) for n, o in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R >>\n%%EOF\n"


def stream(content: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    return b"<< /Length %d /Filter %b >>\nstream\n%b\nendstream" % (len(content), filters, content)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>"
PDFS: dict[str, Callable[[], bytes]] = {
    "a packed page": lambda: pdf_of(
        CATALOG, PAGES, PAGE, stream(zlib.compress(b" " * (200 << 20)))
    ),
    "a page packed twice": lambda: pdf_of(
        CATALOG, PAGES, PAGE,
        stream(zlib.compress(zlib.compress(b" " * (200 << 20))), b"[/FlateDecode /FlateDecode]"),
    ),
    "pages in a circle": lambda: pdf_of(CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"),
    "a page that is its parent": lambda: pdf_of(
        CATALOG, b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 /Parent 3 0 R >>",
        b"<< /Type /Pages /Kids [2 0 R] /Parent 2 0 R /Count 9999999 >>",
    ),
    "deep lists": lambda: pdf_of(CATALOG, b"[" * DEEP + b"]" * DEEP),
    "deep dictionaries": lambda: pdf_of(CATALOG, b"<< /Kids " * DEEP),
    "deep lists in a page": lambda: pdf_of(CATALOG, PAGES, PAGE, b"<< /Length %d >>\nstream\n%b\n"
                                           b"endstream" % (DEEP, b"[" * DEEP)),
    "references in a circle": lambda: pdf_of(b"1 0 R", b"2 0 R"),
    "a cross-reference of itself": lambda: pdf_of(CATALOG) + b"xref\n0 99999999\ntrailer\n<< /Prev "
                                           b"9 /Root 1 0 R /Size 9 >>\nstartxref\n9\n%%EOF",
}  # fmt: skip


@pytest.mark.parametrize("name", PDFS)
def test_pdfs(name: str, tmp_path: Path) -> None:
    """Its own child has its own bounds; the parent is not touched by it."""
    path = tmp_path / "input"
    path.write_bytes(PDFS[name]())
    read_in_child(path)


def test_a_pdf_is_read_within_these_bounds(tmp_path: Path) -> None:
    """Else all that is above would be refused for nothing."""
    path = tmp_path / "input"
    path.write_bytes(pdf(PREPRINT))
    assert check_records(path, read_records(path)) == 1
    assert _MEMORY_BYTES <= 1 << 30


def test_what_is_no_bomb_is_seen(tmp_path: Path) -> None:
    """The bounds hold in the child that reads one file, too."""
    path = tmp_path / "input"
    path.write_text(GOOD)
    assert read_in_child(path).records == 1
    with pytest.raises(AssertionError, match="MB, more than"):
        read_in_child(path, "large")
    with pytest.raises(AssertionError, match="more than 2"):
        read_in_child(path, "slow")
