"""The SQLite database of a library: its schema, its transactions, and its errors as ours."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from rag.bibliography.keys import new_key
from rag.errors import LibraryDamaged, LibraryError, LibraryFull, LibraryReadOnly
from rag.folder import DATABASE
from rag.identity import arxiv_number, first_author
from rag.types import Record

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE papers (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title_key TEXT NOT NULL,
    title TEXT NOT NULL,
    abstract TEXT NOT NULL,
    authors TEXT NOT NULL,
    year INTEGER,
    url TEXT,
    doi TEXT,
    arxiv_id TEXT,
    is_note INTEGER NOT NULL,
    source TEXT
);
CREATE INDEX papers_by_title ON papers (title_key);
CREATE INDEX papers_by_doi ON papers (doi) WHERE doi IS NOT NULL;
CREATE INDEX papers_by_arxiv_id ON papers (arxiv_id) WHERE arxiv_id IS NOT NULL;
CREATE TABLE tags (
    paper INTEGER NOT NULL REFERENCES papers (pk) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (paper, tag)
) WITHOUT ROWID;
CREATE TABLE chunks (
    -- AUTOINCREMENT: a removed chunk's number never comes back to meet its old vector.
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    paper INTEGER NOT NULL REFERENCES papers (pk) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    vector BLOB NOT NULL
);
CREATE INDEX chunks_by_paper ON chunks (paper);
CREATE TABLE sentences (
    paper INTEGER NOT NULL REFERENCES papers (pk) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (paper, ordinal)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE full_text USING fts5 (
    title, abstract, content='papers', content_rowid='pk',
    tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER papers_inserted AFTER INSERT ON papers BEGIN
    INSERT INTO full_text (rowid, title, abstract) VALUES (new.pk, new.title, new.abstract);
END;
CREATE TRIGGER papers_deleted AFTER DELETE ON papers BEGIN
    INSERT INTO full_text (full_text, rowid, title, abstract)
    VALUES ('delete', old.pk, old.title, old.abstract);
END;
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, started REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE answers (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation TEXT REFERENCES conversations (id) ON DELETE CASCADE,
    asked REAL NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX answers_by_conversation ON answers (conversation);
"""
# Lists of papers: each index also holds what a list may be filtered by, so that a page of it is
# found without a look at the papers themselves, whose abstracts fill the pages of their table.
_LISTS = """
ALTER TABLE papers ADD COLUMN author_key TEXT;
UPDATE papers SET author_key = author_key(authors);
DROP INDEX papers_by_title;
CREATE INDEX papers_by_adding ON papers (pk, year, source);
CREATE INDEX papers_by_title ON papers (title_key, pk, year, source);
CREATE INDEX papers_by_author ON papers (author_key, pk, year, source);
CREATE INDEX papers_by_year ON papers (year, pk, source);
CREATE INDEX papers_by_source ON papers (source);
CREATE INDEX tags_by_tag ON tags (tag);
CREATE TRIGGER papers_updated AFTER UPDATE OF title, abstract ON papers BEGIN
    INSERT INTO full_text (full_text, rowid, title, abstract)
    VALUES ('delete', old.pk, old.title, old.abstract);
    INSERT INTO full_text (rowid, title, abstract) VALUES (new.pk, new.title, new.abstract);
END;
-- Found as one types: words by their beginnings, none of them stemmed.
CREATE VIRTUAL TABLE names USING fts5 (
    title, authors, tags, prefix='1 2 3', tokenize='unicode61 remove_diacritics 2'
);
INSERT INTO names (rowid, title, authors, tags)
    SELECT pk, title, authors,
        (SELECT group_concat(tag, ' ') FROM tags WHERE tags.paper = papers.pk) FROM papers;
CREATE TRIGGER papers_named AFTER INSERT ON papers BEGIN
    INSERT INTO names (rowid, title, authors) VALUES (new.pk, new.title, new.authors);
END;
CREATE TRIGGER papers_renamed AFTER UPDATE OF title, authors ON papers BEGIN
    UPDATE names SET title = new.title, authors = new.authors WHERE rowid = new.pk;
END;
CREATE TRIGGER papers_unnamed AFTER DELETE ON papers BEGIN
    DELETE FROM names WHERE rowid = old.pk;
END;
CREATE TRIGGER tags_added AFTER INSERT ON tags BEGIN
    UPDATE names SET tags = (SELECT group_concat(tag, ' ') FROM tags WHERE paper = new.paper)
    WHERE rowid = new.paper;
END;
CREATE TRIGGER tags_removed AFTER DELETE ON tags
-- not those that go with their paper, whose names go as a whole
WHEN EXISTS (SELECT 1 FROM papers WHERE pk = old.paper) BEGIN
    UPDATE names SET tags = (SELECT group_concat(tag, ' ') FROM tags WHERE paper = old.paper)
    WHERE rowid = old.paper;
END;
"""
# What references print, identifiers of catalogues, a key to cite by, what the reader says of a
# paper, and all files that describe it.
_REFERENCES = """
ALTER TABLE papers ADD COLUMN arxiv_version INTEGER;
ALTER TABLE papers ADD COLUMN pmid TEXT;
ALTER TABLE papers ADD COLUMN openalex_id TEXT;
ALTER TABLE papers ADD COLUMN s2_id TEXT;
ALTER TABLE papers ADD COLUMN publication TEXT NOT NULL DEFAULT '{}';
ALTER TABLE papers ADD COLUMN key TEXT;
ALTER TABLE papers ADD COLUMN notes TEXT NOT NULL DEFAULT '';
ALTER TABLE papers ADD COLUMN is_read INTEGER NOT NULL DEFAULT 0;
-- Names of the fields that adding never changes: a person wrote them.
ALTER TABLE papers ADD COLUMN settled TEXT NOT NULL DEFAULT '[]';
UPDATE papers SET key = next_key(title, authors, year);
UPDATE papers SET arxiv_id = arxiv_number(arxiv_id) WHERE arxiv_id LIKE '%/%';
CREATE UNIQUE INDEX papers_by_key ON papers (key);
CREATE INDEX papers_by_pmid ON papers (pmid) WHERE pmid IS NOT NULL;
CREATE INDEX papers_by_openalex_id ON papers (openalex_id) WHERE openalex_id IS NOT NULL;
CREATE INDEX papers_by_s2_id ON papers (s2_id) WHERE s2_id IS NOT NULL;
CREATE TABLE sources (
    paper INTEGER NOT NULL REFERENCES papers (pk) ON DELETE CASCADE,
    source TEXT NOT NULL,
    PRIMARY KEY (paper, source)
) WITHOUT ROWID;
CREATE INDEX sources_by_source ON sources (source);
INSERT INTO sources SELECT pk, source FROM papers WHERE source IS NOT NULL;
DROP INDEX papers_by_source;
DROP INDEX papers_by_adding;
DROP INDEX papers_by_title;
DROP INDEX papers_by_author;
DROP INDEX papers_by_year;
ALTER TABLE papers DROP COLUMN source;
CREATE INDEX papers_by_adding ON papers (pk, year, is_read);
CREATE INDEX papers_by_title ON papers (title_key, pk, year, is_read);
CREATE INDEX papers_by_author ON papers (author_key, pk, year, is_read);
CREATE INDEX papers_by_year ON papers (year, pk, is_read);
"""
# Each brings a library of the version before it to its own.
_VERSIONS = (_FIRST, _LISTS, _REFERENCES)
SCHEMA_VERSION = len(_VERSIONS)


