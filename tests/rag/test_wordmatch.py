"""How much of a question a text holds, word by word; the shares are worked out here by hand."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import rag.wordmatch
from rag.types import Vectors
from rag.wordmatch import WordMatcher, word_weights

# Cosines by hand: damp and wet 0.8, damp and dry 0.2 (too far to count), unknown words nothing.
PLANE = {
    "damp": (1.0, 0.0, 0.0),
    "wet": (0.8, 0.6, 0.0),
    "dry": (0.2, -math.sqrt(1 - 0.04), 0.0),
    "moss": (0.0, 0.0, 1.0),
}


class PlaneEmbedder:
    """Knows four words; counts what it was asked."""

    name = "plane"
    dimension = 3
    max_tokens = 8

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._inside = threading.Lock()

    def word_vectors(self, words: Sequence[str]) -> Vectors:
        assert self._inside.acquire(blocking=False), "two threads at once"
        self.asked += words
        vectors = [PLANE.get(w, (0.0, 0.0, 0.0)) for w in words]
        self._inside.release()
        return np.asarray(vectors, np.float32).reshape(len(words), 3)

    def encode(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError("texts are not encoded")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        raise AssertionError("tokens are not counted")


@pytest.fixture
def embedder() -> PlaneEmbedder:
    return PlaneEmbedder()


@pytest.fixture
def matcher(embedder: PlaneEmbedder) -> WordMatcher:
    return WordMatcher(embedder)


def test_shares_by_hand(matcher: WordMatcher) -> None:
    """Each word of the question counts with the nearest word of the text, by its weight."""
    texts = [
        "Moss is damp.",  # both words: 1
        "The wet moss.",  # (3 * 0.8 + 1 * 1) / 4
        "WET WET wet",  # 3 * 0.8 / 4
        "dry",  # too far to count
        "wet and damp",  # the nearest counts: 3 * 1 / 4
        "stones",  # unknown
        "it is the",  # stop words only
        "",
    ]
    shares = matcher.match({"damp": 3.0, "moss": 1.0}, texts)
    assert shares == pytest.approx([1.0, 0.85, 0.6, 0.0, 0.75, 0.0, 0.0, 0.0], abs=1e-6)


def test_a_near_word_counts_less_than_the_word_itself(matcher: WordMatcher) -> None:
    same, near, far = matcher.match({"damp": 1.0}, ["damp", "wet", "dry"])
    assert same > near > far == 0.0


def test_nothing_to_compare(matcher: WordMatcher, embedder: PlaneEmbedder) -> None:
    """No text, no word, or words that do not count: nothing is asked of the embedder."""
    assert matcher.match({"damp": 1.0}, []) == []
    assert matcher.match({}, ["damp"]) == [0.0]
    assert matcher.match({"damp": 0.0}, ["damp", "wet"]) == [0.0, 0.0]
    assert embedder.asked == []


def test_a_word_is_asked_for_once(matcher: WordMatcher, embedder: PlaneEmbedder) -> None:
    """What is known is remembered, also when other words come in between."""
    matcher.match({"damp": 1.0}, ["moss moss", "wet"])
    first = matcher.match({"damp": 1.0, "moss": 1.0}, ["dry wet"])
    assert sorted(embedder.asked) == ["damp", "dry", "moss", "wet"]
    assert matcher.match({"damp": 1.0, "moss": 1.0}, ["dry wet"]) == first


def test_not_more_is_remembered_than_fits(
    matcher: WordMatcher, embedder: PlaneEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is forgotten and begun again; the shares stay the same."""
    monkeypatch.setattr(rag.wordmatch, "_REMEMBERED", 3)
    for _ in range(3):
        for text, share in (("wet", 0.8), ("moss", 0.0), ("damp dry", 1.0), ("stones", 0.0)):
            assert matcher.match({"damp": 1.0}, [text]) == pytest.approx([share])
            assert len(matcher._rows) <= 3
            assert len(matcher._vectors) <= 6
    assert embedder.asked.count("damp") > 1
    # More words at once than are remembered are compared all the same.
    assert matcher.match({"damp": 1.0}, ["dry moss stones wet"]) == pytest.approx([0.8])


def test_threads_may_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the memory grows and is emptied, every thread gets its own shares."""
    monkeypatch.setattr(rag.wordmatch, "_REMEMBERED", 40)
    matcher = WordMatcher(PlaneEmbedder())

    def ask(number: int) -> list[float]:
        texts = [f"wet w{number % 50}", f"w{number} damp", f"w{number % 7} dry"]
        return matcher.match({"damp": 1.0, f"q{number % 5}": 1.0}, texts)

    with ThreadPoolExecutor(8) as pool:
        for shares in pool.map(ask, range(400)):
            assert shares == pytest.approx([0.4, 0.5, 0.0])


class TestWeights:
    def test_by_hand(self) -> None:
        """The inverse document frequency of BM25."""
        weights = word_weights({"damp": 100, "moss": 50}, 100)
        assert weights["damp"] == pytest.approx(math.log(1 + 0.5 / 100.5))
        assert weights["moss"] == pytest.approx(math.log(2))

    def test_rarer_words_count_more_up_to_a_limit(self) -> None:
        """In one paper or in none: that says little, and counts as in five or so."""
        counts = {"a": 90, "b": 40, "c": 10, "d": 1, "e": 0}
        weights = list(word_weights(counts, 100).values())
        assert weights == sorted(weights)
        assert weights[2] < weights[3] == weights[4] == math.log(21)

    def test_an_empty_library_has_no_rare_words(self) -> None:
        assert word_weights({"damp": 0}, 0) == {"damp": 0.0}
        assert word_weights({}, 9) == {}
