"""A paper's stance is read from the surest of the sentences that are nearest to the claim."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag.stances import Stance, stances, titled
from tests.rag.builders import passage

CLAIM = "Lantern helps small readers."
OPEN = (0.1, 0.8, 0.1)


class ByWord:
    """Judges a pair by the first known word of its source, and counts the calls."""

    def __init__(self, **judgements: tuple[float, float, float]) -> None:
        self.judgements = judgements
        self.calls: list[Sequence[tuple[str, str]]] = []

    def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.calls.append(pairs)
        rows = [
            next((row for word, row in self.judgements.items() if word in source), OPEN)
            for source, _ in pairs
        ]
        return np.array(rows, dtype=np.float32).reshape(len(pairs), 3)


def test_each_paper_has_its_stance_in_the_order_of_the_passages() -> None:
    """With the sentence that says most for it, and how sure that is."""
    found = stances(
        CLAIM,
        [
            passage("One", "It rains.", "Moss hurts readers."),
            passage("Two", "Gulls sleep."),
            passage("Three", "Lamps help.", "Lamps help a lot."),
        ],
        ByWord(Moss=(0.1, 0.0, 0.9), lot=(0.9, 0.1, 0.0), Lamps=(0.6, 0.3, 0.1)),
    )
    assert [(f.paper.title, f.stance, f.sentence.text) for f in found] == [
        ("One", Stance.CONTRADICTS, "Moss hurts readers."),
        ("Two", Stance.OPEN, "Gulls sleep."),
        ("Three", Stance.SUPPORTS, "Lamps help a lot."),
    ]
    assert [f.probability for f in found] == pytest.approx([0.9, 0.8, 0.9])


@pytest.mark.parametrize(("row", "stance", "probability"), [
    ((0.51, 0.39, 0.1), Stance.SUPPORTS, 0.51), ((0.1, 0.39, 0.51), Stance.CONTRADICTS, 0.51),
    ((0.5, 0.4, 0.1), Stance.OPEN, 0.4), ((0.1, 0.4, 0.5), Stance.OPEN, 0.4),
    ((0.4, 0.3, 0.3), Stance.OPEN, 0.3),
])  # fmt: skip
def test_a_stance_needs_more_than_a_half(
    row: tuple[float, float, float], stance: Stance, probability: float
) -> None:
    """What is no more probable than not leaves the claim open."""
    (found,) = stances(CLAIM, [passage("One", "Moss grows.")], ByWord(Moss=row))
    assert found.stance is stance
    assert found.probability == pytest.approx(probability)


def test_the_surer_of_two_sentences_that_disagree_decides() -> None:
    """A paper that says both is counted where it says more."""
    two = passage("One", "Moss grows.", "Rain falls.")
    (found,) = stances(CLAIM, [two], ByWord(Moss=(0.7, 0.2, 0.1), Rain=(0.1, 0.1, 0.8)))
    assert (found.stance, found.sentence.text) == (Stance.CONTRADICTS, "Rain falls.")
    (found,) = stances(CLAIM, [two], ByWord(Moss=(0.7, 0.2, 0.1), Rain=(0.1, 0.3, 0.6)))
    assert (found.stance, found.sentence.text) == (Stance.SUPPORTS, "Moss grows.")


def test_all_pairs_are_judged_in_one_call() -> None:
    """The nearest sentences of each paper, after its title, each with the claim."""
    checker = ByWord()
    near = passage("On Moss.", "A.", "B.", "C.", similarities=(0.9, 0.1, 0.5))
    stances(CLAIM, [near, passage("", "D.")], checker, sentences=2)
    assert checker.calls == [[("On Moss. A.", CLAIM), ("On Moss. C.", CLAIM), ("D.", CLAIM)]]


def test_a_paper_without_sentences_has_no_stance() -> None:
    """Nothing is read, so nothing is said; nor of no papers at all."""
    found = stances(CLAIM, [passage("Empty"), passage("One", "Moss.")], ByWord())
    assert [f.paper.title for f in found] == ["One"]
    assert stances(CLAIM, [passage("Empty")], ByWord()) == []
    assert stances(CLAIM, [], ByWord()) == []


def test_the_title_ends_with_one_full_stop() -> None:
    """A source is read after its title, if it has one."""
    assert titled("On Moss", "It grows.") == titled("On Moss.", "It grows.") == "On Moss. It grows."
    assert titled("", "It grows.") == "It grows."
