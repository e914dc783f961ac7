"""The sample library: what it holds, that it says it is notes, and that the words are our own."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest

from rag.sample import EXAMPLE_QUESTIONS, sample_records
from rag.types import Record
from rag.words import content_stems, words

SHARED = Path(__file__).resolve().parents[3] / "shared"
RUN_OF_WORDS = 8
SCALE_SAMPLE = 5  # one paper in so many is read besides those of the same title
SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
ARXIV_ID = re.compile(r"(\d{2})(\d{2})\.(\d{4,5})")
LEANING = frozenset({"it", "its", "they", "their", "this", "that", "these", "those", "he", "she"})
RECORDS = sample_records()


def sentences(note: str) -> list[str]:
    return SENTENCE_BREAK.split(note)


def runs(text: str) -> set[int]:
    """Hashes of all runs of RUN_OF_WORDS words."""
    found = words(text)
    return {hash(tuple(found[i : i + RUN_OF_WORDS])) for i in range(len(found) - RUN_OF_WORDS + 1)}


def borrowed(notes: set[int], texts: Iterable[str]) -> list[str]:
    """The texts that share a run of words with the notes."""
    return [text for text in texts if not notes.isdisjoint(runs(text))]


def note_runs(records: Iterable[Record]) -> set[int]:
    return {run for record in records for run in runs(record.abstract)}


def seed_pages() -> Iterator[str]:
    for page in sorted((SHARED / "seeds").glob("*.txt")):
        yield from page.read_text(encoding="utf-8", errors="replace").splitlines()


def scale_abstracts(titles: frozenset[str]) -> Iterator[str]:
    with gzip.open(SHARED / "scale" / "arxiv_abstracts.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            paper = json.loads(line)
            if number % SCALE_SAMPLE == 0 or paper["title"].lower() in titles:
                yield paper["abstract"]


def test_there_is_enough_to_ask() -> None:
    """At least forty papers, each once."""
    titles = {" ".join(words(record.title)) for record in RECORDS}
    assert len(RECORDS) >= 40
    assert len(titles) == len(RECORDS)
    assert len({record.abstract for record in RECORDS}) == len(RECORDS)


def test_records_are_marked_as_notes_with_the_sample_tag() -> None:
    """No note can be taken for an abstract, and all can be removed by their tag."""
    assert all(record.is_note and record.tags == ("sample",) for record in RECORDS)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.title[:40])
class TestEachRecord:
    def test_note_is_four_to_six_sentences_of_moderate_length(self, record: Record) -> None:
        """A note reads like a short abstract."""
        assert 4 <= len(sentences(record.abstract)) <= 6
        assert 80 <= len(record.abstract.split()) <= 150

    def test_note_is_clean_text(self, record: Record) -> None:
        """No TeX, markup, line breaks or double spaces."""
        assert not re.search(r"[\\${}<>\[\]\n\t]|  ", record.abstract)
        assert record.abstract == record.abstract.strip()
        assert record.abstract.endswith(".")

    def test_each_sentence_stands_alone(self, record: Record) -> None:
        """No sentence begins with a word that needs the sentence before; each may be quoted."""
        for sentence in sentences(record.abstract):
            assert words(sentence)[0] not in LEANING, sentence

    def test_note_is_about_its_title(self, record: Record) -> None:
        """A note that slipped to another paper would share hardly a word with the title."""
        assert set(content_stems(record.title)) & set(content_stems(record.abstract))

    def test_year_and_identifiers_agree(self, record: Record) -> None:
        """An arXiv id begins with the year and month of the paper, and the address is its own."""
        assert record.year is not None
        assert 1990 <= record.year <= date.today().year
        if record.arxiv_id is None:
            assert record.url is None
            return
        match = ARXIV_ID.fullmatch(record.arxiv_id)
        assert match is not None
        assert 2000 + int(match[1]) == record.year
        assert 1 <= int(match[2]) <= 12
        assert record.url == f"https://arxiv.org/abs/{record.arxiv_id}"

    def test_authors_are_full_names_once_each(self, record: Record) -> None:
        """At least one author; each has a given and a family name; nobody is listed twice."""
        assert record.authors
        assert len(set(record.authors)) == len(record.authors)
        for author in record.authors:
            assert re.fullmatch(r"[^\W\d_][^,;\d]* [^,;\d]*[^\W\d_]", author), author
            assert not author.endswith(" al")


def test_arxiv_ids_are_unique() -> None:
    """Two papers never carry the same identifier."""
    ids = [record.arxiv_id for record in RECORDS if record.arxiv_id]
    assert len(set(ids)) == len(ids)


def test_example_questions_have_the_words_of_at_least_one_note() -> None:
    """Six different questions, each with at least two of its content words in one record."""
    assert len(set(EXAMPLE_QUESTIONS)) == 6
    held = [set(content_stems(f"{record.title} {record.abstract}")) for record in RECORDS]
    for question in EXAMPLE_QUESTIONS:
        assert question.endswith("?")
        asked = set(content_stems(question))
        assert max(len(asked & stems) for stems in held) >= 2, question


def test_a_borrowed_sentence_is_found() -> None:
    """The check below sees eight shared words in other company, and does not see seven."""
    start = words(RECORDS[0].abstract)[10:]
    eight = f"Unrelated, {' '.join(start[:8]).upper()}: more text."
    seven = f"Unrelated, {' '.join(start[:7])} xyzzy more text."
    assert borrowed(note_runs(RECORDS), [eight, seven]) == [eight]


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared, with the abstracts, is not here")
def test_notes_are_in_our_own_words() -> None:
    """No note shares a run of eight words with an abstract of the same title or of a sample."""
    notes = note_runs(RECORDS)
    titles = frozenset(record.title.lower() for record in RECORDS)
    assert borrowed(notes, seed_pages()) == []
    assert borrowed(notes, scale_abstracts(titles)) == []
