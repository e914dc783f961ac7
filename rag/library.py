"""SQLite: papers, chunks, sentences, vectors (float16), full text, conversations. The truth.

A paper is acknowledged after its batch's COMMIT (`synchronous=FULL`), so what was reported as added
survives a kill or a power cut. Everything else on disk can be made anew from here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from rag.bibliography.keys import new_key
from rag.browse import COLUMNS, Shelf, read_paper
from rag.conversations import Conversations
from rag.database import Database
from rag.errors import RagError
from rag.identity import IDENTIFIERS, first_author, is_same, paper_id, title_key
from rag.merging import no_tag, rebased
from rag.scope import condition
from rag.types import (
    EVERYTHING,
    Chunk,
    Paper,
    Publication,
    Record,
    Scope,
    SourceSentence,
    Span,
    Vectors,
)

# ?1 is what is looked for, ?2 the same as a pattern, ?3 a tag.
_FILTER = (
    " WHERE (?1 = '' OR title LIKE ?2 ESCAPE '\\' OR EXISTS"
    " (SELECT 1 FROM json_each(authors) WHERE value LIKE ?2 ESCAPE '\\'))"
    " AND (?3 IS NULL OR pk IN (SELECT paper FROM tags WHERE tag = ?3))"
)
_T = TypeVar("_T")
_VARIABLES = 500  # values bound in one statement; SQLite's own limit is far above


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a library holds."""

    papers: int
    chunks: int
    sentences: int


@dataclass(frozen=True, slots=True)
class NewPaper:
    """A paper ready to be stored: its parts and their vectors, row by row."""

    record: Record
    source: str
    chunks: tuple[Chunk, ...]
    chunk_vectors: Vectors
    sentences: tuple[Span, ...]
    sentence_vectors: Vectors


