"""Markers leave the text, real numbers are kept once, invented ones are counted."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.citations import take_citations

THREE = {1, 2, 3}


@pytest.mark.parametrize(
    ("text", "plain", "numbers", "invented"),
    [
        ("It works [1].", "It works.", (1,), 0),
        ("It works. [1]", "It works.", (1,), 0),
        ("It works[1].", "It works.", (1,), 0),
        ("[2] It works.", "It works.", (2,), 0),
        ("It [1] works [2].", "It works.", (1, 2), 0),
        ("It works [1, 2].", "It works.", (1, 2), 0),
        ("It works [2][1].", "It works.", (2, 1), 0),
        ("It works [1; 3].", "It works.", (1, 3), 0),
        ("It works [1 and 3].", "It works.", (1, 3), 0),
        ("It works [1, 2, and 3].", "It works.", (1, 2, 3), 0),
        ("It works [1-3].", "It works.", (1, 2, 3), 0),
        ("It works [1–3].", "It works.", (1, 2, 3), 0),
        ("It works [3-1].", "It works.", (3, 1), 0),
        ("It works [Source 2].", "It works.", (2,), 0),
        ("It works [Sources 1, 2].", "It works.", (1, 2), 0),
        ("It works [[1]].", "It works.", (1,), 0),
        ("It works ([1]).", "It works.", (1,), 0),
        ("It works [1 [2] ].", "It works.", (2, 1), 0),
        ("It works [Source [9] 1].", "It works.", (1,), 1),
        ("It works [ ([2]) 1].", "It works.", (2, 1), 0),
        ("It works [ 1 ] .", "It works.", (1,), 0),
        ("It works [1] [1] [1].", "It works.", (1,), 0),
        ("It works [4].", "It works.", (), 1),
        ("It works [0].", "It works.", (), 1),
        ("It works [1, 7].", "It works.", (1,), 1),
        ("It works [2-5].", "It works.", (2, 3), 2),
        ("It works [99999999999999999999].", "It works.", (), 1),
        ("It works [٢].", "It works.", (2,), 0),
        ("[1]", "", (1,), 0),
        ("[1][2] [9]", "", (1, 2), 1),
        ("It is 3.5 [1] .7 wide.", "It is 3.5 .7 wide.", (1,), 0),
        ("An [optional] part.", "An [optional] part.", (), 0),
        ("An interval [0.5, 0.9].", "An interval [0.5, 0.9].", (), 0),
        ("An unclosed [1 marker.", "An unclosed [1 marker.", (), 0),
        ("", "", (), 0),
    ],
)
def test_markers_become_citations(
    text: str, plain: str, numbers: tuple[int, ...], invented: int
) -> None:
    """However a model writes them, markers are read, and what is not one is left alone."""
    cited = take_citations(text, THREE)
    assert (cited.text, cited.numbers, cited.invented) == (plain, numbers, invented)


def test_endless_numbers_and_ranges_are_bounded() -> None:
    """Thousands of digits are no number, and a huge range does not fill the memory."""
    assert take_citations(f"It works [{'1' * 5000}].", THREE).numbers == ()
    wide = take_citations("It works [1-999999999].", THREE)
    assert wide.numbers == (1, 2, 3)
    assert 0 < wide.invented < 100


PIECES = st.sampled_from(
    ["[1]", "[2]", "[9]", "[", "]", "1", "٣", ",", "-", " ", "Source ", "and", "[1, 9]", "\n", "x."]
)


@settings(max_examples=2000, deadline=None)
@given(st.lists(PIECES, max_size=15).map("".join))
@example("[[[1]]]")
def test_no_number_is_kept_that_does_not_exist(text: str) -> None:
    """Whatever is written, kept numbers exist, each once, and no closed marker stays behind."""
    cited = take_citations(text, THREE)
    assert set(cited.numbers) <= THREE
    assert len(set(cited.numbers)) == len(cited.numbers)
    assert not re.search(r"\[\d+\]", cited.text)
