"""The vector index: as good as exact search, and never trusted after harm."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexFailure
from rag.index import ChunkIndex, _DirtyMark
from rag.ingest import Ingest
from rag.library import Library, NewPaper
from rag.types import Chunk, Record, Span, Vectors
from tests.rag.conftest import Child
from tests.rag.corpus import RECORDS, many_records

RECALL = 0.99  # of the ten nearest


def unit_vectors(count: int, dimension: int = 384, seed: int = 0) -> Vectors:
    values = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def add_vectors(library: Library, vectors: Vectors, name: str = "") -> None:
    """One paper of one chunk for each vector."""
    papers = []
    for number, vector in enumerate(vectors):
        title = f"Vector {name}{number}"
        chunk, parts = Chunk(0, Span(0, 1), title), vector[None, :]
        record = Record(title, "…")
        papers.append(NewPaper(record, "random", (chunk,), parts, (Span(0, 1),), parts))
    library.add(papers)


def exact(library: Library, vector: np.ndarray, count: int) -> list[int]:
    """The truth, computed from the library alone."""
    keys, vectors = library.chunk_vectors()
    order = np.argsort(-(vectors @ vector), kind="stable")[:count]
    return [keys[i] for i in order]


def recall(library: Library, index: ChunkIndex, questions: Vectors) -> float:
    """The share of the ten nearest that the index finds; those that are removed do not count."""
    shares = []
    for question in questions:
        truth = set(exact(library, question, 10))
        found = [key for key, _ in index.nearest(question, 200)]
        there = library.papers_of_chunks(found)
        shares.append(len(truth.intersection([k for k in found if k in there][:10])) / len(truth))
    return float(np.mean(shares))


def assert_true(library: Library, index: ChunkIndex, seed: int = 1) -> None:
    """Every answer is the exact one: keys, order and similarity.

    Two chunks may change places when they are as near as the rounding of stored vectors: they are
    no longer of length 1 exactly, which a cosine takes into account and a product does not.
    """
    keys, vectors = library.chunk_vectors()
    rows = dict(zip(keys, vectors, strict=True))
    for question in unit_vectors(5, vectors.shape[1], seed):
        found = index.nearest(question, 10)
        assert len({key for key, _ in found}) == len(found)
        true = [float(rows[key] @ question) for key, _ in found]
        assert [similarity for _, similarity in found] == pytest.approx(true, abs=1e-3)
        best = [float(rows[key] @ question) for key in exact(library, question, 10)]
        assert true == pytest.approx(best, abs=1e-3)


def uses_chroma(index: ChunkIndex) -> bool:
    """Whether a question is answered by Chroma."""
    index.nearest(np.ones(index._library.chunk_vectors()[1].shape[1], np.float32), 1)
    return index._collection is not None


@pytest.mark.parametrize(
    "count", [1000, pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_index_finds_what_exact_search_finds(empty: Library, count: int) -> None:
    """Also after papers were removed, and after the library was opened again."""
    add_vectors(empty, unit_vectors(count))
    questions = unit_vectors(100, seed=1)
    index = ChunkIndex(empty)
    index.sync()
    assert index.state() == "ready"
    assert recall(empty, index, questions) >= RECALL
    assert index._collection is not None

    gone = [p.id for p in empty.papers(limit=-1)][:: 10 if count > 1000 else 3]
    chunks = empty.chunks_of(gone)
    empty.remove(gone)
    index.remove(chunks)
    assert index.state() == "ready"
    assert recall(empty, index, questions) >= RECALL
    found = {key for question in questions for key, _ in index.nearest(question, 200)}
    assert not found.intersection(chunks)
    assert index._collection is not None
    index.close()

    with Library.open(empty.folder) as library:
        again = ChunkIndex(library)
        assert again.state() == "ready"
        assert recall(library, again, questions) >= RECALL
        assert again._collection is not None
        again.close()


def test_recall_would_notice_a_bad_index(empty: Library) -> None:
    """The measure above falls when an index holds vectors that are not the library's."""
    add_vectors(empty, unit_vectors(300))
    index = ChunkIndex(empty)
    index.sync()
    other = unit_vectors(300, seed=9)
    with _DirtyMark(index):  # a write that Footnote believes in
        index._open().upsert(ids=[str(k) for k in empty.chunk_vectors()[0]], embeddings=other)
    assert index.state() == "ready"
    assert recall(empty, index, unit_vectors(20, seed=1)) < RECALL
    index.close()