class Database:
    """One connection, shared by the threads of its one owner."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self.folder = folder

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Open the database in `folder`, making it when it is not there.

        One of an older Footnote is brought up to date, read only too. Raises LibraryError: damaged,
        not writable, full, or made by a newer Footnote.
        """
        path = folder / DATABASE
        if read_only and 0 < _version(path) < SCHEMA_VERSION:
            cls.open(folder).close()
        with _translated(folder):
            if read_only:
                db = sqlite3.connect(
                    f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
                )
            else:
                db = sqlite3.connect(path, timeout=10, check_same_thread=False)
            db.isolation_level = None  # transactions begin and end in `transaction` alone
            db.row_factory = sqlite3.Row
            try:
                if not read_only:
                    db.execute("PRAGMA journal_mode=WAL")
                    db.execute("PRAGMA synchronous=FULL")
                    db.execute("PRAGMA foreign_keys=ON")
                    _register_functions(db)
                database = cls(db, folder)
                database._check_schema(read_only=read_only)
            except BaseException:
                db.close()
                raise
        return database

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _check_schema(self, *, read_only: bool) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and read_only:
            raise LibraryError(
                self.folder,
                f"The library {self.folder} is empty. Fill it with 'footnote add FILE'.",
            )
        if not 0 <= version <= SCHEMA_VERSION:
            raise LibraryError(
                self.folder,
                f"The library {self.folder} was made by another version of Footnote "
                f"(format {version}, this one reads {SCHEMA_VERSION}). Update Footnote.",
            )
        if version < SCHEMA_VERSION:
            with self.transaction() as db:
                # Another process may have done it while this one waited.
                version = db.execute("PRAGMA user_version").fetchone()[0]
                for script in _VERSIONS[version:]:
                    for statement in _statements(script):
                        db.execute(statement)
                db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @property
    def changes(self) -> int:
        """A number that grows with every change: as long as it stays, so does what was read."""
        return self._connection.total_changes

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is done with the connection inside."""
        with self._lock, _translated(self.folder):
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Run one statement; its rows."""
        with self._lock, _translated(self.folder):
            return self._connection.execute(sql, values).fetchall()


