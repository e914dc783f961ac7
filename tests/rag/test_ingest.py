"""Files into the library: each paper once, whatever its file, its order, or an interruption."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest

import rag.ingest
from rag.errors import EmbedderMismatch, IndexFailure, LibraryFull
from rag.ingest import AddReport, FileReport, Ingest, Progress
from rag.library import Library
from rag.merging import as_record
from rag.readers.jsonl import json_line
from rag.types import BadRecord, Paper, Record, Scope, Vectors
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
        assert report == AddReport((FileReport(file, str(file), len(RECORDS), ids),))
        assert not report.failed
        papers = ingest.library.papers(limit=-1)
        assert [(p.title, p.abstract, p.authors) for p in papers] == [
            (r.title, r.abstract, r.authors) for r in RECORDS
        ]
        assert {p.sources for p in papers} == {("papers.jsonl",)}
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
        path.write_text('{"title": ""}\n{"abstract": "No title"}\n', encoding="utf-8")
        report = ingest.add_files([path])
        assert (report.read, report.bad, report.failed) == (2, 2, True)

    def test_bad_record_among_good_ones(self, ingest: Ingest, tmp_path: Path) -> None:
        """Its line and reason are reported."""
        path = write_jsonl(tmp_path / "a.jsonl", RECORDS[:3])
        lines = path.read_text(encoding="utf-8").splitlines()
        lines.insert(1, '{"abstract": "No title"}')
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


def test_files_that_are_no_papers_are_counted_and_the_formats_told_once(
    ingest: Ingest, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("eggs.txt", "milk.txt", "none.bib")]
    for path in paths[:2]:
        path.write_text("two of them\n", encoding="utf-8")
    report = ingest.add_files(paths)
    assert report.sentence() == "Read 0 records: 0 papers added. 3 files could not be read."
    told = [file.error or "" for file in report.files]
    assert all("does not read as a list of papers." in error for error in told[:2])
    assert ["Footnote reads" in error for error in told] == [True, False, False]


def described(**fields: object) -> Record:
    """One more description of the first written paper."""
    return replace(RECORDS[0], **fields)  # type: ignore[arg-type]


class TestUpdating:
    """A file that describes papers which the library has."""

    @pytest.fixture
    def library(self, ingest: Ingest, file: Path) -> Library:
        ingest.add_files([file])
        return ingest.library

    def add(self, ingest: Ingest, path: Path, *records: Record) -> FileReport:
        lines = [json_line(Paper("x", **fields_of(record))) for record in records]
        path.write_text("".join(lines), encoding="utf-8")
        (report,) = ingest.add_files([path]).files
        return report

    def test_what_is_missing_is_filled_in(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """The paper is updated and not doubled; it is found under both files."""
        report = self.add(ingest, tmp_path / "b.jsonl", described(doi="10.1234/x", tags=("sea",)))
        (paper,) = library.papers(match="Kestrel")
        assert (paper.doi, paper.tags) == ("10.1234/x", ("sea",))
        assert paper.sources == ("b.jsonl", "papers.jsonl")
        assert (report.added, report.updated, report.duplicates) == (0, [paper.id], 0)
        assert library.count() == len(RECORDS)
        again = self.add(ingest, tmp_path / "b.jsonl", described(doi="10.1234/x", tags=("sea",)))
        assert (again.added, again.updated, again.duplicates) == (0, [], 1)

    def test_another_file_that_says_the_same(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """It is remembered as a source, and nothing was updated."""
        report = self.add(ingest, tmp_path / "b.jsonl", *RECORDS)
        assert (report.read, report.updated, report.duplicates) == (len(RECORDS), [], len(RECORDS))
        assert library.count_in(Scope(sources=("b.jsonl",))) == len(RECORDS)

    def test_a_newer_version_is_found_by_its_words(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """Chunks, sentences, full text and index follow the text."""
        self.add(ingest, tmp_path / "b.jsonl", described(arxiv_id="2001.00001", arxiv_version=1))
        newer = described(
            arxiv_id="2001.00001",
            arxiv_version=2,
            abstract="Puffins nest on the tower. They often return in spring.",
        )
        self.add(ingest, tmp_path / "c.jsonl", newer)
        (paper,) = library.papers(match="Kestrel")
        assert paper.abstract == newer.abstract
        (stored,) = library.stored(list(library.full_text_scores("puffins", 1.0, 5))).values()
        assert [s.text for s in stored.sentences] == [
            "Puffins nest on the tower.",
            "They often return in spring.",
        ]
        vector = ingest.embedder().encode([f"{paper.title}\n{paper.abstract}"])[0]
        ((chunk, similarity),) = ingest.index.nearest(vector, 1)
        assert library.papers_of_chunks([chunk]) == {chunk: stored.pk}
        assert similarity > 0.99
        assert ingest.index.state() == "ready"

    def test_two_papers_that_turn_out_to_be_one(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """A record that has the ids of both tells; the older stays, with all that both had."""
        first = self.add(
            ingest,
            tmp_path / "b.jsonl",
            Record("Gull: A Draft", "Gulls sort mail.", arxiv_id="2001.00002", tags=("a",)),
            Record("Gull, Finished", "Gulls sort mail.", doi="10.1234/gull", tags=("b",)),
        )
        assert first.added == 2
        library.write_notes(first.ids[1], "Read twice.")
        both = Record("Gull", "", arxiv_id="2001.00002", doi="10.1234/gull")
        report = self.add(ingest, tmp_path / "c.jsonl", both)
        assert report.updated == [first.ids[0]]
        paper = library.paper(first.ids[0])
        assert paper is not None
        assert (paper.arxiv_id, paper.doi, paper.tags) == ("2001.00002", "10.1234/gull", ("a", "b"))
        assert paper.notes == "Read twice."
        assert library.paper(first.ids[1]) is None
        assert ingest.index.state() == "ready"

    def test_a_bare_title_does_not_make_one_of_two_papers(
        self, ingest: Ingest, tmp_path: Path
    ) -> None:
        """It is the title of both, and says of which one nothing."""
        first = Record("Editorial", "Gulls.", ("Quill, Ada",), 2020, doi="10.1234/a")
        second = Record("Editorial", "Terns.", ("Marsh, Ben",), 2021, doi="10.1234/b")
        added = self.add(ingest, tmp_path / "b.jsonl", first, second)
        report = self.add(ingest, tmp_path / "c.jsonl", Record("Editorial", ""))
        assert (report.added, report.updated, report.duplicates) == (0, [], 1)
        papers = [ingest.library.paper(paper_id) for paper_id in added.ids]
        assert [paper and paper.doi for paper in papers] == ["10.1234/a", "10.1234/b"]

    def test_the_key_of_a_manuscript_outlives_its_paper(
        self, ingest: Ingest, tmp_path: Path
    ) -> None:
        """Of two papers that are one, it takes the place of the key that was made here."""
        draft = Record("Gull: A Draft", "Gulls.", ("Quill, Ada",), 2020, arxiv_id="2001.00002")
        cited = Record("Gull, Finished", "Gulls.", doi="10.1234/gull", key="mine")
        first = self.add(ingest, tmp_path / "b.jsonl", draft, cited)
        both = Record("Gull", "", arxiv_id="2001.00002", doi="10.1234/gull")
        self.add(ingest, tmp_path / "c.jsonl", both)
        self.add(ingest, tmp_path / "d.jsonl", replace(both, key="theirs"))
        paper = ingest.library.paper(first.ids[0])
        assert paper is not None
        assert paper.key == "mine"

    def test_what_the_reader_does_while_papers_are_added_stays(
        self, ingest: Ingest, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the look at a paper and the end of its batch, which may embed for seconds."""
        (known,) = library.papers(match="Kestrel")
        look = library.find_all_same

        def then_the_reader_acts(record: Record) -> list[Paper]:
            found = look(record)
            library.tag([known.id], ["mine"])
            library.write_notes(known.id, "Read twice.")
            library.mark_read([known.id], True)
            return found

        monkeypatch.setattr(library, "find_all_same", then_the_reader_acts)
        news = described(doi="10.1234/x", abstract="It rose.", tags=("sea",))
        self.add(ingest, tmp_path / "b.jsonl", news)
        paper = library.paper(known.id)
        assert paper is not None
        assert (paper.tags, paper.notes, paper.is_read) == (("mine", "sea"), "Read twice.", True)
        assert paper.doi == "10.1234/x"

    def test_a_text_that_the_reader_writes_meanwhile_stays_findable(
        self, ingest: Ingest, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the file says instead leaves neither chunks nor a hole in the index."""
        first = described(arxiv_id="2001.00001", arxiv_version=1)
        self.add(ingest, tmp_path / "b.jsonl", first)
        (known,) = library.papers(match="Kestrel")
        chunks_of = library.chunks_of

        def after_an_edit(paper_ids: Sequence[str]) -> list[int]:
            monkeypatch.setattr(library, "chunks_of", chunks_of)
            ingest.edit(known, replace(as_record(known), abstract="Puffins nest here."))
            return chunks_of(paper_ids)

        monkeypatch.setattr(library, "chunks_of", after_an_edit)
        news = replace(first, arxiv_version=2, abstract="It rose.")
        self.add(ingest, tmp_path / "c.jsonl", news)
        paper = library.paper(known.id)
        assert paper is not None
        assert paper.abstract == "Puffins nest here."
        vector = ingest.embedder().encode([f"{paper.title}\n{paper.abstract}"])[0]
        ((chunk, similarity),) = ingest.index.nearest(vector, 1)
        assert library.papers_of_chunks([chunk])
        assert similarity > 0.99

    def test_one_paper_in_one_file_twice(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """By another title and the same id; the second description adds what it knows."""
        one = Record("Gull", "Gulls sort mail.", doi="10.1234/gull")
        other = Record("The Gull", "Gulls sort mail.", year=2020, doi="10.1234/gull")
        report = self.add(ingest, tmp_path / "b.jsonl", one, other)
        assert (report.read, report.added, len(report.updated)) == (2, 1, 1)
        assert [p.year for p in library.papers(match="Gull")] == [2020]

    def test_keys_stay_unique_and_stable(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """A file's own key takes the place of one made by us, unless another paper has it."""
        before = {p.id: p.key for p in library.papers(limit=-1)}
        assert len(set(before.values())) == len(before)
        report = self.add(ingest, tmp_path / "b.jsonl", described(key="mine"), replace(
            RECORDS[1], key="mine"
        ))  # fmt: skip
        first, second = library.papers(limit=2)
        assert (first.key, second.key) == ("mine", before[second.id])
        assert report.updated == [first.id]
        self.add(ingest, tmp_path / "c.jsonl", described(key="theirs"))
        assert library.papers(limit=1)[0].key == "mine"

    def test_the_index_fails_while_papers_are_updated(
        self, ingest: Ingest, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The rest is added all the same, all is reported, and the index made anew."""

        def failing(_: Sequence[int]) -> None:
            library.set_meta(index_state="dirty")
            raise IndexFailure("Chroma cannot write.")

        monkeypatch.setattr(ingest.index, "remove", failing)
        news = described(arxiv_id="2001.00001", arxiv_version=2, abstract="It rose.")
        self.add(ingest, tmp_path / "b.jsonl", replace(news, arxiv_version=1))
        report = self.add(ingest, tmp_path / "c.jsonl", news, Record("Puffin Post", ""))
        assert (report.added, len(report.updated)) == (1, 1)
        assert ingest.index.state() == "ready"

    def test_edits_survive(self, ingest: Ingest, library: Library, tmp_path: Path) -> None:
        """What a person wrote is not overwritten by a file; the rest still is."""
        (paper,) = library.papers(match="Kestrel")
        ingest.edit(
            paper, replace(as_record(paper), title="Kestrel, renamed", arxiv_id="2001.00001")
        )
        told = described(arxiv_id="2001.00001", arxiv_version=4, abstract="It rose.")
        self.add(ingest, tmp_path / "b.jsonl", told)
        edited = library.paper(paper.id)
        assert edited is not None
        assert (edited.title, edited.abstract) == ("Kestrel, renamed", "It rose.")

    def test_a_tag_that_was_taken_away_stays_away(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """By a command or by an edit, until it is given again."""
        told = described(tags=("sea", "law", "shore"))
        (paper_id,) = self.add(ingest, tmp_path / "b.jsonl", told).updated
        library.tag([paper_id], remove=("sea",))
        paper = library.paper(paper_id)
        assert paper is not None
        ingest.edit(paper, replace(as_record(paper), tags=("shore",)))
        assert self.add(ingest, tmp_path / "b.jsonl", told).updated == []
        library.tag([paper_id], add=("law",))
        library.tag([paper_id], remove=("shore",))
        library.tag([paper_id], add=("shore",))
        self.add(ingest, tmp_path / "c.jsonl", told)
        again = library.paper(paper_id)
        assert again is not None
        assert again.tags == ("law", "shore")

    def test_a_record_without_an_abstract(
        self, ingest: Ingest, library: Library, tmp_path: Path
    ) -> None:
        """It is kept, counted, and found by its title; an abstract that comes later is its own."""
        report = self.add(ingest, tmp_path / "b.jsonl", Record("Puffin Post", ""))
        assert (report.added, report.without_abstract, report.bad) == (1, 1, [])
        (known,) = library.papers(match="Kestrel")
        bare = self.add(ingest, tmp_path / "d.jsonl", replace(as_record(known), abstract=""))
        assert bare.without_abstract == 0
        assert library.full_text_scores("puffin", 1.0, 5)
        vector = ingest.embedder().encode(["Puffin Post"])[0]
        assert ingest.index.nearest(vector, 1)[0][1] > 0.99
        self.add(ingest, tmp_path / "c.jsonl", Record("Puffin Post", "Puffins deliver."))
        (paper,) = library.papers(match="Puffin")
        assert paper.abstract == "Puffins deliver."


def fields_of(record: Record) -> dict[str, object]:
    return {f.name: getattr(record, f.name) for f in fields(Record) if f.name != "line"}
