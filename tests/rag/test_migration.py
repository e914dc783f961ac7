"""A library of an older Footnote is brought up to date as a whole, or stays as it was."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from rag import database
from rag.browse import Order
from rag.errors import LibraryError, LibraryFull
from rag.folder import DATABASE
from rag.identity import title_key
from rag.library import Library
from tests.rag.conftest import Child
from tests.rag.corpus import RECORDS


@pytest.fixture(params=range(1, database.SCHEMA_VERSION))
def old(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The folder of a library of an earlier format that holds the written papers."""
    db = sqlite3.connect(tmp_path / DATABASE)
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA user_version=1;" + database._FIRST)
    vector = np.ones(8, np.float16).tobytes()
    for n, r in enumerate(RECORDS, start=1):
        authors = "[" + ", ".join(f'"{name}"' for name in r.authors) + "]"
        db.execute(
            "INSERT INTO papers VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, 0, 'a.jsonl')",
            (n, f"id{n}", title_key(r.title), r.title, r.abstract, authors, r.year),
        )
        db.execute("INSERT INTO tags VALUES (?, ?)", (n, f"tag{n % 3}"))
        db.execute("INSERT INTO chunks VALUES (?, ?, 0, 0, 9, ?)", (n, n, vector))
        db.execute("INSERT INTO sentences VALUES (?, 0, 0, 9, ?)", (n, vector))
    db.commit()
    database._register_functions(db)
    for script in database._VERSIONS[1 : request.param]:
        db.executescript(script)
    db.execute(f"PRAGMA user_version={request.param}")
    db.close()
    return tmp_path


def version(folder: Path) -> int:
    db = sqlite3.connect(folder / DATABASE)
    (number,) = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return int(number)


def contents(folder: Path) -> list[object]:
    """Every row of the tables that all formats have, and its schema."""
    db = sqlite3.connect(folder / DATABASE)
    tables = ("papers", "tags", "chunks", "sentences", "meta", "sqlite_master")
    found = [db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]
    db.close()
    return found


def schema(folder: Path) -> set[tuple[str, str]]:
    db = sqlite3.connect(folder / DATABASE)
    found = {(n, " ".join((s or "").split())) for n, s in db.execute(
        "SELECT name, sql FROM sqlite_master")}  # fmt: skip
    db.close()
    return found


def test_another_process_is_first(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It brings the library up to date while this one waits for its turn."""
    begin = database.Database.transaction

    def after_another(self: database.Database) -> AbstractContextManager[sqlite3.Connection]:
        monkeypatch.setattr(database.Database, "transaction", begin)
        Library.open(old).close()
        return begin(self)

    monkeypatch.setattr(database.Database, "transaction", after_another)
    with Library.open(old) as library:
        assert library.count() == len(RECORDS)


def test_all_papers_are_there_and_can_be_looked_through(old: Path) -> None:
    """What they are sorted, filtered and found by was made for them; they are what they were."""
    with Library.open(old) as library:
        before = library.papers(limit=-1)
        assert [(p.title, p.abstract, p.authors, p.year) for p in before] == [
            (r.title, r.abstract, r.authors, r.year) for r in RECORDS
        ]
        assert {p.sources for p in before} == {("a.jsonl",)}
        assert len({p.key for p in before}) == len(RECORDS)
        assert before[0].key == "vale2018kestrel"
        assert library.quick_check() == []
        assert [p.title for p in library.shelf.browse("kestrel tag1 vale").papers] == [
            RECORDS[0].title
        ]
        by_author = library.shelf.browse(order=Order.AUTHOR_UP).papers
        assert [p.authors[0].split()[-1] for p in by_author] == sorted(
            r.authors[0].split()[-1] for r in RECORDS
        )
        assert library.counts().sentences == len(RECORDS)
        assert library.remove([before[0].id]) == 1
        assert library.shelf.browse("kestrel").total == 0
    assert version(old) == database.SCHEMA_VERSION == 3


def test_it_has_the_schema_of_a_new_library(old: Path, empty: Library) -> None:
    """An old library and a new one cannot grow apart."""
    Library.open(old).close()
    assert schema(old) == schema(empty.folder)


def test_read_only_it_is_brought_up_to_date_too(old: Path) -> None:
    """`list`, `show` and `status` work on it at once."""
    with Library.open(old, read_only=True) as library:
        assert len(library.papers(limit=-1)) == library.count() == len(RECORDS)
        assert [p.title for p in library.papers(match="kestrel")] == [RECORDS[0].title]
    assert version(old) == database.SCHEMA_VERSION


# Opens a library and is killed after so many statements of the migration.
KILLED = """
import os, signal, sys
from pathlib import Path
from rag import database
from rag.library import Library
whole = database._statements
left = int(sys.argv[2])
def counted(script):
    global left
    for statement in whole(script):
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        yield statement
database._statements = counted
Library.open(Path(sys.argv[1])).close()
print("whole")
"""
STATEMENTS = len(list(database._statements(database._VERSIONS[-1])))


@pytest.mark.parametrize("after", [0, 2, STATEMENTS // 2, STATEMENTS - 1])
def test_killed_it_leaves_the_old_library_whole(old: Path, child: Child, after: int) -> None:
    """The next start does it again from the beginning."""
    before = version(old), contents(old)
    assert child(KILLED, old, after).returncode == -9
    assert (version(old), contents(old)) == before
    with Library.open(old) as library:
        assert library.shelf.browse("kestrel").total == 1


def test_the_kill_comes_in_time(old: Path, child: Child) -> None:
    """With one statement more there would have been none."""
    every = sum(len(list(database._statements(s))) for s in database._VERSIONS[version(old) :])
    assert child(KILLED, old, every).stdout == "whole\n"
    assert version(old) == database.SCHEMA_VERSION


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (sqlite3.OperationalError("database or disk is full"), LibraryFull),
        (sqlite3.OperationalError("no such thing"), LibraryError),
    ],
)
def test_failed_it_leaves_the_old_library_whole(
    old: Path, monkeypatch: pytest.MonkeyPatch, fault: sqlite3.Error, error: type[LibraryError]
) -> None:
    """What went wrong is told, and nothing is half done."""
    before = version(old), contents(old)
    if error is LibraryFull:
        fault.sqlite_errorname = "SQLITE_FULL"

    def failing(script: str):
        yield from list(whole(script))[:-1]
        raise fault

    whole = database._statements
    monkeypatch.setattr(database, "_statements", failing)
    with pytest.raises(error):
        Library.open(old)
    assert (version(old), contents(old)) == before
