"""Nearest chunks by Chroma; disposable, and the only import of chromadb.

Chroma's files do not survive a kill while they are written, a second process, or a full disk. So
they are never the truth: the library's database notes in which folder they are, that they are being
written (a dirty mark set before and cleared after), and what they looked like when closed. Whatever
does not fit means: answer by exact search in numpy, and rebuild from the stored vectors into a new
folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from rag.errors import IndexFailure, LibraryError
from rag.folder import require_space
from rag.library import Library
from rag.types import EVERYTHING, Scope, Vectors

State = Literal["ready", "behind", "rebuild needed", "empty"]
_COLLECTION = "chunks"
_BATCH = 1000  # vectors; Chroma takes at most 5461 at once
_BYTES_PER_VECTOR = 12_000  # on disk, measured at 384 dimensions
# ef_search must exceed the number of neighbours asked for, or HNSW returns too few.
_EF_SEARCH = 500
_HNSW = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": _EF_SEARCH,
    "max_neighbors": 24,
    # Write vector files at every change: by default the last thousand vectors stay in SQLite, where
    # damage to them goes unnoticed and each opening has to index them again.
    "sync_threshold": 1,
    "batch_size": 1,
}
_T = TypeVar("_T")


class ChunkIndex:
    """Vector search over a library's chunks; safe to use from several threads of its one owner."""

    def __init__(self, library: Library, write_seconds: float = 120.0) -> None:
        self._library = library
        self._write_seconds = write_seconds
        self._lock = threading.RLock()
        self._client: Any = None
        self._collection: Any = None
        self._exact: _ExactSearch | None = None
        self._exact_inside: _ExactSearch | None = None  # of the scope that was searched last
        self._exact_lock = threading.Lock()

    # -- state

    def state(self) -> State:
        """Whether Chroma holds what the library holds, judged without importing it."""
        with self._lock:
            folder = self._folder()
            if folder is None:
                return "empty" if self._library.last_chunk() == 0 else "rebuild needed"
            if self._library.get_meta("index_state") != "clean":
                return "rebuild needed"
            if self._library.get_meta("index_files") != _fingerprint(folder):
                return "rebuild needed"
            # Read before Chroma opens it only: two SQLites in one process undo each other's locks.
            if self._client is None and not self._contents_as_left(folder):
                return "rebuild needed"
            return "ready" if self._high() >= self._library.last_chunk() else "behind"

    def _contents_as_left(self, folder: Path) -> bool:
        contents = _contents(folder)
        return contents is not None and contents == self._library.get_meta("index_contents")

    def _folder(self) -> Path | None:
        name = self._library.get_meta("index_folder")
        return self._library.folder / name if name else None

    def _high(self) -> int:
        """Chunks up to this key are in Chroma."""
        return int(self._library.get_meta("index_high") or 0)

    # -- reading

    def nearest(
        self, vector: np.ndarray, count: int, scope: Scope = EVERYTHING
    ) -> list[tuple[int, float]]:
        """(chunk key, cosine similarity) of the nearest chunks, best first; `vector` has length 1.

        Of the papers in the scope only. A key may belong to a chunk that was removed meanwhile.
        """
        if not scope:
            return self._nearest(vector, count)
        # Many are found at once and those outside left away: Chroma's own filter is a scan. Where
        # too few remain, the scope is small enough, or far enough off, to be searched by itself.
        found = self._nearest(vector, _EF_SEARCH)
        inside = set(self._library.chunks_in(scope, [key for key, _ in found]))
        found = [(key, similarity) for key, similarity in found if key in inside]
        if len(found) < count:
            found = self._exact_search_in(scope).nearest(vector, count)
        return found[:count]

    def _nearest(self, vector: np.ndarray, count: int) -> list[tuple[int, float]]:
        if self._lock.acquire(blocking=False):  # taken: Chroma is being written; do not wait for it
            try:
                if self.state() == "ready":
                    return self._nearest_in_chroma(vector, count)
            except (LibraryError, KeyboardInterrupt, SystemExit):
                raise
            except BaseException:  # Chroma's Rust panics are not `Exception`s
                self._distrust()
            finally:
                self._lock.release()
        return self._exact_search().nearest(vector, count)

    def _nearest_in_chroma(self, vector: np.ndarray, count: int) -> list[tuple[int, float]]:
        collection = self._open()
        found = collection.query(
            query_embeddings=[vector],
            n_results=min(count, _EF_SEARCH),
            include=["distances"],
        )
        return [
            (int(i), 1.0 - float(d))
            for i, d in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def _exact_search(self) -> _ExactSearch:
        with self._exact_lock:
            key = (self._library.last_chunk(), self._library.count_chunks())
            if self._exact is None or self._exact.key != key:
                self._exact = _ExactSearch(key, *self._library.chunk_vectors())
            return self._exact

    def _exact_search_in(self, scope: Scope) -> _ExactSearch:
        with self._exact_lock:
            # A chunk never changes, but what a scope holds does: papers get tags.
            keys = self._library.chunks_in(scope)
            if self._exact_inside is None or self._exact_inside.key != keys:
                self._exact_inside = _ExactSearch(keys, *self._library.chunk_vectors(scope))
            return self._exact_inside

    # -- writing

    def sync(
        self,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Bring Chroma up to the library: add what is behind, or rebuild when it cannot be trusted.

        When `cancelled`, after a batch, the next one goes on from there. Raises IndexFailure or
        LibraryError; the library is untouched by either.
        """
        with self._lock:
            state = self.state()
            if state == "rebuild needed":
                self.rebuild(on_progress, cancelled)
            elif state == "behind":
                self._add_from(self._high(), on_progress, cancelled)

    def rebuild(
        self,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make Chroma anew from the stored vectors; exact search answers until it is done."""
        with self._lock:
            with suppress(IndexFailure):  # what it holds is thrown away
                self._close_client()
            number = int(self._library.get_meta("index_number") or 0) + 1
            self._library.set_meta(
                index_folder=f"index-{number}",
                index_number=number,
                index_state="dirty",
                index_high=0,
            )
            for old in self._library.folder.glob("index-*"):
                shutil.rmtree(old, ignore_errors=True)
            self._add_from(0, on_progress, cancelled)

    def _add_from(
        self, high: int, on_progress: Callable[[int, int], None], cancelled: Callable[[], bool]
    ) -> None:
        total = self._library.count_chunks(after=high)
        # A batch more than needed: Chroma hangs for good when the disk fills up while it writes.
        require_space(self._library.folder, (total + _BATCH) * _BYTES_PER_VECTOR)
        with _DirtyMark(self):
            collection = self._open()
            done = 0
            for keys, vectors in self._library.chunk_batches(after=high, size=_BATCH):
                require_space(self._library.folder, _BATCH * _BYTES_PER_VECTOR)
                ids = [str(key) for key in keys]
                self._before_deadline(collection.upsert, ids=ids, embeddings=vectors)
                high = keys[-1]
                done += len(keys)
                on_progress(done, total)
                if cancelled():
                    break
            self._library.set_meta(index_high=high)

    def remove(self, chunks: Sequence[int]) -> None:
        """Take removed chunks out of Chroma; they are gone from the library already."""
        with self._lock:
            # When Chroma is not up to date it will be made anew, or gets only what is still there.
            if self.state() not in ("ready", "behind") or not chunks:
                return
            with _DirtyMark(self):
                collection = self._open()
                for start in range(0, len(chunks), _BATCH):
                    part = [str(key) for key in chunks[start : start + _BATCH]]
                    self._before_deadline(collection.delete, ids=part)

    def _before_deadline(self, call: Callable[..., _T], **arguments: object) -> _T:
        """One call of Chroma, its failure as ours; given up (not stopped) after the deadline."""
        results: list[_T] = []
        failures: list[BaseException] = []

        def work() -> None:
            try:
                results.append(call(**arguments))
            except BaseException as error:  # Chroma's Rust panics are not `Exception`s
                failures.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(self._write_seconds)
        if thread.is_alive():
            raise IndexFailure(
                f"The search index did not answer within {self._write_seconds:.0f} seconds; "
                "is the disk full? Your papers are safe; free some space and run "
                "'footnote rebuild'."
            )
        if failures:
            raise IndexFailure(
                f"The search index cannot be used ({failures[0]}). Your papers are safe; run "
                "'footnote rebuild'."
            ) from failures[0]
        return results[0]

    # -- Chroma's client

    def _open(self) -> Any:
        if self._collection is None:
            folder = self._folder()
            assert folder is not None
            os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
            import chromadb
            from chromadb.config import Settings

            self._client = self._before_deadline(
                chromadb.PersistentClient,
                path=str(folder),
                settings=Settings(anonymized_telemetry=False),
            )
            self._collection = self._before_deadline(
                self._client.get_or_create_collection,
                name=_COLLECTION,
                embedding_function=None,
                configuration={"hnsw": _HNSW},
            )
        return self._collection

    def _close_client(self) -> None:
        client, self._client, self._collection = self._client, None, None
        if client is not None:
            self._before_deadline(client.close)

    def _distrust(self) -> None:
        """Chroma failed while reading: use it no more until it is rebuilt."""
        self._client = self._collection = None
        with suppress(LibraryError):  # a full disk; exact search answers all the same
            self._library.set_meta(index_state="dirty")

    def close(self) -> None:
        with self._lock, suppress(IndexFailure):  # the marks in the library say what it is worth
            self._close_client()


class _DirtyMark:
    """Notes in the library that Chroma is being written, and how it looks once that went well."""

    def __init__(self, index: ChunkIndex) -> None:
        self._index = index

    def __enter__(self) -> None:
        self._index._library.set_meta(index_state="dirty")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        index = self._index
        if kind is not None:
            index._client = index._collection = None
            return
        index._close_client()  # so that what is on disk is all there is
        folder = index._folder()
        assert folder is not None
        index._library.set_meta(
            index_files=_fingerprint(folder), index_contents=_contents(folder), index_state="clean"
        )


class _ExactSearch:
    """Chunk vectors in memory, searched exhaustively."""

    def __init__(self, key: object, chunks: Sequence[int], vectors: Vectors) -> None:
        self.key = key  # equal for the same chunks
        self._chunks = chunks
        self._vectors = vectors

    def nearest(self, vector: np.ndarray, count: int) -> list[tuple[int, float]]:
        if not self._chunks:
            return []
        similarities = self._vectors @ vector
        count = min(count, len(self._chunks))
        best = np.argpartition(-similarities, count - 1)[:count]
        best = best[np.argsort(-similarities[best], kind="stable")]
        return [(self._chunks[i], float(similarities[i])) for i in best]


def _fingerprint(folder: Path) -> str:
    """Names, sizes and times of the vector files; opening Chroma to read leaves them as they are.

    Vector files without a .pickle beside them are left out: those of an empty index, which Chroma
    makes anew whenever it is opened.
    """
    kept = {p.parent for p in folder.rglob("*.pickle")}
    files = sorted(p for place in kept for p in place.iterdir() if p.is_file())
    return json.dumps(
        [[str(p.relative_to(folder)), p.stat().st_size, p.stat().st_mtime_ns] for p in files]
    )


def _contents(folder: Path) -> str | None:
    """A digest of what Chroma's SQLite file says, None if it is damaged: Chroma may abort on it.

    The file's bytes will not do: Chroma writes to one table of it whenever it is opened.
    """
    digest = hashlib.blake2b(digest_size=16)
    uri = f"{(folder / 'chroma.sqlite3').absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            db.text_factory = bytes
            schema = db.execute("SELECT * FROM sqlite_master ORDER BY type, name").fetchall()
            tables = [row[1].decode() for row in schema if row[0] == b"table" and row[3]]
            digest.update(repr((schema, db.execute("PRAGMA quick_check").fetchall())).encode())
            for table in tables:
                if table != "acquire_write":
                    for row in db.execute(f'SELECT * FROM "{table}"'):
                        digest.update(repr(row).encode())
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None
    return digest.hexdigest()
