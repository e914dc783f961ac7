"""The database: what goes in comes out, and what can go wrong with its file is told."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rag.errors import LibraryDamaged, LibraryError, LibraryFull, RagError
from rag.folder import DATABASE
from rag.ingest import Ingest
from rag.library import Change, Counts, Library, NewPaper
from rag.merging import as_record
from rag.types import Chunk, Paper, Publication, Record, Span
from tests.rag.conftest import Child
from tests.rag.corpus import RECORDS, make_ingest

DEADLINE = 60  # seconds in which a full disk must be told


def new_paper(record: Record, dimension: int = 8) -> NewPaper:
    """A paper of one chunk and one sentence, its vectors made from its title."""
    values = np.random.default_rng(len(record.title)).normal(size=(2, dimension))
    vectors = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    whole = Span(0, len(record.abstract))
    chunk = Chunk(0, whole, f"{record.title}\n{record.abstract}")
    return NewPaper(record, "a.jsonl", (chunk,), vectors[:1], (whole,), vectors[1:])


FULL_RECORD = Record(
    "Ærlige Tal: 100% “sure”_",
    "One sentence. Αnother\u2009one, with x² ≤ 3 and 😀.",
    ("Åse O'Brien", 'Jo "J" Li'),
    2020,
    "https://example.org/a",
    "10.1/abc",
    "2001.00001",
    7,
    True,
    ("b tag", "a"),
    3,
    "12345",
    "W1",
    "CorpusId:7",
    Publication("chapter", "Tides & Co", "1", "2", "3-4", "Press", "Oslo", "2nd", 5, "1", "2",
                ("Reed, Ona", "{The Crew}")),
    "brien2020tal",
    "A note\n  of two lines.",
    True,
)  # fmt: skip


class TestPapers:
    def test_every_field_comes_back(self, empty: Library) -> None:
        """Whatever characters it holds."""
        empty.add([new_paper(FULL_RECORD)])
        (paper,) = empty.papers()
        assert as_record(paper) == replace(FULL_RECORD, line=None, tags=("a", "b tag"))
        assert paper.sources == ("a.jsonl",)
        assert empty.paper(paper.id) == paper
        assert empty.paper("nothing") is None

    def test_papers_are_there_after_opening_again(self, filled: Library) -> None:
        """In the order in which they were added."""
        before = filled.papers(limit=-1)
        assert [p.title for p in before] == [r.title for r in RECORDS]
        with Library.open(filled.folder, read_only=True) as again:
            assert again.papers(limit=-1) == before

    def test_vectors_come_back_as_float16(self, empty: Library) -> None:
        """Half precision is kept, full precision is given."""
        new = new_paper(FULL_RECORD, dimension=384)
        empty.add([new])
        keys, vectors = empty.chunk_vectors()
        (stored,) = empty.stored([1]).values()
        for given, back in ((new.chunk_vectors, vectors), (new.sentence_vectors, stored.vectors)):
            assert back.dtype == np.float32
            assert np.array_equal(back, given.astype(np.float16).astype(np.float32))
            assert float((back @ given.T).item()) > 0.99999
        assert keys == [empty.last_chunk()]

    def test_sentences_come_back_word_for_word(self, filled: Library) -> None:
        """Joined with what stood between them they are the abstract."""
        for stored in filled.stored(range(1, len(RECORDS) + 1)).values():
            abstract = stored.paper.abstract
            assert " ".join(s.text for s in stored.sentences) == abstract
            assert len(stored.vectors) == len(stored.sentences)
            for number, sentence in enumerate(stored.sentences):
                assert sentence.ordinal == number
                assert abstract[sentence.span.start : sentence.span.end] == sentence.text

    def test_batches_of_chunks_are_all_chunks_once(self, filled: Library) -> None:
        """Whatever the size of a batch, from any key on."""
        keys, vectors = filled.chunk_vectors()
        for size in (1, 7, 1000):
            parts = list(filled.chunk_batches(size=size))
            assert [k for ks, _ in parts for k in ks] == keys
            assert np.array_equal(np.concatenate([v for _, v in parts]), vectors)
        later = [k for ks, _ in filled.chunk_batches(after=keys[9]) for k in ks]
        assert later == keys[10:]
        assert filled.count_chunks(after=keys[9]) == len(later)
        assert filled.count_chunks() == filled.counts().chunks == len(keys)

    def test_same_paper_is_added_once(self, empty: Library) -> None:
        """Also within one batch, and told by the number of those that were new."""
        again = replace(FULL_RECORD, title="Another title", doi=None)  # the arXiv id is the same
        assert len(empty.add([new_paper(FULL_RECORD), new_paper(again)])) == 1
        assert empty.add([new_paper(FULL_RECORD)]) == []
        assert empty.counts() == Counts(1, 1, 1)

    @pytest.mark.parametrize(
        "change",
        [{"title": "other", "doi": None}, {"title": "other", "arxiv_id": None}, {"year": None}],
    )
    def test_same_paper_is_found_by_any_of_its_marks(
        self, empty: Library, change: dict[str, object]
    ) -> None:
        """By title, arXiv id or DOI."""
        empty.add([new_paper(FULL_RECORD)])
        found = empty.find_same(replace(FULL_RECORD, **change))
        assert found is not None
        assert found.title == FULL_RECORD.title
        assert empty.find_same(Record("other", "…")) is None

    def test_failed_batch_leaves_nothing(self, empty: Library) -> None:
        """A batch whose last paper cannot be stored is not stored at all."""
        broken = replace(new_paper(RECORDS[1]), chunk_vectors=np.zeros((0, 8), np.float32))
        with pytest.raises(ValueError, match="zip"):
            empty.add([new_paper(RECORDS[0]), broken])
        assert empty.counts() == Counts(0, 0, 0)
        assert len(empty.add([new_paper(RECORDS[0])])) == 1

    def test_removed_paper_leaves_no_part(self, filled: Library) -> None:
        """Chunks, sentences, tags and full text go with it; the others stay."""
        gone, stays = filled.papers(limit=2)
        chunks = filled.chunks_of([gone.id])
        before = filled.counts()
        assert filled.full_text_scores('"kestrel"', 1.0, 9)
        assert filled.remove([gone.id, "nothing"]) == 1
        assert filled.remove([gone.id]) == 0
        after = filled.counts()
        assert (after.papers, after.chunks) == (before.papers - 1, before.chunks - len(chunks))
        assert after.sentences == before.sentences - 4
        assert filled.paper(gone.id) is None
        assert filled.paper(stays.id) == stays
        assert not filled.full_text_scores('"kestrel"', 1.0, 9)
        assert filled.full_text_scores('"harbour"', 1.0, 9)
        assert not filled.papers_of_chunks(chunks)
        assert not filled.chunks_of([gone.id])
        assert filled.quick_check() == []

    def test_number_of_a_removed_chunk_is_not_used_again(self, empty: Library) -> None:
        """A new paper cannot meet the old vector that the index may still hold."""
        empty.add([new_paper(RECORDS[0])])
        first = empty.last_chunk()
        empty.remove([empty.papers()[0].id])
        assert empty.last_chunk() == 0
        empty.add([new_paper(RECORDS[1])])
        assert empty.last_chunk() > first

    def test_tags_choose_papers(self, empty: Library) -> None:
        """Only whole tags."""
        empty.add([new_paper(FULL_RECORD), new_paper(RECORDS[0])])
        assert [p.title for p in empty.tagged("b tag")] == [FULL_RECORD.title]
        assert empty.tagged("b") == []

    @pytest.mark.parametrize(
        ("match", "found"),
        [
            ("", 4),
            ("RATE", 2),
            ("100%", 1),
            ("0%", 1),
            ("%", 1),
            ("_", 1),
            ("a_b", 0),
            ("\\", 1),
            ("o'brien", 1),
            ('"J"', 1),
            ("Åse", 1),
            ("[", 0),
            (", ", 1),
            ("'; DROP TABLE papers; --", 0),
        ],
    )
    def test_match_is_taken_literally(self, empty: Library, match: str, found: int) -> None:
        """It is looked for in title and authors' names, and no character of it is special."""
        titles = ["Rate of 100 percent", "Operated aXb", "Back\\slash"]
        empty.add([new_paper(Record(t, "…", ("Flint, Ewan",) * (t[0] == "R"))) for t in titles])
        empty.add([new_paper(FULL_RECORD)])
        assert len(empty.papers(match=match)) == found

    def test_pages_of_papers(self, filled: Library) -> None:
        """Limit and offset walk through all of them."""
        pages = [filled.papers(limit=7, offset=at) for at in range(0, 35, 7)]
        assert [p.title for page in pages for p in page] == [r.title for r in RECORDS]

    def test_titles_that_are_missing_are_named(self, filled: Library) -> None:
        """Compared as titles are, whatever their spelling."""
        asked = ["WHY CHATBOTS repeat themselves.", "Why chatbots sing"]
        assert filled.missing_titles(asked) == ["Why chatbots sing"]

    def test_library_is_new_until_something_was_added(self, empty: Library) -> None:
        """Removing everything does not make it new again."""
        assert empty.is_new()
        empty.add([new_paper(RECORDS[0])])
        empty.remove([p.id for p in empty.papers()])
        assert not empty.is_new()


