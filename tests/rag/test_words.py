"""Words and numbers are compared in one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.words import content_stems, content_words, numbers, stem, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,000 and 1000", ["1000", "1000"]),
        ("4 % or 4% or 4 percent", ["4%", "4%", "4%"]),
        ("2.0x, 2× faster and 2x", ["2x", "2x", "2x"]),
        ("3.10 and 3.1", ["3.1", "3.1"]),
        ("In 2019, we saw 12, 13 and 14.", ["2019", "12", "13", "14"]),
        ("1,234,567.50", ["1234567.5"]),
        ("-5, −5 and +5", ["-5", "-5", "5"]),
        (".5 is 0.5", ["0.5", "0.5"]),
        ("7B and 7b", ["7b", "7"]),
        ("GPT-4 has v1.2 of 3D", ["4", "3"]),
        ("between 3-5 and 3–5", ["3", "5", "3", "5"]),
        ("100", ["100"]),
        ("no number", []),
    ],
)
def test_numbers_have_one_spelling(text: str, expected: list[str]) -> None:
    """Thousands commas, closing zeros, signs and units do not make another number."""
    assert numbers(text) == expected


@given(st.integers(0, 10**9))
def test_thousands_commas_make_no_difference(value: int) -> None:
    """Any whole number reads the same with and without them."""
    assert numbers(f"about {value:,} papers") == numbers(f"about {value} papers") == [str(value)]


@given(st.text())
def test_any_text_has_words_and_numbers(text: str) -> None:
    """No text is too strange to be read, and every word is lower case without spaces."""
    numbers(text)
    assert all(w and w == w.lower() and not set(w) & set(" \n_") for w in words(text))


def test_words_keep_their_apostrophes() -> None:
    """Both kinds of apostrophe belong to a word; hyphens and underscores part words."""
    assert words("Don't; it’s state-of-the_art") == [
        "don't", "it’s", "state", "of", "the", "art",
    ]  # fmt: skip


def test_forms_of_a_word_share_a_stem() -> None:
    """A plural, a tense and a possessive are the same word."""
    assert stem("improves") == stem("improved") == stem("improving")
    assert stem("model") == stem("models") == stem("model's") == stem("model’s")
    assert stem("increase") != stem("decrease")


def test_content_words_leave_out_the_asking() -> None:
    """What is asked for remains; a question of nothing but function words keeps them all."""
    assert content_words("Which papers show how retrieval helps?") == ["retrieval", "helps"]
    assert content_words("What is it?") == ["what", "is", "it"]
    assert content_stems("What is it?") == []
