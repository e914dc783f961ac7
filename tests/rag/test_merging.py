"""What a paper becomes when one more file describes it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.merging import as_record, folded, merged, no_tag, rebased, same_one
from rag.types import Paper, Publication, Record

PREPRINT = Paper(
    "0123456789ab",
    "A Study of Tides",
    "Tides rise.",
    ("Quill, Ada", "Marsh, Ben"),
    2020,
    arxiv_id="2001.00001",
    arxiv_version=1,
    sources=("a.bib",),
    tags=("sea",),
    key="quill2020study",
    notes="Mine.",
    is_read=True,
)
SAME = as_record(PREPRINT)
JOURNAL = Publication("article-journal", "Journal of Tides", "3", pages="1-9")


@pytest.mark.parametrize(
    "record",
    [
        SAME,
        Record("a study of tides", ""),
        replace(SAME, notes="Theirs.", is_read=False, tags=()),
        replace(SAME, abstract="Tides fall.", year=2019, title="A study of tides"),
        replace(SAME, authors=("Quill, A.", "Marsh, B.")),
        replace(SAME, arxiv_version=None, abstract="Tides fall."),
    ],
)
def test_what_says_nothing_more_changes_nothing(record: Record) -> None:
    """What the library knows is not exchanged for what is no better."""
    assert merged(PREPRINT, record) == PREPRINT


@pytest.mark.parametrize(
    "known",
    [
        {"doi": "10.1/x"},
        {"pmid": "12"},
        {"openalex_id": "W1"},
        {"s2_id": "CorpusId:1"},
        {"url": "https://example.org"},
        {"publication": Publication(volume="2")},
    ],
)
def test_what_is_missing_is_filled_in(known: dict[str, object]) -> None:
    """Without a word of what was there."""
    assert merged(PREPRINT, replace(SAME, **known)) == replace(PREPRINT, **known)


def test_a_bare_title_is_enriched() -> None:
    """A listing had the title and the abstract, a bibliography the rest."""
    bare = Paper("0123456789ab", "A Study of Tides", "Tides rise.", key="study")
    became = merged(bare, replace(SAME, abstract=""))
    assert as_record(became) == SAME
    assert became.id == bare.id


def test_the_reader_keeps_tags_notes_and_what_was_read() -> None:
    """Tags of a file come beside those that are there."""
    told = replace(SAME, tags=("shore", "sea"), notes="Theirs.", is_read=False, doi="10.1/x")
    became = merged(PREPRINT, told)
    assert became.tags == ("sea", "shore")
    assert (became.notes, became.is_read) == ("Mine.", True)


def test_a_newer_version_takes_the_place_of_the_older() -> None:
    """And not the other way round."""
    newer = replace(SAME, arxiv_version=2, abstract="Tides rise twice.", title="On Tides")
    became = merged(PREPRINT, newer)
    assert (became.title, became.abstract, became.arxiv_version) == (
        "On Tides",
        "Tides rise twice.",
        2,
    )
    assert merged(became, SAME) == became


def test_the_publication_takes_the_place_of_the_preprint() -> None:
    """Whichever comes first, the reference is that of the publication, and both links are there."""
    printed = replace(
        SAME, arxiv_id=None, arxiv_version=None, doi="10.1/x", year=2021, publication=JOURNAL
    )
    first = merged(PREPRINT, printed)
    assert (first.year, first.doi, first.publication) == (2021, "10.1/x", JOURNAL)
    assert first.links == ("https://doi.org/10.1/x", "https://arxiv.org/abs/2001.00001")
    early = replace(PREPRINT, arxiv_id=None, arxiv_version=None, **{
        name: getattr(printed, name) for name in ("doi", "year", "publication")
    })  # fmt: skip
    as_article = replace(SAME, publication=Publication("article", "arXiv"))
    assert merged(early, as_article) == first


def test_doi_of_a_preprint_gives_way_to_the_journals() -> None:
    """One paper has one DOI: that by which it is cited."""
    preprint = replace(PREPRINT, arxiv_id=None, doi="10.1101/123456")
    assert merged(preprint, replace(SAME, doi="10.1/x")).doi == "10.1/x"
    assert merged(replace(PREPRINT, doi="10.1/x"), replace(SAME, doi="10.1101/1")).doi == "10.1/x"


@pytest.mark.parametrize(
    ("known", "is_note", "told", "wins"),
    [
        ("", False, "Tides rise.", True),
        ("A note on tides.", True, "Tides rise.", True),
        ("Tides rise and…", False, "Tides rise and fall.", True),
        ("Tides rise and ...", False, "Tides rise and fall.", True),
        ("Tides rise and…", False, "Tides sink.", False),
        ("Tides rise.", False, "Tides rise. They fall.", False),
    ],
)
def test_the_better_abstract_wins(known: str, is_note: bool, told: str, wins: bool) -> None:
    """Any is better than none, an abstract than a note, a whole one than one cut short."""
    paper = replace(PREPRINT, abstract=known, is_note=is_note)
    became = merged(paper, replace(SAME, abstract=told))
    assert became.abstract == (told if wins else known)
    assert became.is_note is (is_note and not wins)


def test_more_authors_win_where_the_first_is_the_same() -> None:
    """A list that ended with "and others" goes on."""
    short = replace(PREPRINT, authors=("Quill, Ada",))
    assert merged(short, SAME).authors == SAME.authors
    other = replace(SAME, authors=("Reed, Ona", "Marsh, Ben", "Low, Cy"))
    assert merged(PREPRINT, other).authors == PREPRINT.authors


@pytest.mark.parametrize("field", ["is_read", "notes"])
def test_what_the_reader_took_back_stays_away(field: str) -> None:
    """A file that says it again does not bring it back."""
    bare = replace(PREPRINT, notes="", is_read=False)
    assert getattr(merged(bare, SAME), field) == getattr(SAME, field)
    assert not getattr(merged(bare, SAME, frozenset({field})), field)


@pytest.mark.parametrize("field", ["title", "abstract", "authors", "year", "doi", "key"])
def test_what_a_person_wrote_stays(field: str) -> None:
    """Even against a newer version and the publication."""
    told = replace(
        SAME, title="On Tides", abstract="They rise.", authors=("Reed, Ona",), year=2022,
        doi="10.1/x", arxiv_version=9, key="theirs", publication=JOURNAL,
    )  # fmt: skip
    assert getattr(merged(PREPRINT, told), field) == getattr(told, field)
    kept = merged(PREPRINT, told, frozenset({field}))
    assert getattr(kept, field) == getattr(PREPRINT, field)


def test_papers_that_turn_out_to_be_one() -> None:
    """Nothing of what the reader said of either is lost."""
    other = Paper("b" * 12, "A Study of Tides", "", doi="10.1/x", sources=("b.ris",), tags=("x",),
                  notes="Also mine.", key="other", year=2021)  # fmt: skip
    others = [(replace(other, is_read=True), frozenset[str]())]
    became, _ = folded(replace(PREPRINT, is_read=False), others, frozenset())
    assert (became.id, became.doi, became.is_read) == (PREPRINT.id, "10.1/x", True)
    assert (became.tags, became.sources) == (("sea", "x"), ("a.bib", "b.ris"))
    assert became.notes == "Mine.\n\nAlso mine."


def test_what_a_person_wrote_of_one_of_two_papers() -> None:
    """It stays settled in the one that they become, unless that was written by hand as well."""
    other = replace(PREPRINT, id="b" * 12, title="Tides, Renamed", key="mine", year=2022)
    theirs = frozenset({"title", "key", "year"})
    became, settled = folded(PREPRINT, [(other, theirs)], frozenset({"year"}))
    assert (became.title, became.key, became.year) == ("Tides, Renamed", "mine", 2020)
    assert settled == theirs


def test_a_paper_that_has_changed_meanwhile() -> None:
    """What it is now stays, texts together; what nobody touched is told anew."""
    became = replace(PREPRINT, abstract="Tides fall.", year=2021, tags=("sea", "x"))
    now = replace(PREPRINT, title="Tides, Renamed", notes="New.", tags=("mine",))
    assert rebased(became, PREPRINT, now) == replace(now, year=2021, tags=("mine", "x"))
    assert rebased(became, PREPRINT, PREPRINT) == became


def test_an_identifier_is_surer_than_a_title() -> None:
    """Of several papers that a record may be of."""
    titled = replace(PREPRINT, arxiv_id="2001.00009", doi=None)
    known = replace(PREPRINT, id="b" * 12, title="On Tides", doi="10.1234/x")
    record = Record(PREPRINT.title, "", doi="10.1234/x")
    assert same_one(record, [titled, known]) == [known]


def test_a_note_on_a_newer_version() -> None:
    """It does not take the place of the abstract."""
    note = Record(
        "", "They say that tides rise.", is_note=True, arxiv_id=PREPRINT.arxiv_id, arxiv_version=2
    )
    became = merged(PREPRINT, note)
    assert (became.abstract, became.is_note) == (PREPRINT.abstract, False)


def test_a_publication_with_fewer_authors_takes_none_away() -> None:
    """Catalogues tell the first of many."""
    short = replace(SAME, arxiv_id=None, doi="10.1234/x", authors=("Quill, A.",))
    became = merged(PREPRINT, short)
    assert (became.doi, became.authors) == ("10.1234/x", PREPRINT.authors)


def test_a_tag_that_was_taken_away_stays_away() -> None:
    """Others of the file come."""
    told = replace(SAME, tags=("sea", "shore"))
    bare = replace(PREPRINT, tags=())
    assert merged(bare, told, frozenset({no_tag("sea")})).tags == ("shore",)
