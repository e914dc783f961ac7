"""The groups of words do not contradict one another, and forms lead to their base."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

import rag.lexicon
from rag.lexicon import (
    HEDGES,
    PARTIAL,
    PROVING,
    TOTAL,
    are_opposite,
    are_same,
    lexicon_words,
    opposite_words,
    root,
    same_words,
)

SAME = [line.split() for line in rag.lexicon._SAME.strip().splitlines()]
OPPOSITE = [
    (left.split(), right.split())
    for left, _, right in (line.partition("|") for line in rag.lexicon._OPPOSITE.split("\n"))
    if right
]
IRREGULAR = [line.split() for line in rag.lexicon._IRREGULAR.strip().splitlines()]
# British and American spellings of one word; the stemmer makes them one.
ONE_ROOT = {frozenset(("labelled", "labeled")), frozenset(("unlabelled", "unlabeled"))}


def twice(words: list[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


def contradictions(groups: list[list[str]]) -> list[tuple[str, str]]:
    """Pairs of words that stand in one group and are opposites of one another."""
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    return [(a, b) for a, b in pairs if are_opposite(root(a), root(b))]


def test_a_word_stands_once_in_a_group() -> None:
    """Neither written twice nor in two forms, in a group or on a side."""
    assert [twice(group) for group in SAME if twice([root(w) for w in group])] == []
    for left, right in OPPOSITE:
        for side in (left, right):
            same = {frozenset((a, b)) for a, b in combinations(side, 2) if root(a) == root(b)}
            assert same <= ONE_ROOT
        assert not {root(w) for w in left} & {root(w) for w in right}


def test_a_form_has_one_base() -> None:
    """No irregular form stands in two lines, where the later one would win in silence."""
    assert twice([form for line in IRREGULAR for form in line]) == []


def test_no_words_are_both_the_same_and_opposite() -> None:
    """No two words of a group stand on the two sides of a list, and none is its own opposite."""
    assert contradictions(SAME) == []
    roots = {root(word) for word in lexicon_words()}
    assert [
        (a, b) for a, b in combinations(roots, 2) if are_same(a, b) and are_opposite(a, b)
    ] == []
    assert [a for a in roots if are_opposite(a, a)] == []


def test_a_contradiction_is_seen() -> None:
    """The test above finds a group that holds opposites."""
    assert contradictions([["fast", "slow"], ["fast", "quick"]]) == [("fast", "slow")]


def test_sameness_and_opposition_go_both_ways() -> None:
    """If one is said of two words in one order, so it is in the other; some are neither."""
    roots = sorted({root(word) for word in lexicon_words()})
    for a, b in combinations(roots, 2):
        assert are_same(a, b) == are_same(b, a)
        assert are_opposite(a, b) == are_opposite(b, a)
    assert all(are_same(a, a) for a in roots)
    assert not are_same("moss", "gull")
    assert not are_opposite("moss", "gull")


@pytest.mark.parametrize("line", IRREGULAR, ids=lambda line: line[0])
def test_irregular_forms_have_the_root_of_their_base(line: list[str]) -> None:
    """The forms "rose", "risen" and "rise" are one word."""
    assert {root(form) for form in line} == {root(line[0])}


@pytest.mark.parametrize("forms", [
    "rise rises rising rose risen", "lower lowers lowered lowering", "bound bounds bounded",
    "reduce reduces reduced reducing", "fast faster fastest", "quick quickly quickest",
    "rapid rapidly", "outperform outperforms outperformed", "cut cuts cutting",
    "drop drops dropped dropping", "find finds found finding", "good well better best",
])  # fmt: skip
def test_all_forms_of_a_word_have_one_root(forms: str) -> None:
    """Regular and irregular ones."""
    assert len({root(form) for form in forms.split()}) == 1


@pytest.mark.parametrize(("one", "other"), [
    ("lowers", "reduced"), ("rose", "increases"), ("surpasses", "outperformed"),
    ("quicker", "faster"), ("dropped", "removed"),
])  # fmt: skip
def test_forms_of_words_of_a_group_are_the_same(one: str, other: str) -> None:
    """What matters is the group, not the form."""
    assert are_same(root(one), root(other))
    assert not are_opposite(root(one), root(other))


@pytest.mark.parametrize(("one", "other"), [
    ("lowers", "raised"), ("rose", "fell"), ("faster", "slowest"), ("more", "fewer"),
    ("outperforms", "trailed"), ("supervised", "unsupervised"), ("all", "some"),
])  # fmt: skip
def test_forms_of_opposites_are_opposite(one: str, other: str) -> None:
    """What matters is the side, not the form."""
    assert are_opposite(root(one), root(other))
    assert not are_same(root(one), root(other))


def test_the_other_words_are_listed() -> None:
    """Words of all groups that a base form stands in, without itself; none of an unknown one."""
    assert same_words("begin") == ["start"]
    assert {"reduction", "cut"} & set(same_words("decrease")) == {"reduction", "cut"}
    assert opposite_words("deep") == ["shallow"]
    assert opposite_words("shallow") == ["deep"]
    assert same_words("moss") == opposite_words("moss") == []
    assert "decrease" not in same_words("decrease")
    words = lexicon_words()
    assert {"begin", "shallow"} <= set(words)
    assert twice(words) == []


def test_words_that_bound_are_of_one_kind() -> None:
    """No word both hedges and proves, or both bounds and takes all."""
    assert [a & b for a, b in combinations((HEDGES, PROVING, PARTIAL, TOTAL), 2) if a & b] == []