def file_state(folder: Path) -> tuple[bytes, int]:
    path = folder / DATABASE
    return path.read_bytes(), path.stat().st_mtime_ns


def overwrite_header(path: Path) -> None:
    write_at(path, 0, b"not a database..")


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero_a_page(path: Path) -> None:
    db = sqlite3.connect(path)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'papers'").fetchone()
    (size,) = db.execute("PRAGMA page_size").fetchone()
    db.close()
    write_at(path, (root - 1) * size, bytes(size))


def zero_everything(path: Path) -> None:
    write_at(path, 0, bytes(path.stat().st_size))


def write_at(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.fixture
def closed(filled: Library, ingest: Ingest) -> Path:
    """The folder of a library of the written papers that nobody has open."""
    ingest.index.close()
    filled.close()
    return filled.folder


def use(folder: Path, *, read_only: bool) -> None:
    with Library.open(folder, read_only=read_only) as library:
        library.papers(limit=-1)


class TestDamage:
    @pytest.mark.parametrize("read_only", [False, True])
    @pytest.mark.parametrize("harm", [overwrite_header, truncate, zero_a_page, zero_everything])
    def test_damage_is_told_and_left_as_it_is(
        self, closed: Path, harm: Callable[[Path], None], read_only: bool
    ) -> None:
        """The message names the file; whoever can repair it finds what was there."""
        use(closed, read_only=read_only)
        harm(closed / DATABASE)
        before = file_state(closed)
        with pytest.raises(LibraryDamaged, match=DATABASE) as caught:
            use(closed, read_only=read_only)
        assert caught.value.path == closed
        assert file_state(closed) == before

    def test_check_finds_what_reading_does_not_meet(self, closed: Path) -> None:
        """A full text that does not fit its papers; a sound library passes the same check."""
        with Library.open(closed) as library:
            assert library.quick_check() == []
        db = sqlite3.connect(closed / DATABASE)
        db.execute("DROP TRIGGER papers_deleted")
        db.execute("DELETE FROM papers WHERE pk = 3")
        db.commit()
        db.close()
        with Library.open(closed) as library, pytest.raises(LibraryDamaged):
            library.quick_check()

    @pytest.mark.parametrize("read_only", [False, True])
    def test_library_of_a_newer_footnote_is_refused(self, closed: Path, read_only: bool) -> None:
        """The message says which format it has, and nothing is changed."""
        db = sqlite3.connect(closed / DATABASE)
        db.execute("PRAGMA user_version=99")
        db.close()
        before = (closed / DATABASE).read_bytes()[100:]
        with pytest.raises(LibraryError, match=r"format 99.*Update Footnote"):
            use(closed, read_only=read_only)
        assert (closed / DATABASE).read_bytes()[100:] == before

    def test_another_programs_database_is_not_touched(self, tmp_path: Path) -> None:
        """A SQLite file with tables of the same names stays what it is."""
        db = sqlite3.connect(tmp_path / DATABASE)
        db.execute("CREATE TABLE papers (mine TEXT)")
        db.commit()
        db.close()
        with pytest.raises(LibraryError):
            use(tmp_path, read_only=False)
        db = sqlite3.connect(tmp_path / DATABASE)
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("papers",)]
        db.close()


