"""Files into the library: each paper once, whatever its file, its order, or an interruption."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import rag.ingest
from rag.errors import EmbedderMismatch, LibraryFull
from rag.ingest import AddReport, FileReport, Ingest, Progress
from rag.library import Library
from rag.types import BadRecord, Record, Vectors
from tests.rag.conftest import Child
from tests.rag.corpus import RECORDS, HashEmbedder, make_ingest, many_records, write_jsonl


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The written papers as a file."""
    return write_jsonl(tmp_path / "papers.jsonl", RECORDS)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that thirty papers take several batches."""
    monkeypatch.setattr(rag.ingest, "BATCH", 4)


def papers_of(library: Library) -> list[tuple[object, ...]]:
    """All that depends on what was added and not on when: papers, chunks and sentences."""
    rows = library._db.rows(
        "SELECT id, title, abstract, authors, year,"
        " (SELECT group_concat(ordinal || ':' || start || '-' || end || hex(vector), ' ') FROM"
        "   (SELECT * FROM chunks WHERE paper = papers.pk ORDER BY ordinal)),"
        " (SELECT group_concat(ordinal || ':' || start || '-' || end || hex(vector), ' ') FROM"
        "   (SELECT * FROM sentences WHERE paper = papers.pk ORDER BY ordinal))"
        " FROM papers ORDER BY id"
    )
    return [tuple(row) for row in rows]


class TestAdding:
    def test_papers_of_a_file_are_found_afterwards(self, ingest: Ingest, file: Path) -> None:
        """With chunks, sentences, the name of their file, and a ready index."""
        seen: list[Progress] = []
        report = ingest.add_files([file], seen.append)
        ids = [p.id for p in ingest.library.papers(limit=-1)]
        assert report == AddReport((FileReport(file, len(RECORDS), ids),))
        assert not report.failed
        papers = ingest.library.papers(limit=-1)
        assert [(p.title, p.abstract, p.authors) for p in papers] == [
            (r.title, r.abstract, r.authors) for r in RECORDS
        ]
        assert {p.source for p in papers} == {"papers.jsonl"}
        assert ingest.library.counts().sentences == sum(
            len(s.sentences) for s in ingest.library.stored(range(1, 31)).values()
        )
        assert ingest.index.state() == "ready"
        assert seen[-1].done == seen[-1].total
        assert {p.stage for p in seen} == {"adding papers", "indexing"}

    def test_second_add_adds_nothing(self, ingest: Ingest, file: Path) -> None:
        """The report says that all were there, and no embedder is asked for."""
        ingest.add_files([file])
        before = papers_of(ingest.library)

        def no_embedder() -> HashEmbedder:
            raise AssertionError("nothing is new")

        again = replace_embedder(ingest, no_embedder)
        report = again.add_files([file])
        assert (report.read, report.added, report.duplicates) == (30, 0, 30)
        assert papers_of(ingest.library) == before

    def test_second_add_loads_no_model(self, file: Path, tmp_path: Path, child: Child) -> None:
        """Neither torch nor Chroma is imported where nothing is new; the first add needs both."""
        code = (
            "import sys; from pathlib import Path\n"
            "from rag.config import load_config; from rag.wiring import open_desk\n"
            "with open_desk(Path(sys.argv[1]), load_config()) as desk:\n"
            "    report = desk.add([Path(sys.argv[2])])\n"
            "print(report.added, 'torch' in sys.modules, 'chromadb' in sys.modules)"
        )
        outcomes = [child(code, tmp_path / "library", file) for _ in range(2)]
        assert [o.stdout for o in outcomes] == ["30 True True\n", "0 False False\n"], [
            o.stderr for o in outcomes
        ]

    def test_bad_file_beside_good_ones(self, ingest: Ingest, tmp_path: Path, file: Path) -> None:
        """It is named with its reason, and the others are added."""
        bad = tmp_path / "picture.png"
        bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
        report = ingest.add_files([tmp_path / "missing.jsonl", bad, file])
        missing, picture, good = report.files
        assert missing.error
        assert "missing.jsonl" in missing.error
        assert picture.error
        assert good.error is None
        assert report.added == len(RECORDS)
        assert report.failed

    def test_nothing_but_bad_records(self, ingest: Ingest, tmp_path: Path) -> None:
        """A file of which nothing could be used is a failure: a script has to notice."""
        path = tmp_path / "bad.jsonl"
        path.write_text('{"title": "No abstract"}\n{"abstract": "No title"}\n', encoding="utf-8")
        report = ingest.add_files([path])
        assert (report.read, report.bad, report.failed) == (2, 2, True)

    def test_bad_record_among_good_ones(self, ingest: Ingest, tmp_path: Path) -> None:
        """Its line and reason are reported."""
        path = write_jsonl(tmp_path / "a.jsonl", RECORDS[:3])
        lines = path.read_text(encoding="utf-8").splitlines()
        lines.insert(1, '{"title": "No abstract"}')
        path.write_text("\n".join(lines), encoding="utf-8")
        added = ingest.add_files([path])
        (report,) = added.files
        assert (report.read, report.added) == (4, 3)
        assert not added.failed
        (bad,) = report.bad
        assert isinstance(bad, BadRecord)
        assert bad.line == 2

    def test_same_title_by_other_authors_is_another_paper(self, ingest: Ingest) -> None:
        """Also within one batch; a third without authors is the first again."""
        one = Record("On Tides", "Tides rise. Tides fall.", ("Ada Quill",), 2001)
        two = Record("On tides.", "We model the moon.", ("Ben Marsh",), 2001)
        assert ingest.add_records([one, two, replace(one, authors=())], "x") == 2
        first, second = ingest.library.papers()
        assert {first.authors, second.authors} == {one.authors, two.authors}
        assert first.id != second.id

    def test_same_title_by_other_authors_in_one_file(self, ingest: Ingest, tmp_path: Path) -> None:
        """As a file they are told apart as well."""
        one = Record("On Tides", "Tides rise. Tides fall.", ("Ada Quill",), 2001)
        two = Record("On tides.", "We model the moon.", ("Ben Marsh",), 2001)
        path = write_jsonl(tmp_path / "two.jsonl", [one, two, one, two])
        report = ingest.add_files([path])
        assert (report.read, report.added, report.duplicates) == (4, 2, 2)

    def test_full_disk_keeps_what_is_acknowledged(
        self, ingest: Ingest, file: Path, small_batches: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The add ends with the error; the same command then adds the rest."""
        batches = 0

        def space(folder: Path, needed: int = 0) -> None:
            nonlocal batches
            batches += 1
            if batches > 3:
                raise LibraryFull(folder, "full")

        with monkeypatch.context() as patched:
            patched.setattr(rag.ingest, "require_space", space)
            with pytest.raises(LibraryFull):
                ingest.add_files([file])
        assert ingest.library.counts().papers == 12
        assert ingest.add_files([file]).added == 18


