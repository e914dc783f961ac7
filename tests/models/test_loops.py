"""A text that goes round in circles is told from one that merely repeats a phrase."""

from __future__ import annotations

import random

import pytest

from models.loops import SHORTEST_ROUND, is_looping


@pytest.mark.parametrize("size", [1, 2, 5, 12, 13, 40, 100])
def test_a_passage_written_again_and_again_is_a_loop(size: int) -> None:
    """Found after at most one round more than is needed, whatever came before."""
    draw = random.Random(size)
    text = [draw.randrange(1000) for _ in range(37)]
    passage = [1000 + n for n in range(size)]
    needed = next(n for n in range(0, 500, size) if n >= 2 * SHORTEST_ROUND and n >= 2 * size)
    found = 0
    while not is_looping(text):
        text.append(passage[found % size])
        found += 1
        assert found <= needed + size


@pytest.mark.parametrize(
    "text",
    [
        [],
        [1],
        list(range(200)),
        [5] * (2 * SHORTEST_ROUND - 1),
        [*range(11), *range(11), 99],
        [*range(30), 77, *range(30)],
        [*range(20), *range(19), 99],
    ],
)
def test_other_texts_are_not(text: list[int]) -> None:
    """Short repeats, a word between the rounds and a round with another end are no loop."""
    assert not any(is_looping(text[:end]) for end in range(len(text) + 1))