@dataclass(frozen=True, slots=True)
class Change:
    """What a paper of the library becomes."""

    paper: Paper
    was: Paper  # what it was; what is not that any more when this is stored, stays as it is then
    parts: NewPaper | None = None  # its chunks and sentences, where its texts have changed
    absorbed: tuple[str, ...] = ()  # ids of papers that are the same one
    settles: frozenset[str] = frozenset()  # fields that adding is not to change any more


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper with its sentences and their vectors, as search needs them."""

    pk: int
    paper: Paper
    sentences: tuple[SourceSentence, ...]
    vectors: Vectors


class Library:
    """One library's database; safe to use from several threads of its one owner."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._db = database
        self.folder = folder
        self.shelf = Shelf(database)
        self.conversations = Conversations(database)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Open the database in `folder`, making it when it is not there.

        Raises LibraryError: damaged, not writable, full, or made by a newer Footnote.
        """
        return cls(Database.open(folder, read_only=read_only), folder)

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    # -- what the library remembers about itself

    def get_meta(self, key: str) -> str | None:
        rows = self._db.rows("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    def set_meta(self, **values: object) -> None:
        with self._db.transaction() as db:
            db.executemany(
                "INSERT INTO meta VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [(key, str(value)) for key, value in values.items()],
            )

    def counts(self) -> Counts:
        row = self._db.rows(
            "SELECT (SELECT count(*) FROM papers), (SELECT count(*) FROM chunks),"
            " (SELECT count(*) FROM sentences)"
        )[0]
        return Counts(row[0], row[1], row[2])

    def is_new(self) -> bool:
        """Whether nothing was ever added to it."""
        return not self._db.rows("SELECT 1 FROM sqlite_sequence WHERE name = 'papers'")

    def quick_check(self) -> list[str]:
        """What SQLite finds wrong with the database; empty when it is sound."""
        found = [str(row[0]) for row in self._db.rows("PRAGMA quick_check(5)")]
        # Rank 1: compare with the papers too.
        self._db.rows("INSERT INTO full_text (full_text, rank) VALUES ('integrity-check', 1)")
        return [] if found == ["ok"] else found

    # -- papers

    def find_same(self, record: Record, but: str = "") -> Paper | None:
        """The paper that this record describes, if the library has it (`rag.identity`).

        The paper with the id `but` does not count.
        """
        return next((p for p in self.find_all_same(record) if p.id != but), None)

    def find_all_same(self, record: Record) -> list[Paper]:
        """The papers that this record describes, in the order they were added.

        There are several when nothing told so far that they are one, or when the record says too
        little to tell of which one it is.
        """
        rows = self._db.rows(
            f"SELECT {COLUMNS} FROM papers WHERE title_key = ?"
            f" OR {' OR '.join(f'{name} = ?' for name in IDENTIFIERS)} ORDER BY pk",
            title_key(record.title), *(getattr(record, name) for name in IDENTIFIERS),
        )  # fmt: skip
        return [paper for paper in map(read_paper, rows) if is_same(record, paper)]

    def add(self, papers: Sequence[NewPaper]) -> list[str]:
        """Store papers in one transaction; return the ids of those that were not there yet.

        When this returns they are acknowledged: they survive whatever happens next.
        """
        with self._db.transaction() as db:
            return [self._insert(db, new) for new in papers if self.find_same(new.record) is None]

    def _insert(self, db: sqlite3.Connection, new: NewPaper) -> str:
        record = new.record
        identity = paper_id(record, lambda candidate: _is_taken(db, "id", candidate))
        has_key = record.key is not None and not _is_taken(db, "key", record.key)
        key = record.key if has_key else new_key(record, _TakenKeys(db))
        row = {"id": identity, **_columns(record, key, ["key"] if has_key else [])}
        pk = db.execute(
            f"INSERT INTO papers ({', '.join(row)}) VALUES ({_marks(row)})", (*row.values(),)
        ).lastrowid
        db.executemany("INSERT INTO tags VALUES (?, ?)", [(pk, tag) for tag in set(record.tags)])
        db.execute("INSERT INTO sources VALUES (?, ?)", (pk, new.source))
        _insert_parts(db, pk, new)
        return identity

    def update(self, changes: Sequence[Change]) -> list[str]:
        """Let papers be what they have become, in one transaction; return the ids of them all.

        Papers that turned out to be one of these are deleted. What has been deleted meanwhile is
        left out.
        """
        with self._db.transaction() as db:
            return [change.paper.id for change in changes if self._change(db, change)]

    def _change(self, db: sqlite3.Connection, change: Change) -> bool:
        row = db.execute(
            f"SELECT {COLUMNS}, settled FROM papers WHERE papers.id = ?", (change.paper.id,)
        ).fetchone()
        if row is None:
            return False
        paper, parts = change.paper, change.parts
        if (now := read_paper(row)) != change.was:
            paper = rebased(paper, change.was, now)
            is_reworded = (paper.title, paper.abstract) != (
                change.paper.title,
                change.paper.abstract,
            )
            parts = None if is_reworded else parts
        for gone in change.absorbed:
            db.execute("DELETE FROM papers WHERE id = ?", (gone,))
        pk, key = row["pk"], paper.key
        settled = set(json.loads(row["settled"])) | change.settles
        if key is None or _is_taken(db, "key", key, but=paper.id):
            key = row["key"]
            settled -= {"key"} - set(json.loads(row["settled"]))
        columns = _columns(paper, key, sorted(settled))
        db.execute(
            f"UPDATE papers SET {', '.join(f'{name} = ?' for name in columns)} WHERE pk = ?",
            (*columns.values(), pk),
        )
        _replace_names(db, "tags", "tag", pk, paper.tags)
        _replace_names(db, "sources", "source", pk, paper.sources)
        if parts is not None:
            _replace_parts(db, pk, parts)
        return True

    def settled(self, paper_id: str) -> frozenset[str]:
        """The fields of a paper that adding does not change: a person wrote them."""
        rows = self._db.rows("SELECT settled FROM papers WHERE id = ?", paper_id)
        return frozenset(json.loads(rows[0][0])) if rows else frozenset()

    def is_key_free(self, key: str, *paper_ids: str) -> bool:
        """Whether one of these papers may be cited by this key: no other one is."""
        rows = self._db.rows("SELECT id FROM papers WHERE key = ?", key)
        return all(row["id"] in paper_ids for row in rows)

    def mark_read(self, paper_ids: Iterable[str], is_read: bool) -> int:
        """Remember that papers were read, or that they were not; return how many were changed."""
        with self._db.transaction() as db:
            values = is_read, json.dumps(list(paper_ids))
            these = "id IN (SELECT value FROM json_each(?2))"
            (changed,) = db.execute(
                f"SELECT count(*) FROM papers WHERE is_read <> ?1 AND {these}", values
            ).fetchone()
            # Those that were so already, too: no file is to say otherwise from now on.
            db.execute(
                "UPDATE papers SET is_read = ?1, settled = settled_with(settled, 'is_read', TRUE)"
                f" WHERE {these}",
                values,
            )
        return int(changed)

    def write_notes(self, paper_id: str, notes: str) -> None:
        """Keep what the reader says of a paper. Raises RagError when it is gone."""
        with self._db.transaction() as db:
            db.execute(
                "UPDATE papers SET notes = ?, settled = settled_with(settled, 'notes', TRUE)"
                " WHERE pk = ?",
                (notes, _key(db, paper_id)),
            )

    def tag(
        self, paper_ids: Iterable[str], add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """Give papers tags and take others from them."""
        ids = json.dumps(list(paper_ids))
        these = "SELECT pk FROM papers WHERE id IN (SELECT value FROM json_each(?))"
        with self._db.transaction() as db:
            db.executemany(
                f"DELETE FROM tags WHERE tag = ? AND paper IN ({these})", [(t, ids) for t in remove]
            )
            db.executemany(
                f"UPDATE papers SET settled = settled_with(settled, ?, TRUE) WHERE pk IN ({these})",
                [(no_tag(t), ids) for t in remove],
            )
            db.executemany(
                f"INSERT OR IGNORE INTO tags SELECT these.pk, ? FROM ({these}) AS these",
                [(t, ids) for t in add],
            )
            db.executemany(
                "UPDATE papers SET settled = settled_with(settled, ?, FALSE)"
                f" WHERE pk IN ({these})",
                [(no_tag(t), ids) for t in add],
            )

    def replace_parts(self, papers: dict[str, NewPaper]) -> None:
        """Give papers, by id, other chunks and sentences; their texts stay."""
        with self._db.transaction() as db:
            for paper_id, new in papers.items():
                _replace_parts(db, _key(db, paper_id), new)

    def remove(self, paper_ids: Iterable[str]) -> int:
        """Delete papers with their chunks, sentences and full text; return how many there were."""
        with self._db.transaction() as db:
            return sum(
                db.execute("DELETE FROM papers WHERE id = ?", (i,)).rowcount for i in paper_ids
            )

    def paper(self, paper_id: str) -> Paper | None:
        rows = self._db.rows(f"SELECT {COLUMNS} FROM papers WHERE id = ?", paper_id)
        return read_paper(rows[0]) if rows else None

    def papers(
        self, limit: int = 50, offset: int = 0, match: str = "", tag: str | None = None
    ) -> list[Paper]:
        """Papers in the order they were added; `match` is looked for in title and authors."""
        rows = self._db.rows(
            f"SELECT {COLUMNS} FROM papers{_FILTER} ORDER BY pk LIMIT ?4 OFFSET ?5",
            match, _pattern(match), tag, limit, offset,
        )  # fmt: skip
        return [read_paper(row) for row in rows]

    def count(self, match: str = "", tag: str | None = None) -> int:
        """How many papers `papers` would give without a limit."""
        rows = self._db.rows(f"SELECT count(*) FROM papers{_FILTER}", match, _pattern(match), tag)
        return int(rows[0][0])

    def count_in(self, scope: Scope) -> int:
        """How many papers are in a scope."""
        inside, values = condition(scope)
        return int(self._db.rows(f"SELECT count(*) FROM papers WHERE {inside}", *values)[0][0])

    def tagged(self, tag: str) -> list[Paper]:
        return self.papers(limit=-1, tag=tag)

    def missing_titles(self, titles: Iterable[str]) -> list[str]:
        """Those of `titles` that no paper of the library has."""
        return [
            t for t in titles
            if not self._db.rows("SELECT 1 FROM papers WHERE title_key = ? LIMIT 1", title_key(t))
        ]  # fmt: skip

    # -- what search reads

    def full_text_scores(
        self,
        match: str,
        title_weight: float,
        limit: int,
        among: Sequence[int] | None = None,
        scope: Scope = EVERYTHING,
    ) -> dict[int, float]:
        """BM25 of papers for an FTS5 expression, best first: {paper key: score, higher is better}.

        Of the papers in the scope; how rare a word is, the whole library says. With `among`, only
        those papers are scored, and neither `limit` nor `scope` applies.
        """
        # "+rowid" hides the papers from the planner: it would match the expression anew for each.
        sql = (
            f"SELECT rowid, -bm25(full_text, {float(title_weight)}, 1.0) AS score"
            " FROM full_text WHERE full_text MATCH ?"
        )
        if among is None:
            inside, values = _inside(scope, "+rowid")
            rows = self._db.rows(
                f"{sql}{inside} ORDER BY score DESC LIMIT ?", match, *values, limit
            )
        else:
            rows = [
                row
                for part in _parts(among)
                for row in self._db.rows(f"{sql} AND +rowid IN ({_marks(part)})", match, *part)
            ]
        return {row[0]: max(row[1], 0.0) for row in rows}

    def document_frequency(self, match: str) -> int:
        """How many papers an FTS5 expression matches."""
        rows = self._db.rows("SELECT count(*) FROM full_text WHERE full_text MATCH ?", match)
        return int(rows[0][0])

    def papers_of_chunks(self, chunks: Sequence[int]) -> dict[int, int]:
        """{chunk key: paper key} for the chunks that are still there."""
        return {
            row[0]: row[1]
            for part in _parts(chunks)
            for row in self._db.rows(
                f"SELECT pk, paper FROM chunks WHERE pk IN ({_marks(part)})", *part
            )
        }

    def chunk_vectors_of(self, papers: Sequence[int]) -> tuple[list[int], Vectors]:
        """Paper keys and chunk vectors, row by row."""
        rows = [
            row
            for part in _parts(papers)
            for row in self._db.rows(
                f"SELECT paper, vector FROM chunks WHERE paper IN ({_marks(part)})", *part
            )
        ]
        return [row[0] for row in rows], _from_blobs([row[1] for row in rows])

    def paper_vectors(self, paper_ids: Sequence[str]) -> Vectors:
        """One vector a paper, row by row: the mean of its chunks', of unit length.

        The row of a paper that is not there is zero.
        """
        sums: dict[str, np.ndarray] = {}
        for part in _parts(paper_ids):
            for row in self._db.rows(
                "SELECT papers.id, vector FROM chunks JOIN papers ON papers.pk = chunks.paper"
                f" WHERE papers.id IN ({_marks(part)})", *part,
            ):  # fmt: skip
                sums[row["id"]] = sums.get(row["id"], 0.0) + _from_blobs([row["vector"]])[0]
        nothing = np.zeros_like(next(iter(sums.values()), np.zeros(0, np.float32)))
        vectors = np.array([sums.get(i, nothing) for i in paper_ids], np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths > 0, lengths, np.float32(1))

    def stored(self, papers: Sequence[int]) -> dict[int, StoredPaper]:
        """Papers with their sentences and sentence vectors, by paper key."""
        found: dict[int, StoredPaper] = {}
        for part in _parts(papers):
            sentences: dict[int, list[sqlite3.Row]] = {}
            for row in self._db.rows(
                "SELECT paper, ordinal, start, end, vector FROM sentences"
                f" WHERE paper IN ({_marks(part)}) ORDER BY paper, ordinal", *part,
            ):  # fmt: skip
                sentences.setdefault(row["paper"], []).append(row)
            for row in self._db.rows(
                f"SELECT {COLUMNS} FROM papers WHERE pk IN ({_marks(part)})", *part
            ):
                found[row["pk"]] = _stored(row, sentences.get(row["pk"], []))
        return found

    def count_chunks(self, after: int = 0) -> int:
        """How many chunks have a key above `after`."""
        return int(self._db.rows("SELECT count(*) FROM chunks WHERE pk > ?", after)[0][0])

    def last_chunk(self) -> int:
        """The highest chunk key that is in use; 0 in an empty library."""
        return int(self._db.rows("SELECT coalesce(max(pk), 0) FROM chunks")[0][0])

    def chunk_vectors(self, scope: Scope = EVERYTHING) -> tuple[list[int], Vectors]:
        """All chunk keys of the papers in a scope, with their vectors."""
        inside, values = _inside(scope, "paper")
        rows = self._db.rows(f"SELECT pk, vector FROM chunks WHERE 1{inside} ORDER BY pk", *values)
        return [row[0] for row in rows], _from_blobs([row[1] for row in rows])

    def chunks_in(self, scope: Scope, among: Sequence[int] | None = None) -> list[int]:
        """Chunk keys of the papers in a scope, ascending; with `among`, those of them."""
        if among is None:
            inside, values = _inside(scope, "paper")
            rows = self._db.rows(f"SELECT pk FROM chunks WHERE 1{inside} ORDER BY pk", *values)
            return [row[0] for row in rows]
        # "+paper": or it would go through all papers of the scope for each of the chunks.
        inside, values = _inside(scope, "+paper")
        sql = f"SELECT pk FROM chunks WHERE pk IN (SELECT value FROM json_each(?)){inside}"
        return sorted(row[0] for row in self._db.rows(sql, json.dumps(list(among)), *values))

    def chunk_batches(
        self, after: int = 0, size: int = 1000
    ) -> Iterator[tuple[list[int], Vectors]]:
        """Chunk keys above `after` with their vectors, in order of key, a batch at a time."""
        while True:
            rows = self._db.rows(
                "SELECT pk, vector FROM chunks WHERE pk > ? ORDER BY pk LIMIT ?", after, size
            )
            if not rows:
                return
            after = rows[-1]["pk"]
            yield [row["pk"] for row in rows], _from_blobs([row["vector"] for row in rows])

    def chunks_of(self, paper_ids: Sequence[str]) -> list[int]:
        """Chunk keys of these papers."""
        return [
            row[0]
            for part in _parts(paper_ids)
            for row in self._db.rows(
                "SELECT chunks.pk FROM chunks JOIN papers ON papers.pk = chunks.paper"
                f" WHERE papers.id IN ({_marks(part)})", *part,
            )
        ]  # fmt: skip


class _TakenKeys(Container[str]):
    """The citation keys of the papers in a library."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __contains__(self, key: object) -> bool:
        return _is_taken(self._db, "key", str(key))