# Adds papers until it is told that the disk is full; then says how many are acknowledged.
FILL = """
import resource, sys
from pathlib import Path
from rag.errors import LibraryFull
from rag.library import Library
from tests.rag.corpus import make_ingest, many_records
limit, folder = int(sys.argv[1]), Path(sys.argv[2])
library = Library.open(folder)
ingest = make_ingest(library)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
acknowledged = 0
try:
    for start in range(0, 20_000, 20):
        papers = ingest._prepare(many_records(20_020)[start : start + 20], "fill")
        acknowledged += len(library.add(papers))
except LibraryFull as error:
    print("full", acknowledged, library.counts().papers, flush=True)
    print(error)
    print(library.papers(limit=1)[0].title)
"""


class TestFullDisk:
    @pytest.mark.parametrize("kilobytes", [300, 330, 420, 700, 1000])
    def test_file_that_may_not_grow(self, tmp_path: Path, child: Child, kilobytes: int) -> None:
        """The add is refused with a sentence, nothing acknowledged is lost, and it goes on."""
        done = child(FILL, kilobytes * 1024, tmp_path, timeout=DEADLINE)
        acknowledged = assert_told(done)
        assert_goes_on(tmp_path, acknowledged)

    def test_small_disk(self, small_disk: Path, child: Child) -> None:
        """The same on a file system that is really full."""
        folder = small_disk / "library"
        folder.mkdir()
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(7 * 1024 * 1024))
        done = child(FILL, 0, folder, timeout=DEADLINE)
        acknowledged = assert_told(done)
        ballast.unlink()
        assert_goes_on(folder, acknowledged)

    def test_little_room_is_refused_before_anything_is_written(self, small_disk: Path) -> None:
        """An add stops while SQLite and Chroma can still fail cleanly."""
        with Library.open(small_disk) as library:
            started = time.monotonic()
            with pytest.raises(LibraryFull, match="Free some space"):
                make_ingest(library).add_records(RECORDS, "written")
            assert time.monotonic() - started < DEADLINE
            assert library.counts() == Counts(0, 0, 0)


