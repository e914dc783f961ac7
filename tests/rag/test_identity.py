"""When two records are one paper, and what id a paper gets."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.identity import (
    IDENTIFIERS,
    arxiv_number,
    first_author,
    identities,
    is_same,
    paper_id,
    title_key,
)
from rag.readers.fields import read_arxiv_id
from rag.types import Paper, Publication, Record

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


@pytest.mark.parametrize("field", IDENTIFIERS)
def test_an_id_that_both_have_and_that_agrees_decides(field: str) -> None:
    """The same id is the same paper under any title, whatever else differs."""
    paper = replace(PAPER, **{field: "10.1/a"}, year=2001)
    renamed = Record("Tides, Revisited", "…", ("Cora Finch",), 1999, **{field: "10.1/a"})
    assert is_same(renamed, paper)


@pytest.mark.parametrize("field", IDENTIFIERS)
def test_an_id_that_differs(field: str) -> None:
    """It is another paper, but catalogues know some papers twice."""
    one, other = replace(PAPER, **{field: "10.1/a"}), replace(RECORD, **{field: "10.1/b"})
    assert is_same(other, one) is (field in ("openalex_id", "s2_id"))


PRINTED = replace(RECORD, doi="10.1/x", year=2021)


@pytest.mark.parametrize(
    ("preprint", "printed", "same"),
    [
        ({"arxiv_id": "2001.00001"}, {}, True),
        ({"arxiv_id": "2001.00001"}, {"year": 2023}, True),
        ({"arxiv_id": "2001.00001"}, {"year": 2019}, True),
        ({"arxiv_id": "2001.00001"}, {"year": 2026}, False),
        ({"arxiv_id": "2001.00001"}, {"year": 2017}, False),
        ({"arxiv_id": "2001.00001"}, {"title": "A Study of Waves"}, False),
        ({"arxiv_id": "2001.00001"}, {"authors": ()}, False),
        ({"arxiv_id": "2001.00001"}, {"authors": (), "year": None}, True),
        ({"arxiv_id": "2001.00001"}, {"arxiv_id": "2001.00002"}, False),
        ({"arxiv_id": "2001.00001", "doi": "10.1/x"}, {"title": "Tides, Revisited"}, True),
        ({"arxiv_id": "2001.00001", "doi": "10.1/y"}, {}, False),
        ({"doi": "10.1101/2020.05.06.123456"}, {}, True),
        ({"doi": "10.2139/ssrn.1"}, {"year": None}, True),
        ({"doi": "10.1101/gad.1234"}, {}, False),  # a journal of the same publisher
        ({"arxiv_id": "2001.00001"}, {"doi": None}, False),  # nothing says that it was printed
        (
            {"arxiv_id": "2001.00001"},
            {"doi": None, "publication": Publication("paper-conference", "Proc. of Tides")},
            True,
        ),
        ({}, {}, False),  # neither is known to be a preprint
    ],
)
def test_a_preprint_and_what_it_became(
    preprint: dict[str, object], printed: dict[str, object], same: bool
) -> None:
    """They may differ in their DOIs, and by some years when title and first author agree."""
    before, after = replace(RECORD, **preprint), replace(PRINTED, **printed)
    assert is_same(before, after) is is_same(after, before) is same


def test_descriptions_of_one_paper_share_an_identity() -> None:
    """So that a batch can tell what the library has to decide."""
    assert set(identities(RECORD)) & set(identities(PAPER))
    numbered = replace(RECORD, title="Tides, Revisited", doi="10.1/x")
    assert set(identities(numbered)) & set(identities(PRINTED)) == {"doi:10.1/x"}


def test_a_group_is_an_author() -> None:
    """Of all its words."""
    assert first_author(("{World Tide Group}",)) == "worldtidegroup"
    assert first_author(("van der Berg, Jan",)) == first_author(("Jan van der Berg",)) == "berg"


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


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("math.GT/0309136", "math/0309136"),
        ("HEP-TH/9901001", "hep-th/9901001"),
        ("physics.comp-ph/0101001", "physics/0101001"),
        ("2106.09685", "2106.09685"),
    ],
)
def test_old_numbers_of_arxiv_have_one_form(told: str, number: str) -> None:
    """Their subject class may be told or not."""
    assert arxiv_number(told) == number
    assert read_arxiv_id(f"arXiv:{told}v2") == (number, 2)
