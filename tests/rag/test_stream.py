"""Sentences are handed out when they end, and the same ones however the text is cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.stream import SentenceStream


def read(pieces: list[str]) -> tuple[list[str], str | None, bool]:
    """Finished sentences, the last one, and whether the text ran away."""
    stream = SentenceStream()
    sentences = [s for piece in pieces for s in stream.feed(piece)]
    return sentences, stream.finish(), stream.runs_away


@pytest.mark.parametrize(
    ("text", "sentences", "last"),
    [
        ("Moss grows [1]. It is green [2].", ["Moss grows [1]."], "It is green [2]."),
        ("Moss grows. [1] It is green. [2]", ["Moss grows. [1]"], "It is green. [2]"),
        ("Moss grows.\n[1] It is green.", ["Moss grows. [1]"], "It is green."),
        ("Moss grows. [1] [2] It", ["Moss grows. [1] [2]"], None),
        ("Reed et al. count moss. So do we.", ["Reed et al. count moss."], "So do we."),
        ("See Fig. 2 for 3.5 cm. It is big.", ["See Fig. 2 for 3.5 cm."], "It is big."),
        ("J. Fern likes moss, e.g. This one. Yes!", ["J. Fern likes moss, e.g. This one."], "Yes!"),
        ("- Moss grows.\n- It is green.\n", ["Moss grows."], "It is green."),
        ("1. Moss grows. 2. It is green.", ["Moss grows."], "It is green."),
        ("A heading\nMoss grows.", ["A heading"], "Moss grows."),
        ('He asks "Is it moss?" It is.', ['He asks "Is it moss?"'], "It is."),
        ("Wait... and see. Now.", ["Wait... and see."], "Now."),
        ("Moss grows and", [], None),
        ("As shown by Reed et al.", [], None),
        ("It rises to 3.", [], "It rises to 3."),
        ("", [], None),
        ("\n\n", [], None),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(
    text: str, sentences: list[str], last: str | None
) -> None:
    """Abbreviations, decimals and list numbers end nothing; markers belong to what they follow."""
    assert read([text]) == (sentences, last, False)


def test_a_sentence_is_handed_out_as_soon_as_the_next_begins() -> None:
    """The reader does not wait for the end of the answer."""
    stream = SentenceStream()
    assert stream.feed("Moss grows [1].") == []
    assert stream.feed(" I") == ["Moss grows [1]."]
    assert stream.finish() is None


@pytest.mark.parametrize("text", ["[1] [2] [3] [1] [2] [3]", "[1]" * 6, "Moss " * 201])
def test_a_text_that_is_no_sentence_runs_away(text: str) -> None:
    """Numbers without words, or a sentence without an end, are noticed, and end the reading."""
    stream = SentenceStream()
    assert stream.feed("Moss grows. " + text) == (["Moss grows."] if "Moss" in text else [])
    assert stream.runs_away
    assert stream.feed(" It goes on. And on. And") == []


def test_what_was_said_before_the_numbers_ran_away_is_kept() -> None:
    """A finished sentence does not suffer from the markers behind it; an unfinished one does."""
    assert read(["Moss grows. " + "[1] " * 9 + "It"]) == ([], "Moss grows.", True)
    assert read(["Moss grows " + "[1] " * 9]) == ([], None, True)


def test_five_markers_are_no_flight() -> None:
    """A sentence may cite many papers."""
    assert read(["Moss grows [1][2][3][4][5]. It"]) == (
        ["Moss grows [1][2][3][4][5]."],
        None,
        False,
    )


PIECES = st.sampled_from(
    ["Moss", " ", "\n", ".", "!", "?", "[1]", "[", "]", "[22]", "e.g.", "Fig.", "et al", " a", "B.",
     "\t", "- ", ")", '"', "[1] [2] [1]", "...", "2", "3.5", "x" * 400]
)  # fmt: skip


@settings(max_examples=2500, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join), st.data())
@example("Moss grows.\n[1] It", None)
@example("Moss... [.\tIt] Be", None)
def test_how_a_text_is_cut_makes_no_difference(text: str, data: st.DataObject | None) -> None:
    """Whole, letter by letter or cut at random, a text gives the same sentences."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8))) if data else []
    at_random = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read([text]) == read(at_random)
    if len(text) < 600:
        assert read([text]) == read(list(text))


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_nothing_is_made_up(text: str) -> None:
    """Every sentence stands in the text, spaces aside, and in this order."""
    sentences, last, _ = read([text])
    position, plain = 0, " ".join(text.split())
    for sentence in [*sentences, *([last] if last else [])]:
        position = plain.index(sentence, position) + len(sentence)
