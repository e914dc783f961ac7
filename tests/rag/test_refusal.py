"""A refusal says what was searched, what the abstracts do not give, and how to widen it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.refusal import basis, explain, one_sided
from rag.types import REFUSAL, Answer, Evidence, Paper, Question, Reason, Scope, Source

ASKED = Question("how much?", "How much faster is Lantern?")
LANTERN = Paper(
    "p1", "Lantern", "Lantern reads contracts written in Solidity.", url="https://example.org/l"
)


def refused(
    reason: Reason,
    names: tuple[str, ...] = (),
    figures: tuple[str, ...] = (),
    nearest: tuple[Paper, ...] = (LANTERN,),
) -> Evidence:
    return Evidence(
        (),
        nearest,
        reason=reason,
        missing_names=names,
        missing_figures=figures,
        papers_searched=668,
    )


def test_nothing_near_is_said_with_how_to_widen() -> None:
    """Another library, or other words, may answer; no paper is said to be near."""
    words = explain(ASKED, refused(Reason.NOTHING_NEAR))
    assert words.verdict == REFUSAL
    assert words.searched == "Searched 668 papers for “How much faster is Lantern?”."
    assert words.why == "Nothing in your library comes near this."
    assert any("Add papers" in advice for advice in words.advice)
    assert "Lantern" not in " ".join(words.advice)


@pytest.mark.parametrize(
    ("names", "figures", "said"),
    [
        ((), (), "does not say this"),
        ((), ("a percentage",), "does not give a percentage;"),
        (("Rust",), (), "does not mention “Rust”;"),
        (
            ("Rust",),
            ("a percentage", "a time"),
            "does not give a percentage or a time, or mention “Rust”;",
        ),
        # What does stand in the abstract is never said to be missing from it.
        (("solidity",), (), "does not say this"),
        (("solidity", "Rust"), (), "does not mention “Rust”;"),
        (("solidity",), ("a time",), "does not give a time;"),
    ],
)
def test_what_the_nearest_abstract_does_not_give_is_named(
    names: tuple[str, ...], figures: tuple[str, ...], said: str
) -> None:
    words = explain(ASKED, refused(Reason.NOT_IN_ABSTRACT, names, figures))
    assert f"The nearest paper is “Lantern”; its abstract {said}" in words.why


@pytest.mark.parametrize(("names", "figures"), [((), ()), ((), ("a percentage",)), (("Rust",), ())])
def test_the_paper_itself_is_never_said_to_lack_it(
    names: tuple[str, ...], figures: tuple[str, ...]
) -> None:
    words = explain(ASKED, refused(Reason.NOT_IN_ABSTRACT, names, figures))
    assert words.why.endswith("the paper itself may.")
    assert words.link == "https://example.org/l"
    assert any("Open “Lantern” itself" in advice for advice in words.advice)


def test_a_note_is_not_called_an_abstract() -> None:
    note = replace(LANTERN, is_note=True)
    words = explain(ASKED, refused(Reason.NOT_IN_ABSTRACT, nearest=(note,)))
    assert "the note on it here does not say this" in words.why
    assert "abstract" not in words.why


def test_advice_is_made_of_what_is_lacking() -> None:
    words = explain(ASKED, refused(Reason.NOT_IN_ABSTRACT, ("Rust",), ("a percentage",)))
    assert words.advice[:2] == (
        "Ask what was found, rather than for a percentage.",
        "Ask without “Rust”.",
    )


def test_an_empty_library_is_told_to_be_filled() -> None:
    words = explain(ASKED, Evidence((), (), reason=Reason.NOTHING_NEAR))
    assert "no papers" in words.why
    assert words.advice == ("Add papers, then ask again.",)


def test_an_answer_kept_before_papers_were_counted_claims_no_number() -> None:
    old = replace(refused(Reason.NOTHING_NEAR), papers_searched=0)
    assert explain(ASKED, old).searched.startswith("Searched your papers for")
    one = replace(old, papers_searched=1)
    assert explain(ASKED, one).searched.startswith("Searched 1 paper for")


def test_a_long_question_is_repeated_in_part() -> None:
    words = explain(replace(ASKED, standalone="why " * 2000), refused(Reason.NOTHING_NEAR))
    assert len(words.searched) < 300


def test_the_missing_side_of_a_comparison_is_named() -> None:
    both = refused(Reason.NOTHING_NEAR)
    assert one_sided(both) == ""
    said = one_sided(replace(both, missing_sides=("Moss",)))
    assert said == "Your papers say nothing near “Moss”; this is about the other side alone."
    assert "“Moss” or “Gulls”" in one_sided(replace(both, missing_sides=("Moss", "Gulls")))


SCOPE = Scope(2019, 2021, ("rag",))


@pytest.mark.parametrize("reason", list(Reason))
def test_a_refusal_under_a_filter_says_so_and_how_many_papers_it_left_out(reason: Reason) -> None:
    asked = replace(ASKED, scope=SCOPE)
    found = replace(refused(reason), papers_searched=12, papers_in_library=668)
    words = explain(asked, found)
    assert words.searched.startswith("Searched the 12 papers from 2019 to 2021 tagged “rag” for “")
    assert words.advice[0] == "Ask without the filter: your library has 668 papers."
    if reason is Reason.NOTHING_NEAR:
        assert words.why == "No paper from 2019 to 2021 tagged “rag” comes near this."
    assert "filter" not in " ".join(explain(ASKED, found).advice)
    whole = explain(asked, replace(found, papers_searched=668))
    assert "filter" not in " ".join(whole.advice), "it leaves nothing out"


def test_a_filter_that_no_paper_passes_is_a_refusal() -> None:
    nothing = Evidence((), (), reason=Reason.NOTHING_NEAR, papers_in_library=1)
    words = explain(replace(ASKED, scope=SCOPE), nothing)
    assert words.why == "Your library has no paper from 2019 to 2021 tagged “rag”."
    assert words.advice == ("Ask without the filter: your library has 1 paper.",)
    empty = explain(replace(ASKED, scope=SCOPE), replace(nothing, papers_in_library=0))
    assert "Add papers" in empty.advice[0]


def resting_on(*papers: Paper) -> Answer:
    sources = tuple(Source(n, paper, (), 1.0) for n, paper in enumerate(papers, start=1))
    return Answer("a1", ASKED, (), Evidence(sources, papers), model="scripted")


def test_an_answer_that_was_stopped_before_it_found_papers_rests_on_none() -> None:
    assert basis(resting_on()) == ""


def test_a_refusal_rests_on_the_nearest_papers() -> None:
    note = replace(LANTERN, is_note=True)
    evidence = refused(Reason.NOT_IN_ABSTRACT, nearest=(note,))
    assert basis(replace(resting_on(), evidence=evidence)).startswith("From notes,")


def test_the_basis_names_notes_where_there_are_some() -> None:
    note = replace(LANTERN, is_note=True)
    assert basis(resting_on(LANTERN)) == "From abstracts, not from whole papers."
    assert basis(resting_on(note)) == "From notes, not from whole papers."
    assert basis(resting_on(note, LANTERN)) == "From abstracts and notes, not from whole papers."