class TestState:
    def test_from_empty_to_ready_and_behind(self, ingest: Ingest) -> None:
        """Each state is told; what is behind is found by exact search and caught up with."""
        library, index = ingest.library, ingest.index
        assert index.state() == "empty"
        assert index.nearest(unit_vectors(1, 64)[0], 5) == []
        index.sync()
        assert index.state() == "empty"

        library.add(ingest._prepare(RECORDS[:20], "written"))
        assert index.state() == "rebuild needed"
        assert_true(library, index)
        index.sync()
        assert index.state() == "ready"
        assert uses_chroma(index)
        assert_true(library, index)

        library.add(ingest._prepare(RECORDS[20:], "written"))
        assert index.state() == "behind"
        assert_true(library, index)  # although Chroma is open, and does not have the last ones
        seen: list[tuple[int, int]] = []
        index.sync(lambda done, total: seen.append((done, total)))
        assert index.state() == "ready"
        assert uses_chroma(index)
        assert_true(library, index)
        new = library.count_chunks() - 20
        assert seen == [(new, new)]

    def test_a_sync_that_is_cancelled_is_gone_on_with(
        self, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It ends with the batch it is at; what that brought is not brought again."""
        library, index = ingest.library, ingest.index
        monkeypatch.setattr("rag.index._BATCH", 5)
        library.add(ingest._prepare(RECORDS[:20], "written"))
        total = library.count_chunks()
        seen: list[tuple[int, int]] = []
        for expected in ([(5, total)], [(5, total - 5)]):
            seen.clear()
            index.sync(lambda done, of: seen.append((done, of)), cancelled=lambda: True)
            assert seen == expected
            assert index.state() == "behind"
        index.sync()
        assert index.state() == "ready"
        assert_true(library, index)

    def test_everything_removed(self, filled: Library, index: ChunkIndex) -> None:
        """An index that holds nothing any more answers nothing, and takes new papers."""
        papers = [p.id for p in filled.papers(limit=-1)]
        chunks = filled.chunks_of(papers)
        filled.remove(papers)
        index.remove(chunks)
        assert index.state() == "ready"
        assert index.nearest(unit_vectors(1, 64)[0], 5) == []
        index.rebuild()
        assert index.state() == "ready"
        assert index.nearest(unit_vectors(1, 64)[0], 5) == []
        add_vectors(filled, unit_vectors(5, 64))
        index.sync()
        assert index.state() == "ready"
        assert_true(filled, index)

    def test_papers_removed_while_the_index_is_behind(self, ingest: Ingest) -> None:
        """It is neither confused by chunks it never had, nor does it forget to catch up."""
        library, index = ingest.library, ingest.index
        ingest.add_records(RECORDS[:20], "written")
        library.add(ingest._prepare(RECORDS[20:], "written"))
        gone = [p.id for p in library.papers(limit=-1)][15:25]
        chunks = library.chunks_of(gone)
        library.remove(gone)
        index.remove(chunks)
        assert index.state() == "behind"
        index.sync()
        assert index.state() == "ready"
        assert_true(library, index)

    def test_dirty_mark_of_a_kill(self, filled: Library, index: ChunkIndex) -> None:
        """Whoever was ended while Chroma was written leaves an index that is not read."""
        filled.set_meta(index_state="dirty")
        assert index.state() == "rebuild needed"
        assert_true(filled, index)
        assert index._collection is None
        index.sync()
        assert index.state() == "ready"
        assert uses_chroma(index)

    def test_state_is_judged_without_chroma(self, filled: Library, child: Child) -> None:
        """So that `footnote status` is quick."""
        code = (
            "import sys; from pathlib import Path\n"
            "from rag.library import Library; from rag.index import ChunkIndex\n"
            "print(ChunkIndex(Library.open(Path(sys.argv[1]), read_only=True)).state(),"
            " 'chromadb' in sys.modules)"
        )
        done = child(code, filled.folder)
        assert done.stdout == "ready False\n", done.stderr

    def test_index_that_is_open_elsewhere_is_ready(
        self, filled: Library, index: ChunkIndex
    ) -> None:
        """Being read changes nothing, however often; a second look says the same."""
        for _ in range(3):
            assert uses_chroma(index)
            assert ChunkIndex(filled).state() == "ready"
            index.close()
            assert index.state() == "ready"

    def test_rebuild_leaves_one_folder(self, filled: Library, index: ChunkIndex) -> None:
        """The old one is thrown away."""
        for _ in range(2):
            index.rebuild()
        assert len(list(filled.folder.glob("index-*"))) == 1
        assert_true(filled, index)


def truncated(data: bytearray, chance: random.Random) -> bytearray:
    return data[: chance.randrange(len(data))]


def emptied(data: bytearray, chance: random.Random) -> bytearray:
    return bytearray()


def zeroed(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data))
    data[start : start + 4096] = bytes(len(data[start : start + 4096]))
    return data


def flipped(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(20):
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
    return data


def vanished(data: bytearray, chance: random.Random) -> None:
    return None


HARMS: list[Callable[[bytearray, random.Random], bytearray | None]] = [
    truncated, emptied, zeroed, flipped, vanished,
]  # fmt: skip


def harm_often(ingest: Ingest, times: int, seed: int) -> None:
    """Damage one file of the index at a time: it answers exactly, and is then mended."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    library, index = ingest.library, ingest.index
    for number in range(times):
        assert uses_chroma(index), number
        index.close()
        (folder,) = library.folder.glob("index-*")
        files = sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size)
        file = files[number % len(files)]
        harm = chance.choice(HARMS)
        before = file.read_bytes()
        after = harm(bytearray(before), chance)
        if after is None:
            file.unlink()
        else:
            file.write_bytes(after)
        print(number, file.name, harm.__name__, after == before, index.state())
        assert_true(library, index, seed=number)
        index.sync()
        assert index.state() == "ready"
    assert uses_chroma(index)
    assert_true(library, index)


