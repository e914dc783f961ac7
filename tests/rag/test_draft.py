"""A paper that somebody edits: what is kept, what is refused and why, what search then finds."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.draft import Draft, as_record, read_tags
from rag.errors import DraftError, RagError
from rag.ingest import Ingest
from rag.library import Library
from rag.readers.jsonl import json_line, read_ours
from rag.readers.tex import clean
from rag.types import Paper, Publication, Record
from tests.rag.corpus import RECORDS, make_ingest

PAPER = Paper(
    "0123456789ab", "Tides of $5 and $6", "One sentence. Two \\ sentences.", ("Quill; Ada", "B. M"),
    2020, "https://example.org/a", "10.1000/182", "2001.00001", False, ("a.jsonl",),
    ("a, b", "read"), 2, "31000001", "W31", "CorpusId:31",
    Publication("article-journal", "Tides", "12", editors=("Reed, Ona",)), "quill2020tides",
    "First: {x} costs $5.\n\n  \\alpha holds.", True,
)  # fmt: skip
KEPT = [f.name for f in fields(Record) if f.name != "line"]


def nobody(_: Record) -> None:
    return None


class TestDraft:
    def test_nothing_changed_changes_nothing(self) -> None:
        """Also what could not be written in the form, such as a comma in a tag, or has no field."""
        record = as_record(Draft.of(PAPER), PAPER, nobody)
        for name in KEPT:
            assert getattr(record, name) == getattr(PAPER, name), name

    def test_every_field_can_be_changed(self) -> None:
        """Names stand between semicolons, tags between commas; spaces are folded."""
        draft = Draft(
            " New  title ", "New $x$ abstract.", "Ada Quill;Ben Marsh; ", " 1999 ",
            "https://doi.org/10.1000/ABC", "http://example.org/b", "read, to do,,read",
            "One.\r\n\r\n  Two $x$. \n", False,
        )  # fmt: skip
        record = as_record(draft, PAPER, nobody)
        assert (record.title, record.abstract) == ("New title", "New $x$ abstract.")
        assert record.authors == ("Ada Quill", "Ben Marsh")
        assert (record.year, record.doi, record.url) == (
            1999,
            "10.1000/abc",
            "http://example.org/b",
        )
        assert record.tags == ("read", "to do")
        assert (record.notes, record.is_read) == ("One.\n\n  Two $x$.", False)
        for name in set(KEPT) - {f.name for f in fields(Draft)}:
            assert getattr(record, name) == getattr(PAPER, name), name
        assert record.arxiv_id == PAPER.arxiv_id

    def test_what_may_be_empty_may_be_emptied(self) -> None:
        """What identifies the paper stays."""
        record = as_record(Draft("A title", "An abstract."), PAPER, nobody)
        assert (record.authors, record.year, record.doi, record.tags) == ((), None, None, ())
        assert (record.url, record.notes, record.is_read) == (None, "", False)
        assert (record.arxiv_id, record.key) == (PAPER.arxiv_id, PAPER.key)

    def test_an_abstract_that_is_missing_may_stay_so(self) -> None:
        """And may be written."""
        bare = replace(PAPER, abstract="")
        draft = replace(Draft.of(bare), year="1999")
        assert as_record(draft, bare, nobody).abstract == ""
        assert as_record(replace(draft, abstract=" \n"), bare, nobody).abstract == ""
        assert as_record(replace(draft, abstract="It rose."), bare, nobody).abstract == "It rose."

    @pytest.mark.parametrize(
        "news",
        [
            {"doi": "https://doi.org/10.48550/arXiv.2106.00002v3"},
            {"url": "https://arxiv.org/abs/2106.00002v3"},
        ],
    )
    def test_an_address_may_tell_the_arxiv_number(self, news: dict[str, str]) -> None:
        """That of a paper which has one stays what it is."""
        bare = replace(PAPER, arxiv_id=None, arxiv_version=None)
        record = as_record(replace(Draft.of(bare), **news), bare, nobody)
        assert (record.arxiv_id, record.arxiv_version) == ("2106.00002", 3)
        record = as_record(replace(Draft.of(PAPER), **news), PAPER, nobody)
        assert (record.arxiv_id, record.arxiv_version) == ("2001.00001", 2)

    @pytest.mark.parametrize(
        ("field", "text", "says"),
        [
            ("title", "  ", "Write the title"),
            ("title", "?!", "Write the title"),
            ("title", "a" * 5_001, "5,001 characters; shorten it to 5,000"),
            ("abstract", "", "Write the abstract"),
            ("abstract", "a" * 100_001, "shorten it"),
            ("notes", "a" * 100_001, "shorten it"),
            ("year", "soon", "four digits"),
            ("year", "20211", "four digits"),
            ("year", "0001", "four digits"),
            ("doi", "11.1/x", "10.1000/182"),
            ("url", "javascript:alert(1)", "https://"),
            ("url", "example.org", "https://"),
            ("tags", "a" * 61, "too long"),
            ("tags", ",".join(f"t{n}" for n in range(101)), "101 tags"),
            ("tags", "Sample, sample", "marks the sample papers"),
        ],
    )
    def test_a_fault_is_told_beside_its_field(self, field: str, text: str, says: str) -> None:
        """One sentence that says what to write."""
        with pytest.raises(DraftError) as caught:
            as_record(replace(Draft.of(PAPER), **{field: text}), PAPER, nobody)
        assert list(caught.value.faults) == [field]
        assert says in caught.value.faults[field]
        assert caught.value.faults[field].endswith(".")

    def test_all_faults_are_told_at_once(self) -> None:
        """So that one need not send the form again and again."""
        draft = replace(Draft.of(PAPER), year="soon", doi="no", url="no")
        with pytest.raises(DraftError) as caught:
            as_record(draft, PAPER, nobody)
        assert set(caught.value.faults) == {"year", "doi", "url"}

    def test_sample_paper_keeps_its_tag(self) -> None:
        """It is refused only where it would be new."""
        assert read_tags("sample, mine", ("sample",)) == ("sample", "mine")


class TestLines:
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(clean)

    @given(title=texts, abstract=texts, author=texts, tag=texts)
    def test_exported_paper_comes_back(
        self, title: str, abstract: str, author: str, tag: str
    ) -> None:
        """Whatever its texts hold, TeX and quotation marks too."""
        paper = replace(
            PAPER, title=f"T{title}", abstract=f"A{abstract}", authors=(f"a{author}", "B"),
            tags=(f"t{tag}",), is_note=True,
        )  # fmt: skip
        record = read_ours(1, json.loads(json_line(paper)))
        for name in "title abstract authors year doi arxiv_id url tags is_note".split():
            assert getattr(record, name) == getattr(paper, name), name

    @pytest.mark.parametrize("text", [r"100\% of $x$ and \$5", "``a'' b~c", "{Braces}"])
    def test_without_the_mark_texts_are_read_as_tex(self, text: str) -> None:
        """An export that forgot it would lose what these texts say."""
        line = json_line(replace(PAPER, abstract=text)).replace('"tex": false', '"tex": true')
        record = read_ours(1, json.loads(line))
        assert isinstance(record, Record)
        assert record.abstract != text


def test_export_fills_another_library(filled: Library, tmp_path: Path) -> None:
    """Of everything that was chosen, in order, with nothing lost."""
    filled.tag([p.id for p in filled.papers(limit=4)], add=["to do", "x, y"])
    file = tmp_path / "export.jsonl"
    file.write_text("".join(map(json_line, filled.shelf.each())), encoding="utf-8")
    folder = tmp_path / "other"
    folder.mkdir()
    with Library.open(folder) as other:
        adding = make_ingest(other)
        report = adding.add_files([file])
        adding.index.close()
        assert (report.added, report.bad) == (len(RECORDS), 0)
        back = {p.id: replace(p, sources=("written",)) for p in other.papers(limit=-1)}
    assert back == {p.id: p for p in filled.papers(limit=-1)}


@pytest.fixture
def edited(filled: Library, ingest: Ingest) -> Paper:
    """The first paper, after its abstract was written anew."""
    paper = filled.papers(limit=1)[0]
    draft = replace(Draft.of(paper), abstract="Walruses sing. They sing at noon.", tags="sea")
    ingest.edit(paper, as_record(draft, paper, nobody))
    found = filled.paper(paper.id)
    assert found is not None
    return found


class TestEditing:
    def test_what_was_written_by_hand_is_settled(self, edited: Paper, filled: Library) -> None:
        """And nothing else: notes and the mark go with it, and stay when files say otherwise."""
        assert filled.settled(edited.id) == {"abstract", "tags"}

    def test_notes_and_the_mark_come_back_as_written(self, filled: Library, ingest: Ingest) -> None:
        paper = filled.papers(limit=1)[0]
        draft = replace(Draft.of(paper), notes="One.\n\n  Two.", is_read=True)
        ingest.edit(paper, as_record(draft, paper, nobody))
        found = filled.papers(limit=1)[0]
        assert found == replace(paper, notes="One.\n\n  Two.", is_read=True)
        assert Draft.of(found) == draft
        assert filled.settled(paper.id) == {"notes", "is_read"}

    def test_paper_keeps_its_id_and_source(self, edited: Paper) -> None:
        """Everything else is what was written."""
        assert edited.title == RECORDS[0].title
        assert edited.abstract == "Walruses sing. They sing at noon."
        assert (edited.sources, edited.tags) == (("written",), ("sea",))

    def test_its_parts_are_made_anew(self, edited: Paper, filled: Library) -> None:
        """Sentences, chunks and full text say the new abstract, and no other paper changed."""
        (stored,) = filled.stored([1]).values()
        assert [s.text for s in stored.sentences] == ["Walruses sing.", "They sing at noon."]
        assert len(stored.vectors) == 2
        assert filled.full_text_scores('"walruses"', 1.0, 9).keys() == {1}
        assert not filled.full_text_scores('"bulletins"', 1.0, 9)
        assert filled.quick_check() == []

    def test_the_index_follows(self, edited: Paper, filled: Library, ingest: Ingest) -> None:
        """The new chunk is found, the old one is gone."""
        assert ingest.index.state() == "ready"
        vector = ingest.embedder().encode(["walruses sing at noon"])[0]
        key, _ = ingest.index.nearest(vector, 1)[0]
        assert filled.papers_of_chunks([key]) == {key: 1}
        found = {key for key, _ in ingest.index.nearest(vector, 100)}
        assert found == set(filled.chunk_vectors()[0])

    def test_other_fields_leave_the_vectors_alone(self, filled: Library, ingest: Ingest) -> None:
        """A year is changed without the embedder."""
        paper = filled.papers(limit=1)[0]
        chunks = filled.chunks_of([paper.id])
        ingest.embedder = lambda: pytest.fail("nothing is to be embedded")
        record = as_record(replace(Draft.of(paper), year="1999"), paper, nobody)
        ingest.edit(paper, record)
        assert filled.chunks_of([paper.id]) == chunks
        assert filled.papers(limit=1)[0].year == 1999

    def test_failing_half_way_changes_nothing(
        self, filled: Library, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Text and vectors change together or not at all."""
        paper = filled.papers(limit=1)[0]
        before = filled.stored([1])[1]
        monkeypatch.setattr("rag.library._insert_parts", lambda *_: 1 / 0)
        record = as_record(replace(Draft.of(paper), abstract="Walruses."), paper, nobody)
        with pytest.raises(ZeroDivisionError):
            ingest.edit(paper, record)
        assert filled.stored([1])[1].paper == before.paper
        assert filled.stored([1])[1].sentences == before.sentences

    def test_paper_cannot_become_another_one(self, filled: Library) -> None:
        """The other is named; itself is no other."""
        first, second = filled.papers(limit=2)

        def same(record: Record) -> Paper | None:
            return filled.find_same(record, but=first.id)

        draft = replace(Draft.of(first), title=second.title.upper(), authors="", year="")
        with pytest.raises(DraftError, match="already has this paper") as caught:
            as_record(draft, first, same)
        assert "Harbour" in caught.value.faults["title"]
        as_record(replace(Draft.of(first), year="2001"), first, same)