def _is_taken(db: sqlite3.Connection, column: str, value: str, but: str = "") -> bool:
    """Whether a paper other than that of the id `but` has this value."""
    sql = f"SELECT 1 FROM papers WHERE {column} = ? AND id <> ?"
    return db.execute(sql, (value, but)).fetchone() is not None


def _replace_names(
    db: sqlite3.Connection, table: str, column: str, pk: int, names: Sequence[str]
) -> None:
    """Let a paper have these tags or sources and no others."""
    db.execute(
        f"DELETE FROM {table} WHERE paper = ? AND {column} NOT IN (SELECT value FROM json_each(?))",
        (pk, _as_json(names)),
    )
    db.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", [(pk, n) for n in names])


def _columns(paper: Paper | Record, key: str | None, settled: Sequence[str]) -> dict[str, object]:
    """What the table of papers has of one, by column, but for its id."""
    told = "title abstract year url doi arxiv_id is_note arxiv_version pmid openalex_id s2_id notes"
    return {
        **{name: getattr(paper, name) for name in (*told.split(), "is_read")},
        "title_key": title_key(paper.title),
        "authors": _as_json(paper.authors),
        "author_key": first_author(paper.authors) or None,
        "publication": _publication_json(paper.publication),
        "key": key,
        "settled": _as_json(settled),
    }


