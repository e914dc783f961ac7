"""What is cut from a sentence leaves a whole one that the check takes and that keeps its points."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from models.citer import shorten as module
from models.citer.data import keeping
from models.citer.shorten import shorten
from rag.edits import is_light_edit
from rag.words import content_stems
from tests.properties import try_on

NEVER = re.compile(r"(?!)")


def shortened(sentence: str, wanted: str = "") -> str:
    return shorten(sentence, "", keeping(sentence, frozenset(content_stems(wanted))))


@pytest.mark.parametrize(("sentence", "wanted", "result"), [
    ("We show that lamps help small boats on most nights.", "",
     "Lamps help small boats on most nights."),
    ("We light 12 towers of the harbour, which helps small boats.", "towers",
     "The authors light 12 towers of the harbour."),
    ("We light 12 towers of the harbour, which helps small boats.", "boats",
     "The authors light 12 towers of the harbour, which helps small boats."),
    ("While gulls sleep on one leg, nets reduce their noise by half a tone.", "tone",
     "Nets reduce their noise by half a tone."),
    ("The lamp (seen from the sea) improves the safety of boats.", "",
     "The lamp improves the safety of boats."),
    ("Although it rains, the lamps of our harbour\n burn ours and not theirs.", "",
     "The lamps of our harbour burn ours and not theirs."),
    ("However, our-own lamps burn.", "", "However, our-own lamps burn."),
])  # fmt: skip
def test_what_is_wanted_stays(sentence: str, wanted: str, result: str) -> None:
    """All else may go; where the third person would mix up two sides, the words stay."""
    assert shortened(sentence, wanted) == result
    assert is_light_edit(result, sentence)


def without_asides(text: str) -> Iterator[str]:
    if " (" in text:
        yield re.sub(r" \([^()]*\)", "", text)


@pytest.mark.parametrize(("sentence", "wanted", "result", "guard", "off"), [
    # a subordinate clause alone
    ("While gulls sleep on one leg, the nets of the quay reduce their noise.", "gulls leg",
     "While gulls sleep on one leg, the nets of the quay reduce their noise.",
     "_is_whole", lambda text: True),
    # a list cut in its middle
    ("The lamps of the harbour burn oil, a wax of bees, and the fat of sheep.", "oil",
     "The lamps of the harbour burn oil, a wax of bees, and the fat of sheep.", "_LIST", NEVER),
    # half of a pair
    ("The keepers of the northern harbour have sorted both oil and wax.", "keepers",
     "The keepers of the northern harbour have sorted both oil and wax.", "_PAIRED", NEVER),
    # a subject without its verb
    ("The old and bright lamps of the northern harbour by night are lit.", "lamps",
     "The old and bright lamps of the northern harbour by night are lit.", "_VERB", re.compile("")),
    # half a quotation
    ('Keepers call it "the lamp of the north, which never sleeps in winter" in letters.', "north",
     'Keepers call it "the lamp of the north, which never sleeps in winter" in letters.',
     "_fair", is_light_edit),
    # a bracket that is not closed
    ("The lamps (lit at dusk, which keepers like) improve the safety of boats.", "dusk",
     "The lamps (lit at dusk, which keepers like) improve the safety of boats.",
     "_fair", is_light_edit),
    # a preposition without its noun
    ("The lamp is the one that the keepers of the harbour are fond of, as gulls know.", "keepers",
     "The lamp is the one that the keepers of the harbour are fond of, as gulls know.",
     "_HANGING", frozenset()),
    # too little to say anything
    ("Lamps burn oil, which helps.", "lamps", "Lamps burn oil, which helps.", "_LEAST_WORDS", 0),
    # an enumeration without its numbers
    ("Lamps differ in (i) the oil and (ii) the wick.", "oil wick",
     "Lamps differ in (i) the oil and (ii) the wick.", "_ENUMERATED", NEVER),
    # an abbreviation
    ("The Harbour Lamp Test (HLT) measures how far a lamp is seen.", "lamp",
     "The Harbour Lamp Test (HLT) measures how far a lamp is seen.", "_cuts", without_asides),
    # what the check would object to
    ("No keeper of the northern harbour has lit all lamps on stormy nights.", "lamps",
     "No keeper of the northern harbour has lit all lamps on stormy nights.",
     "is_light_edit", lambda *texts: True),
])  # fmt: skip
def test_no_fragment_is_made(
    sentence: str,
    wanted: str,
    result: str,
    guard: str,
    off: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each guard keeps a sentence whole that is cut to pieces without it."""
    assert shortened(sentence, wanted) == result
    monkeypatch.setattr(module, guard, off)
    assert shortened(sentence, wanted) != result


OPENINGS = ("", "However, ", "In winter, ", "While gulls sleep, ", "We show that ", "Not once, ")
SUBJECTS = ("we", "our lamps", "the Harbour Lamp Test (HLT)", "the keepers (all of them young)")
VERBS = ("significantly improve", "have not lit", "may outshine", "burn (i) oil and (ii)", "are")
OBJECTS = ("the lamps of 12 towers", "oil, tallow, and wax", 'the "old, but bright" boats')
TAILS = (
    "", ", which helps our boats", " by 4.5 points", " using wicks of wool", " and ours by half",
    ", compared with theirs", " on all nights, as we found", " because gulls sleep",
)  # fmt: skip


def check(parts: tuple[str, ...], wanted: set[int]) -> None:
    """A light edit with all that is wanted, no longer than "the authors" for "we" makes it."""
    opening, subject, verb, thing, *tails = parts
    text = f"{opening}{subject} {verb} {thing}{''.join(tails)}."
    sentence = text[:1].upper() + text[1:]
    stems = content_stems(sentence)
    asked = frozenset(stems[n % len(stems)] for n in wanted)
    result = shorten(sentence, "", keeping(sentence, asked))
    assert is_light_edit(result, sentence)
    assert asked <= set(content_stems(result))
    added = len(re.findall(r"\bwe\b", sentence, re.IGNORECASE))
    assert len(result.split()) <= len(sentence.split()) + added
    assert result.count("(") == result.count(")")
    assert result.count('"') % 2 == 0
    assert result.endswith(".")
    assert result[:1].isupper()


def drawn(examples: int) -> None:
    sentences = st.tuples(*map(st.sampled_from, (OPENINGS, SUBJECTS, VERBS, OBJECTS, TAILS, TAILS)))
    try_on(examples, check, parts=sentences, wanted=st.sets(st.integers(0, 20), max_size=4))


def test_any_sentence_of_these_parts() -> None:
    """Whatever stands in it and whatever is asked for."""
    drawn(200)


@pytest.mark.parametrize(("name", "fault"), [
    ("is_light_edit", lambda *texts: True),
    ("_fair", lambda *texts: True),
    ("_begun", lambda text: text),
])  # fmt: skip
def test_the_property_sees_a_planted_fault(
    name: str, fault: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cuts that are not looked at, halves, and sentences that begin in their middle."""
    monkeypatch.setattr(module, name, fault)
    with pytest.raises((AssertionError, ExceptionGroup)):
        drawn(200)