class TestHarm:
    def test_damaged_file(self, index: ChunkIndex, ingest: Ingest) -> None:
        """Whatever happened to a file of the index, the answers stay true."""
        harm_often(ingest, 20, random.randrange(2**32))

    @pytest.mark.long
    @pytest.mark.timeout(7200)
    def test_damaged_file_many_times(self, ingest: Ingest) -> None:
        """The same, with more vectors than Chroma takes at once, many more times."""
        ingest.add_records(many_records(2500), "many")
        harm_often(ingest, 1000, random.randrange(2**32))

    @pytest.mark.parametrize("is_open", [True, False])
    def test_folder_deleted_by_hand(
        self, filled: Library, index: ChunkIndex, is_open: bool
    ) -> None:
        """Also while it is in use: no answer is lost, and it is made again."""
        if is_open:
            assert uses_chroma(index)
        else:
            index.close()
        (folder,) = filled.folder.glob("index-*")
        shutil.rmtree(folder)
        assert index.state() == "rebuild needed"
        assert_true(filled, index)
        index.sync()
        assert index.state() == "ready"
        assert uses_chroma(index)
        assert_true(filled, index)

    def test_panic_while_reading(self, filled: Library, index: ChunkIndex) -> None:
        """Chroma's panics are no `Exception`; the answer is exact all the same."""

        class Panic(BaseException):
            pass

        class Panicking:
            def query(self, **_: object) -> None:
                raise Panic("index out of bounds")

        assert uses_chroma(index)
        index._collection = Panicking()
        assert_true(filled, index)
        assert index.state() == "rebuild needed"
        index.sync()
        assert uses_chroma(index)
        assert_true(filled, index)

    def test_ctrl_c_while_reading_is_not_swallowed(
        self, filled: Library, index: ChunkIndex
    ) -> None:
        """It is the reader's wish, not Chroma's failure."""

        class Interrupted:
            def query(self, **_: object) -> None:
                raise KeyboardInterrupt

        assert uses_chroma(index)
        index._collection = Interrupted()
        with pytest.raises(KeyboardInterrupt):
            index.nearest(unit_vectors(1, 64)[0], 5)
        index._collection = None
        assert index.state() == "ready"

    def test_write_that_hangs_is_given_up(self, ingest: Ingest) -> None:
        """A sentence says what to do, questions are answered, and the next write succeeds."""
        library = ingest.library
        ingest.add_records(RECORDS[:20], "written")
        index = ChunkIndex(library, write_seconds=0.2)
        library.add(ingest._prepare(RECORDS[20:], "written"))
        released = threading.Event()

        class Hanging:
            def upsert(self, **_: object) -> None:
                released.wait(60)

        index._collection = Hanging()
        with pytest.raises(IndexFailure, match="footnote rebuild"):
            index.sync()
        released.set()
        assert index.state() == "rebuild needed"
        assert_true(library, index)
        patient = ChunkIndex(library)
        patient.sync()
        assert patient.state() == "ready"
        assert_true(library, patient)
        patient.close()

    def test_write_that_fails_is_told(self, filled: Library, index: ChunkIndex) -> None:
        """Whatever Chroma raises, it becomes a failure of the index, and the papers stay."""

        class Failing:
            def delete(self, **_: object) -> None:
                raise SystemError("no segment")

        chunks = filled.chunks_of([filled.papers()[0].id])
        index._collection = Failing()
        with pytest.raises(IndexFailure, match="no segment"):
            index.remove(chunks)
        assert index.state() == "rebuild needed"
        assert filled.counts().papers == len(RECORDS)
        index.sync()
        assert_true(filled, index)

    def test_question_during_a_write_does_not_wait(
        self, filled: Library, index: ChunkIndex
    ) -> None:
        """Exact search answers while another thread writes."""
        index.close()
        question = unit_vectors(1, 64)[0]
        answers: list[list[tuple[int, float]]] = []
        with index._lock:
            asking = threading.Thread(target=lambda: answers.append(index.nearest(question, 5)))
            asking.start()
            asking.join(60)
        assert [key for key, _ in answers[0]] == exact(filled, question, 5)
        assert index._collection is None

    def test_files_that_may_not_grow(self, ingest: Ingest, child: Child) -> None:
        """A full disk ends the write with a sentence; with space again it is done."""
        ingest.library.add(ingest._prepare(many_records(900), "many"))
        code = (
            "import resource, sys; from pathlib import Path\n"
            "from rag.errors import IndexFailure, LibraryFull\n"
            "from rag.library import Library; from rag.index import ChunkIndex\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
            "library = Library.open(Path(sys.argv[1]))\n"
            "try: ChunkIndex(library, write_seconds=5).sync()\n"
            "except (IndexFailure, LibraryFull) as error: print('told:', error)\n"
            "print(library.count_chunks(), flush=True)\n"
            "import os; os._exit(0)"  # a hanging write cannot be joined
        )
        done = child(code, ingest.library.folder, timeout=60)
        assert done.stdout.startswith("told:"), (done.stdout, done.stderr)
        assert done.stdout.splitlines()[-1] == str(ingest.library.count_chunks())
        assert ingest.index.state() == "rebuild needed"
        assert_true(ingest.library, ingest.index)
        ingest.index.sync()
        assert ingest.index.state() == "ready"
        assert_true(ingest.library, ingest.index)


def test_folder_name_of_the_index_is_the_librarys(filled: Library, tmp_path: Path) -> None:
    """A library that was moved as a whole keeps its index."""
    filled.close()
    moved = shutil.copytree(filled.folder, tmp_path / "moved")
    with Library.open(moved) as library:
        index = ChunkIndex(library)
        assert_true(library, index)
        index.close()
