"""What a shorter sentence may leave out when it takes a quotation's place."""

from __future__ import annotations

import pytest

from rag import brevity
from rag.brevity import says_as_much
from rag.compose import Composer
from rag.support import check_support
from rag.types import Dropped, Parts, Section, Verdict
from tests.rag.builders import source

WALLS = "moss keeps stones damp on north walls"


@pytest.mark.parametrize(
    ("text", "quotation"),
    [
        (f"The authors find that {WALLS}.", f"We find that {WALLS}."),
        (f"{WALLS}.", f"Our results show that {WALLS}."),
        (f"The authors ask whether {WALLS}.", f"In this paper, we ask whether {WALLS}."),
        (f"Gardeners say {WALLS}.", f"However, gardeners say {WALLS}."),
        (f"The authors hold that {WALLS}.", f"To save the stones, we hold that {WALLS}."),
        (f"{WALLS}.", f"{WALLS}, which pleases most gardeners."),
        (f"{WALLS} for weeks.", f"{WALLS} (seen from the sea) for weeks."),
        (f"{WALLS}, of 40 yards.", f"Of 40 yards, {WALLS}."),
    ],
)
def test_little_is_missed(text: str, quotation: str) -> None:
    """A clause behind a comma, a bracket, a beginning about the paper; what moved is not lost."""
    assert says_as_much(text, quotation, "What does moss do to stones?")


FAULTS = [
    (f"{WALLS}.", f"{WALLS}, though not in the south.", "a contrast"),
    (f"{WALLS}.", f"{WALLS} and in the south.", "no comma"),
    (f"{WALLS}.", f"{WALLS} of old churches.", "a complement"),
    (f"{WALLS}.", f"In wet years, {WALLS}.", "a scope"),
    (f"{WALLS}.", f"{WALLS}, which pleases 40 gardeners.", "a figure"),
    (f"{WALLS}.", f"{WALLS}, which pleases the lichen.", "a word of the question"),
    ("Moss keeps stones damp.", f"{WALLS}, which pleases gardeners and nobody else.", "half"),
]


@pytest.mark.parametrize(("text", "quotation", "why"), FAULTS, ids=[f[2] for f in FAULTS])
def test_what_would_be_missed(text: str, quotation: str, why: str) -> None:
    """The quotation stands."""
    assert not says_as_much(text, quotation, "What does the lichen do?")


def test_without_contrasts_a_contrast_would_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of them is what holds it."""
    monkeypatch.setattr(brevity, "_CONTRASTS", frozenset())
    assert says_as_much(FAULTS[0][0], FAULTS[0][1], "What does the lichen do?")


@pytest.mark.parametrize(
    ("left_out", "replaces"),
    [("which surprised us", True), ("which is 3 times as long", False)],
)
def test_a_sentence_that_leaves_out_what_would_be_missed(left_out: str, replaces: bool) -> None:
    """It is borne out, and still the quotation stands; it is no sentence that was withheld."""
    whole = source(1, f"Moss keeps stones damp on north walls for weeks, {left_out}.")
    text = "Moss keeps stones damp on north walls for weeks."
    section = Section("", (whole,))
    composer = Composer([section], 200, Parts())
    composer.begin(section)
    support = check_support(text, (whole,))
    assert support is not None
    assert support.verdict is Verdict.SUPPORTED
    assert bool(composer.consider(f"{text} [1]")) is replaces
    assert [s.text for s in composer.sentences] == [text if replaces else support.sentence.text]
    assert composer.dropped == Dropped()


def test_a_sentence_without_what_was_asked_for_replaces_nothing() -> None:
    """The question tells what would be missed."""
    section = Section("", (source(1, "Moss keeps stones damp, which slows the lichen."),))
    for question, replaces in (("What slows the lichen?", False), ("What does moss do?", True)):
        composer = Composer([section], 200, Parts(), None, question)
        composer.begin(section)
        assert bool(composer.consider("Moss keeps stones damp [1].")) is replaces
