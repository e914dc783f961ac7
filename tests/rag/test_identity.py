"""When two records are one paper, and what id a paper gets."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.identity import first_author, is_same, paper_id, title_key
from rag.types import Paper, Record

PAPER = Paper("0123456789ab", "A Study of Tides", "…", ("Ada Quill",), 2020)
RECORD = Record("A Study of Tides", "…", ("Ada Quill",), 2020)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A Study of Tides", "a study of TIDES."),
        ("Pre-Training", "Pretraining"),
        ("Café Menus", "Cafe\u0301 menus"),
        ("Straße", "STRASSE"),
        ("ﬁne tuning", "fine-tuning"),
    ],
)
def test_spelling_of_a_title_does_not_matter(one: str, other: str) -> None:
    """Case, accents, ligatures, spaces and punctuation are no difference."""
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("GPT-2 probed", "GPT-3 probed"), ("On A", "On B"), ("???", "!!!")]
)
def test_different_titles_stay_different(one: str, other: str) -> None:
    """Letters and digits count, and so do marks where a title is made of nothing else."""
    assert title_key(one) != title_key(other)


@given(st.text(min_size=1).filter(str.strip))
def test_a_title_that_is_not_blank_has_a_key(title: str) -> None:
    """No two papers meet in an empty key."""
    assert title_key(title)


@pytest.mark.parametrize("name", ["Jacob Devlin", "Devlin, Jacob", "J. Devlin", "DEVLIN, J."])
def test_family_name_is_found_in_both_orders(name: str) -> None:
    """A list of authors may be written either way."""
    assert first_author((name, "Somebody Else")) == "devlin"


@pytest.mark.parametrize("authors", [(), ("",), (" ",), (",",)])
def test_no_author_is_no_name(authors: tuple[str, ...]) -> None:
    """An empty name is treated like a missing one."""
    assert first_author(authors) == ""


@pytest.mark.parametrize(
    ("record", "same"),
    [
        (RECORD, True),
        (replace(RECORD, title="a study of tides!"), True),
        (replace(RECORD, title="A Study of Waves"), False),
        (replace(RECORD, year=2021), False),
        (replace(RECORD, year=None), True),
        (replace(RECORD, authors=("Ben Marsh",)), False),
        (replace(RECORD, authors=("Quill, A.", "Ben Marsh")), True),
        (replace(RECORD, authors=()), True),
        (replace(RECORD, abstract="Other words."), True),
        (replace(RECORD, doi="10.1/x"), True),
    ],
)
def test_titles_decide_unless_year_or_first_author_differ(record: Record, same: bool) -> None:
    """What is missing on one side matches anything."""
    assert is_same(record, PAPER) is same


@pytest.mark.parametrize("field", ["arxiv_id", "doi"])
def test_an_id_that_both_have_decides(field: str) -> None:
    """The same id is the same paper under any title; another id is another paper."""
    paper = replace(PAPER, **{field: "10.1/a"})
    renamed = Record("Tides, Revisited", "…", ("Cora Finch",), 1999, **{field: "10.1/a"})
    assert is_same(renamed, paper)
    assert not is_same(replace(RECORD, **{field: "10.1/b"}), paper)


def test_id_is_short_stable_and_from_the_title() -> None:
    """The same paper has the same id in every library."""
    assert paper_id(RECORD) == "7524d21084b7"
    assert paper_id(RECORD) == paper_id(Record("A study of tides", "", year=1900))
    assert re.fullmatch("[0-9a-f]{12}", paper_id(RECORD))


def test_taken_ids_are_not_given_again() -> None:
    """Papers of one title, however many, have different ids."""
    given_out: list[str] = []
    for _ in range(5):
        given_out.append(paper_id(RECORD, given_out.__contains__))
    assert len(set(given_out)) == 5


def test_second_paper_of_a_title_is_told_apart_by_its_author() -> None:
    """Its id comes from more of the record, so it too is the same in every library."""
    first = paper_id(RECORD)
    second = paper_id(replace(RECORD, authors=("Ben Marsh",)), first.__eq__)
    third = paper_id(replace(RECORD, authors=("Cora Finch",)), first.__eq__)
    assert len({first, second, third}) == 3