def replace_embedder(ingest: Ingest, embedder: Callable[[], HashEmbedder]) -> Ingest:
    return Ingest(ingest.library, ingest.index, embedder, ingest.embedder_name, ingest.max_tokens)


class TestInterruption:
    def test_cancelled(self, ingest: Ingest, file: Path, small_batches: None) -> None:
        """It ends after the batch at work; the next add does the rest."""
        polls = iter([False, True, True])
        report = ingest.add_files([file, file], cancelled=lambda: next(polls))
        assert (report.added, report.stopped, report.failed) == (8, True, True)
        assert ingest.library.counts().papers == 8
        assert len(report.files) == 1
        report = ingest.add_files([file])
        assert (report.added, report.duplicates, report.stopped) == (22, 8, False)
        assert ingest.index.state() == "ready"

    def test_ctrl_c_keeps_what_is_acknowledged(
        self, ingest: Ingest, file: Path, small_batches: None
    ) -> None:
        """Ctrl-C while a batch is embedded: the batches before it are kept and reported."""
        embedder = HashEmbedder()
        batches = 0

        class Interrupted(HashEmbedder):
            def encode(self, texts: Sequence[str]) -> Vectors:
                nonlocal batches
                batches += 1
                if batches == 3:
                    raise KeyboardInterrupt
                return embedder.encode(texts)

        report = replace_embedder(ingest, Interrupted).add_files([file])
        assert (report.added, report.stopped) == (8, True)
        assert [p.title for p in ingest.library.papers()] == [r.title for r in RECORDS[:8]]
        assert ingest.add_files([file]).added == 22
        assert ingest.library.quick_check() == []


