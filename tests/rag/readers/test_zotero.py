"""Zotero's database is read as data, from a copy, whatever is in it."""

from __future__ import annotations

import gzip
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import LibraryFull, ReadError
from rag.readers import read_records, zotero
from rag.types import BadRecord, Publication, Record
from tests.rag.readers.written.zotero import EXAMPLES, Built

RECORDS = [
    Record(
        title="Lamps of Fucus",
        abstract="We count lamps over four winters.",
        authors=("Quill, Ada", "{Harbour Lamp Office}"),
        year=2019,
        url="https://example.org/lamps",
        doi="10.1234/jql.8.2",
        line=1,
        tags=("Thesis", "Thesis / Methods", "lamps", "winter"),
        pmid="31234567",
        publication=Publication(
            kind="article-journal",
            venue="Journal of Quiet Lights",
            volume="8",
            issue="2",
            pages="12-34",
            month=5,
            issn="1234-5678",
            editors=("Reed, Cy",),
        ),
        key="quill2019",
        notes="Read the appendix.\nAsk Bo & Cy.\n\nSecond note",
    ),
    Record(
        title="Slow Rivers",
        abstract="Rivers are slow.",
        authors=("Fern, Bo",),
        year=2021,
        arxiv_id="2101.00001",
        line=4,
        publication=Publication(kind="article", publisher="arXiv"),
    ),
    Record(
        title="Moss on Stones",
        abstract="",
        authors=("Lund, Zoë",),
        line=5,
        tags=("Thesis",),
        publication=Publication(kind="thesis", publisher="University of the Tides"),
    ),
    Record(
        title="Harbour v. Tide",
        abstract="",
        year=1999,
        line=6,
        publication=Publication(month=1),
    ),
    BadRecord(8, "the record has no title"),
]


