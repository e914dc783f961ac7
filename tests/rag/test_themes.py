"""Papers that belong together are grouped, and each group has a name of its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.themes import group_papers, name_groups
from rag.types import Paper, Vectors
from tests.rag.builders import paper


def around(*groups: int, spread: float = 0.2) -> Vectors:
    """So many vectors near each of as many directions, all sharing one that is the topic's."""
    rng = np.random.default_rng(7)
    rows = [
        np.eye(12)[direction + 1] + 2 * np.eye(12)[0] + spread * rng.normal(size=12)
        for direction, count in enumerate(groups)
        for _ in range(count)
    ]
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_what_lies_together_is_one_group() -> None:
    """However much they all share; groups stand in the order of their first papers."""
    assert group_papers(around(3, 4, 3)) == [[0, 1, 2], [3, 4, 5, 6], [7, 8, 9]]
    assert group_papers(around(4, 4)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_few_papers_are_one_group() -> None:
    """Themes of one or two papers would be hardly more than their titles."""
    for count in range(1, 6):
        assert group_papers(around(*[1] * count)) == [list(range(count))]
    assert group_papers(np.zeros((0, 4), np.float32)) == []


def test_a_paper_that_is_alone_joins_the_nearest_group() -> None:
    groups = group_papers(around(4, 4, 1))
    assert all(len(group) > 1 for group in groups)
    assert sorted(row for group in groups for row in group) == list(range(9))


def test_papers_that_cannot_be_told_apart_are_one_group() -> None:
    """The same vector many times, and vectors of nothing, as of a paper that was removed."""
    assert group_papers(np.ones((8, 4), np.float32)) == [list(range(8))]
    assert group_papers(np.zeros((8, 4), np.float32)) == [list(range(8))]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(0, 1000))
def test_every_paper_is_in_one_group(count: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    groups = group_papers(vectors)
    assert sorted(row for group in groups for row in group) == list(range(count))
    assert all(len(group) > 1 for group in groups) or count == 1
    assert len(groups) <= max(1, count // 3)


TIDES = [
    paper("Tide Prediction from Harbour Gauges", "We study tide prediction at nine harbours."),
    paper("Gauges for Tide Prediction", "Tide prediction with few gauges is hard for storms."),
]
WHALES = [
    paper("Whale Song Classification", "Our whale song classification tells nine whales apart."),
    paper("Hearing Whale Song at Night", "A whale song is heard far, and it can be counted."),
]


def test_names_are_the_words_that_tell_groups_apart() -> None:
    """Real words in the form of a title, without those that the topic has already said."""
    names = name_groups([TIDES, WHALES], TIDES + WHALES, "the sea")
    assert names == ["Tide Prediction", "Whale Song"]
    names = name_groups([TIDES, WHALES], TIDES + WHALES, "tide prediction and whale song")
    assert "Tide Prediction" not in names
    assert "Whale Song" not in names


def test_names_differ_and_are_never_empty() -> None:
    names = name_groups([TIDES, TIDES], TIDES, "the sea")
    assert len(set(names)) == 2
    bare = [[paper("On It", "We show it.")], [paper("Of Them", "They do.")]]
    assert name_groups(bare, [], "this") == ["On It", "Of Them"]


def test_groups_of_the_same_titles_are_still_told_apart() -> None:
    """A heading stands for one theme: the page and the words of each are kept by its name."""
    same = [paper("On It", "We show it.")]
    names = name_groups([same, same, same], [], "this")
    assert len(set(names)) == 3


@pytest.mark.parametrize("topic", ["retrieval-augmented generation", "large language models"])
def test_the_topic_in_short_is_no_name(topic: str) -> None:
    """RAG does not tell one paper on retrieval-augmented generation from another."""
    short = "".join(word[0] for word in topic.replace("-", " ").split()).upper()
    papers: list[Paper] = [
        paper(f"{short} for Harbour Gauges", f"{short} reads harbour gauges."),
        paper(f"{short} and Harbour Gauges", f"{short} works with harbour gauges."),
    ]
    assert name_groups([papers], papers, topic) == ["Harbour Gauges"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.text(max_size=20))
def test_any_texts_can_be_named(texts: list[str], topic: str) -> None:
    papers = [paper(f"Title {text}", text) for text in texts]
    names = name_groups([papers, papers], papers, topic)
    assert len(names) == len(set(names)) == 2
    assert all(names)