class TestEmbedderMismatch:
    def test_other_embedder_is_refused_until_rebuilt(self, filled: Library) -> None:
        """The message names both and the command that mends it; that command does."""

        class Wider(HashEmbedder):
            name = "wider"
            dimension = 128

        other = make_ingest(filled, Wider())
        for attempt in (lambda: other.add_records(RECORDS, "x"), lambda: other.add_files([])):
            with pytest.raises(EmbedderMismatch, match=r"hashed words.*wider.*rebuild --embed"):
                attempt()
        texts = [(p.id, p.title, p.abstract, p.authors) for p in filled.papers(limit=-1)]
        assert other.embed_again() == len(RECORDS)
        other.require_same_embedding()
        assert [(p.id, p.title, p.abstract, p.authors) for p in filled.papers(limit=-1)] == texts
        assert filled.chunk_vectors()[1].shape[1] == 128
        assert other.index.state() == "ready"
        found = other.index.nearest(Wider().encode([RECORDS[0].abstract])[0], 1)
        assert filled.papers_of_chunks([key for key, _ in found]).popitem()[1] == 1
        other.index.close()

    def test_unfinished_rebuild_says_that_it_must_be_run_again(
        self, filled: Library, small_batches: None
    ) -> None:
        """Old and new vectors are never searched together."""

        class Breaking(HashEmbedder):
            calls = 0

            def encode(self, texts: Sequence[str]) -> Vectors:
                self.calls += 1
                if self.calls == 3:
                    raise KeyboardInterrupt
                return super().encode(texts)

        breaking = make_ingest(filled, Breaking())
        with pytest.raises(KeyboardInterrupt):
            breaking.embed_again()
        for ingest in (breaking, make_ingest(filled)):
            with pytest.raises(EmbedderMismatch, match="rebuild --embed"):
                ingest.require_same_embedding()
        ingest = make_ingest(filled)
        assert ingest.embed_again() == len(RECORDS)
        ingest.require_same_embedding()
        assert ingest.index.state() == "ready"
        ingest.index.close()

    def test_rebuild_gives_what_adding_gave(self, filled: Library, ingest: Ingest) -> None:
        """Chunks, sentences and vectors are those of a first add."""
        before = papers_of(filled)
        ingest.embed_again()
        assert papers_of(filled) == before


def same_library(
    tmp_path: Path, records: Sequence[Record], rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    reference: list[tuple[object, ...]] | None = None
    for number in range(rounds):
        monkeypatch.setattr(rag.ingest, "BATCH", chance.randint(1, 70))
        shuffled = chance.sample(records, len(records))
        cuts = sorted(chance.sample(range(len(records)), chance.randint(0, 4)))
        files = [
            write_jsonl(tmp_path / f"{number}-{start}.jsonl", shuffled[start:end])
            for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True)
        ]
        files += chance.choices(files, k=2)  # some are given twice
        folder = tmp_path / f"library-{number}"
        folder.mkdir()
        with Library.open(folder) as library:
            ingest = make_ingest(library)
            while files:
                some = chance.randint(1, len(files))
                ingest.add_files(files[:some])
                files = files[some:]
            ingest.index.close()
            found = papers_of(library)
            reference = reference or found
            assert found == reference


def test_same_input_gives_the_same_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any order, cut into any files and batches: the same papers, ids, chunks and vectors."""
    same_library(tmp_path, RECORDS, 15, monkeypatch)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_same_input_gives_the_same_library_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with more papers, many more times."""
    same_library(tmp_path, [*RECORDS, *many_records(120)], 500, monkeypatch)


def test_another_paper_gives_another_library(
    tmp_path: Path, ingest: Ingest, empty: Library
) -> None:
    """What is compared above tells two libraries apart by one word of one abstract."""
    ingest.add_records(RECORDS, "written")
    folder = tmp_path / "other"
    folder.mkdir()
    changed = replace(RECORDS[0], abstract=RECORDS[0].abstract.replace("hard", "easy"))
    with Library.open(folder) as other:
        made = make_ingest(other)
        made.add_records([changed, *RECORDS[1:]], "written")
        made.index.close()
        assert papers_of(other) != papers_of(empty)


def test_report_as_a_sentence_and_as_json(ingest: Ingest, file: Path, tmp_path: Path) -> None:
    """A person and a program are told the same."""
    path = write_jsonl(tmp_path / "some.jsonl", RECORDS[:1])
    path.write_text(path.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    ingest.add_files([path])
    report = ingest.add_files([path, file])
    assert report.sentence() == (
        "Read 32 records: 29 papers added, 2 already there or repeated, 1 skipped as unusable."
    )
    told = report.to_json()
    assert (told["read"], told["added"], told["duplicates"], told["bad"]) == (32, 29, 2, 1)