def _version(path: Path) -> int:
    """The format of a library's database."""
    with _translated(path.parent):
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return int(db.execute("PRAGMA user_version").fetchone()[0])
        finally:
            db.close()


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _library_error(folder, error) from error


def _library_error(folder: Path, error: sqlite3.DatabaseError) -> LibraryError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return LibraryDamaged(
            folder,
            f"The library's database {folder / DATABASE} is damaged. Put a copy of it back, or "
            "move it away and add your files again; Footnote has left it as it is.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return LibraryReadOnly(
            folder,
            f"The library's database {folder / DATABASE} cannot be opened for writing. Give "
            "yourself the right to write there, or name another folder with --library.",
        )
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return LibraryFull(
            folder,
            f"The disk of {folder} is full or failing. Free some space and run the same command "
            "again; everything that was added so far is kept.",
        )
    return LibraryError(folder, f"The library {folder} cannot be used: {error}.")


def _author_key(authors: str) -> str | None:
    """What papers are sorted by: the first author's family name; None where there is none."""
    return first_author(tuple(json.loads(authors))) or None


def _register_functions(db: sqlite3.Connection) -> None:
    """The functions that the schema and its migrations call."""
    db.create_function("author_key", 1, _author_key, deterministic=True)
    db.create_function("next_key", 3, _KeysOfOld().next)
    db.create_function("arxiv_number", 1, arxiv_number, deterministic=True)
    db.create_function("settled_with", 3, _settled_with, deterministic=True)


def _settled_with(settled: str, name: str, is_settled: bool) -> str:
    """A list of what is settled of a paper, with one more or without it."""
    rest = [other for other in json.loads(settled) if other != name]
    return json.dumps([*rest, name] if is_settled else rest, ensure_ascii=False)


class _KeysOfOld:
    """Citation keys for the papers of a library of a version that had none, one after another."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def next(self, title: str, authors: str, year: int | None) -> str:
        """A key that was not given yet."""
        key = new_key(Record(title, "", tuple(json.loads(authors)), year), self._taken)
        self._taken.add(key)
        return key


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit before each."""
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""