def assert_told(done: subprocess.CompletedProcess[str]) -> int:
    assert done.returncode == 0, done.stderr
    told, message, first = done.stdout.splitlines()
    state, acknowledged, stored = told.split()
    assert state == "full"
    assert int(acknowledged) == int(stored) > 0
    assert "Free some space" in message
    assert first.startswith("Survey 0")
    return int(acknowledged)


def assert_goes_on(folder: Path, acknowledged: int) -> None:
    with Library.open(folder) as library:
        assert library.counts().papers == acknowledged
        assert library.quick_check() == []
        papers = make_ingest(library)._prepare(RECORDS, "written")
        assert len(library.add(papers)) == len(RECORDS)
        assert library.counts().papers == acknowledged + len(RECORDS)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if shutil.which("mount") is None or os.getuid() != 0:
        pytest.skip("only root may mount a small disk; the limit on file size is tried as anybody")
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_paper_that_was_removed_is_not_changed(tmp_path: Path) -> None:
    """Adding goes on without it; a person who writes of it is told."""
    with Library.open(tmp_path) as library:
        gone = Paper("gone", "A title", "It rose.")
        assert library.update([Change(gone, gone)]) == []
        assert library.mark_read(["gone"], True) == 0
        with pytest.raises(RagError, match="not in the library any more"):
            library.write_notes("gone", "Read this.")