def test_adding_can_be_undone(filled: Library, ingest: Ingest, tmp_path: Path) -> None:
    """The report names what was added and nothing that was there before."""
    before = filled.papers(limit=-1)
    new = Record("Walrus songs", "They sing.")
    file = tmp_path / "more.jsonl"
    walrus = json_line(Paper("", new.title, new.abstract))
    lines = [*map(json_line, before[:3]), walrus, walrus]
    file.write_text("".join(lines), encoding="utf-8")
    report = ingest.add_files([file])
    assert (report.read, report.added, report.duplicates) == (5, 1, 4)
    (paper_id,) = report.ids
    assert filled.paper(paper_id).title == "Walrus songs"  # type: ignore[union-attr]
    assert filled.remove(report.ids) == 1
    named = {p.id for p in before[:3]}  # that the file describes them too is no addition of it
    for paper, was in zip(filled.papers(limit=-1), before, strict=True):
        told = ("more.jsonl", *was.sources) if was.id in named else was.sources
        assert paper == replace(was, sources=told)


def test_tags_of_many_papers(filled: Library) -> None:
    """Given and taken in one go; a tag twice is a tag once."""
    ids = [p.id for p in filled.papers(limit=20)]
    filled.tag(ids[:10], add=["a", "b"])
    filled.tag(ids, add=["b"], remove=["a"])
    filled.tag(["nobody"], add=["c"])
    assert {p.id for p in filled.tagged("b")} == set(ids)
    assert filled.tagged("a") == filled.tagged("c") == []


def test_paper_that_is_gone_cannot_be_edited(filled: Library) -> None:
    """A sentence says so: another tab may have removed it."""
    from rag.wiring import Desk

    desk = Desk.__new__(Desk)
    desk.library = filled
    with pytest.raises(RagError, match="not in the library any more"):
        desk.edit("gone", Draft("a", "b"))