def _publication_json(publication: Publication) -> str:
    known = {name: value for name, value in asdict(publication).items() if value}
    return json.dumps(known, ensure_ascii=False)


def _as_json(texts: Sequence[str]) -> str:
    return json.dumps(texts, ensure_ascii=False)


def _key(db: sqlite3.Connection, paper_id: str) -> int:
    row = db.execute("SELECT pk FROM papers WHERE id = ?", (paper_id,)).fetchone()
    if row is None:
        raise RagError("This paper is not in the library any more.")
    return int(row[0])


def _replace_parts(db: sqlite3.Connection, pk: int, new: NewPaper) -> None:
    db.execute("DELETE FROM chunks WHERE paper = ?", (pk,))
    db.execute("DELETE FROM sentences WHERE paper = ?", (pk,))
    _insert_parts(db, pk, new)


def _insert_parts(db: sqlite3.Connection, pk: int | None, new: NewPaper) -> None:
    db.executemany(
        "INSERT INTO chunks (paper, ordinal, start, end, vector) VALUES (?, ?, ?, ?, ?)",
        [
            (pk, c.ordinal, c.span.start, c.span.end, _to_blob(v))
            for c, v in zip(new.chunks, new.chunk_vectors, strict=True)
        ],
    )
    db.executemany(
        "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)",
        [
            (pk, ordinal, s.start, s.end, _to_blob(v))
            for ordinal, (s, v) in enumerate(zip(new.sentences, new.sentence_vectors, strict=True))
        ],
    )


def _stored(row: sqlite3.Row, sentences: list[sqlite3.Row]) -> StoredPaper:
    abstract = row["abstract"]
    return StoredPaper(
        pk=row["pk"],
        paper=read_paper(row),
        sentences=tuple(
            SourceSentence(
                abstract[s["start"] : s["end"]], s["ordinal"], Span(s["start"], s["end"])
            )
            for s in sentences
        ),
        vectors=_from_blobs([s["vector"] for s in sentences]),
    )


def _to_blob(vector: np.ndarray) -> bytes:
    return vector.astype(np.float16).tobytes()


def _from_blobs(blobs: Sequence[bytes]) -> Vectors:
    if not blobs:
        return np.zeros((0, 0), np.float32)
    return np.frombuffer(b"".join(blobs), np.float16).reshape(len(blobs), -1).astype(np.float32)


def _inside(scope: Scope, paper: str) -> tuple[str, list[object]]:
    """SQL that keeps the rows whose column `paper` is the key of a paper in the scope."""
    if not scope:
        return "", []
    inside, values = condition(scope)
    return f" AND {paper} IN (SELECT papers.pk FROM papers WHERE {inside})", values


def _parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), _VARIABLES):
        yield values[start : start + _VARIABLES]


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