@pytest.fixture(autouse=True)
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the copies; none is left after a test."""
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def save(tmp_path: Path) -> Callable[[bytes], Path]:
    def save(content: bytes) -> Path:
        path = tmp_path / "zotero.sqlite"
        path.write_bytes(content)
        return path

    return save


@pytest.fixture
def changed(save: Callable[[bytes], Path]) -> Callable[[str], Path]:
    """A database on which these statements were run."""

    def changed(script: str) -> Path:
        path = save(EXAMPLES[0])
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
        return path

    return changed


def refusal(path: Path) -> str:
    with pytest.raises(ReadError) as error:
        list(read_records(path))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_all_fields(save, number) -> None:
    """What is a paper is read, in pages and encodings of every kind; the file stays as it is."""
    path = save(EXAMPLES[number])
    assert list(read_records(path)) == RECORDS
    assert path.read_bytes() == EXAMPLES[number]
    assert sorted(p.name for p in path.parent.iterdir()) == ["copies", "zotero.sqlite"]


def test_packed(save) -> None:
    assert list(read_records(save(gzip.compress(EXAMPLES[0])))) == RECORDS


def test_reading_that_is_given_up_leaves_no_copy(save, copies) -> None:
    """The copy goes with the one who reads it."""
    records = read_records(save(EXAMPLES[0]))
    next(records)
    assert list(copies.iterdir())
    del records


class TestWhileZoteroRuns:
    def test_what_is_in_the_log_is_read(self, save, tmp_path) -> None:
        """What Zotero has not yet brought into its database is not missed; nothing is written."""
        path = save(EXAMPLES[3])
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute(
                "UPDATE itemDataValues SET value = 'Fast Rivers' WHERE value = 'Slow Rivers'"
            )
            connection.commit()
            before = [(p.name, p.read_bytes()) for p in sorted(tmp_path.glob("zotero*"))]
            assert len(before) == 3  # the database, its log, and the index of that
            titles = [r.title for r in read_records(path) if isinstance(r, Record)]
            assert [(p.name, p.read_bytes()) for p in sorted(tmp_path.glob("zotero*"))] == before
        assert titles[1] == "Fast Rivers"

    def test_locked(self, save) -> None:
        """A lock hinders no copy."""
        path = save(EXAMPLES[0])
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            assert list(read_records(path)) == RECORDS

    def test_in_the_middle_of_a_change(self, save) -> None:
        """What is half written is not read."""
        path = save(EXAMPLES[0])
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA cache_size = 1")
            connection.execute("BEGIN")
            connection.execute("UPDATE itemDataValues SET value = value || hex(zeroblob(9000))")
            assert "close Zotero and try again" in refusal(path)

    def test_a_change_during_the_copy(self, save, monkeypatch) -> None:
        path = save(EXAMPLES[0])
        real = zotero._save

        def save_and_change(*args: object) -> None:
            real(*args)  # type: ignore[arg-type]
            os.utime(path, ns=(1, 1))

        monkeypatch.setattr(zotero, "_save", save_and_change)
        assert "close Zotero and try again" in refusal(path)

    def test_a_full_disk(self, save, monkeypatch) -> None:
        def full(folder: Path, needed: int = 0) -> None:
            raise LibraryFull(folder, "full")

        monkeypatch.setattr(zotero, "require_space", full)
        assert "Free some space" in refusal(save(EXAMPLES[0]))


class TestOtherDatabases:
    def test_another_program(self, save, tmp_path) -> None:
        with closing(sqlite3.connect(tmp_path / "other")) as connection:
            connection.execute("CREATE TABLE items (title)")
        assert "not Zotero's" in refusal(tmp_path / "other")

    @pytest.mark.parametrize(
        "content",
        [
            EXAMPLES[0][:100],
            EXAMPLES[0][: len(EXAMPLES[0]) // 2],
            EXAMPLES[0][:4096] + bytes(len(EXAMPLES[0]) - 4096),
            b"SQLite format 3\x00",
            EXAMPLES[0].replace(b"sqlite_autoindex_itemTags_1", b"sqlite_auto\xadndex_itemTags_1"),
        ],
        ids=["header", "half", "emptied", "magic", "name"],
    )
    def test_damaged(self, save, content) -> None:
        assert "close Zotero and try again" in refusal(save(content))

    def test_too_old(self, changed) -> None:
        """Columns of another name are told as what they are."""
        path = changed("ALTER TABLE items RENAME COLUMN itemTypeID TO type")
        assert "newer Zotero" in refusal(path)

    def test_without_what_may_be_missing(self, changed) -> None:
        """Only items and their data must be there."""
        path = changed(
            "DROP TABLE tags; DROP TABLE itemNotes; DROP TABLE collections; DROP TABLE feedItems; "
            "DROP TABLE creators; DROP TABLE deletedCollections;"
        )
        first = next(read_records(path))
        assert isinstance(first, Record)
        assert (first.title, first.authors, first.tags, first.notes) == (
            "Lamps of Fucus", (), (), ""
        )  # fmt: skip


HARMFUL = {
    "view": "ALTER TABLE items RENAME TO stolen; CREATE VIEW items AS SELECT * FROM stolen;",
    "endless view": "DROP TABLE items; CREATE VIEW items AS WITH RECURSIVE n (itemID, itemTypeID) "
    "AS (SELECT 1, 1 UNION ALL SELECT itemID + 1, 1 FROM n) SELECT * FROM n;",
    "virtual": "DROP TABLE items; CREATE VIRTUAL TABLE items USING fts5(itemID, itemTypeID);",
    "function": "DROP TABLE items; CREATE TABLE items (itemID INTEGER PRIMARY KEY, n, "
    "itemTypeID AS (hex(zeroblob(100000000)))); INSERT INTO items (n) VALUES (1);",
}


class TestHarmfulDatabases:
    @pytest.mark.parametrize("name", HARMFUL)
    def test_nothing_but_tables_is_read(self, changed, name) -> None:
        """Views, virtual tables and columns that compute are refused."""
        assert ("not Zotero's" in refusal(changed(HARMFUL[name]))) == (name != "function")

    def test_the_database_may_only_be_read(self, save) -> None:
        """The connection denies all but reading from tables."""
        path = save(EXAMPLES[0])
        with closing(zotero._opened(path, has_log=False)) as connection:
            for statement in (
                "DELETE FROM items",
                "ATTACH 'other' AS other",
                "SELECT load_extension('a')",
                "SELECT hex(zeroblob(9))",
                "PRAGMA trusted_schema = ON",
                "WITH RECURSIVE n (a) AS (SELECT 1 UNION ALL SELECT a FROM n) SELECT a FROM n",
            ):
                with pytest.raises(sqlite3.Error, match=r"not authorized|prohibited"):
                    connection.execute(statement)

    def test_a_search_without_index_is_given_up(self, changed) -> None:
        """What would take the square of its size ends within two seconds, with a sentence."""
        path = changed(
            "DROP TABLE itemData; CREATE TABLE itemData (itemID, fieldID, valueID);"
            "WITH RECURSIVE n (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 60000) "
            "INSERT INTO itemData SELECT -1, -1, -1 FROM n;"
            "WITH RECURSIVE n (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 60000) "
            "INSERT INTO items (itemTypeID, key) SELECT 1, 'X' || a FROM n;"
        )
        started = time.perf_counter()
        assert "takes longer" in refusal(path)
        assert time.perf_counter() - started < 5  # some tenths of a second

    def test_collections_in_a_circle(self, changed) -> None:
        path = changed("UPDATE collections SET parentCollectionID = 2")
        first = next(read_records(path))
        assert isinstance(first, Record)
        assert {"lamps", "winter"} < set(first.tags)

    def test_a_long_name_of_a_collection(self, changed) -> None:
        """A path that is too long for a tag gives the collection's own name."""
        path = changed(f"UPDATE collections SET collectionName = '{'Long ' * 11}' WHERE 1")
        first = next(read_records(path))
        assert isinstance(first, Record)
        assert first.tags[0] == ("Long " * 11).strip()

    def test_a_text_without_end(self, changed) -> None:
        """One item is bad, the others are read."""
        path = changed(
            "UPDATE itemDataValues SET value = hex(zeroblob(400000)) WHERE value = 'Slow Rivers'"
        )
        found = list(read_records(path))
        assert [type(r) for r in found[:3]] == [Record, BadRecord, Record]
        assert isinstance(found[1], BadRecord)
        assert "too long" in found[1].reason

    def test_values_of_other_types(self, changed) -> None:
        """A table of SQLite may hold anything in any column."""
        for value in (
            "NULL",
            "x'ff00'",
            "1e999",
            "'text'",
            "-9223372036854775808",
            "CAST(x'ff' AS TEXT)",
        ):
            path = changed(
                "DROP TABLE creators; CREATE TABLE creators (creatorID, lastName, firstName, "
                f"fieldMode); INSERT INTO creators SELECT creatorID, {value}, {value}, {value} "
                f"FROM itemCreators; UPDATE items SET itemTypeID = {value} WHERE itemID = 4;"
                f"UPDATE itemNotes SET note = {value}; UPDATE collections SET "
                f"parentCollectionID = {value}; UPDATE creatorTypes SET creatorType = {value};"
                if value != "NULL"
                else "UPDATE itemNotes SET note = NULL; UPDATE creators SET lastName = NULL"
            )
            assert len([r for r in read_records(path) if isinstance(r, Record)]) == 4


def test_a_large_library_is_read_whole(tmp_path) -> None:
    """The bounds leave room for what people have: papers of many authors, notes with pictures."""
    path = tmp_path / "zotero.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        built = Built(connection)
        picture = f"<p>Seen</p><img src='data:{'A' * 300_000}'>"
        for i in range(300):
            people = [("author", f"Quill {n}", "Ada", 0) for n in range(400 if i % 30 == 0 else 4)]
            built.item(
                "journalArticle", {"title": f"Lamps {i}", "abstractNote": "w " * 900}, people,
                notes=[picture] if i % 10 == 0 else [],
            )  # fmt: skip
        connection.commit()
    found = [r for r in read_records(path) if isinstance(r, Record)]
    assert len(found) == 300
    assert (len(found[0].authors), found[0].notes) == (400, "Seen")
