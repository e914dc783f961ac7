"""How many of a question's words a text holds, or holds words near in meaning to.

A question rarely uses the words of the abstract that answers it. Each content word of the question
is compared with each word of the text by their vectors out of context; the best match counts, and
rare words count more: soft matching as in Kusner et al. ("From Word Embeddings to Document
Distances", ICML 2015), relaxed to one best match a word as in late interaction (Khattab and
Zaharia, "ColBERT", arXiv 2004.12832).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence

import numpy as np

from rag.types import Embedder, Vectors
from rag.words import STOP_WORDS, words

_LEAST_SIMILARITY = 0.3  # cosine below which two words have nothing to do with each other
_REMEMBERED = 50_000  # words whose vectors are kept; with 384 dimensions 77 MB
_RAREST = 5  # papers; a word in fewer counts no more than one in so many


class WordMatcher:
    """Compares a question with texts word by word; may be called from any thread."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._vectors: Vectors = np.zeros((0, 0), np.float32)

    def match(self, weights: Mapping[str, float], texts: Sequence[str]) -> list[float]:
        """For each text the weighted share, 0 to 1, of the question's words that it matches.

        `weights` gives the question's words and how much each counts; see `word_weights`.
        """
        total = sum(weights.values())
        if not texts or not total:
            return [0.0] * len(texts)
        held = [[w for w in dict.fromkeys(words(t)) if w not in STOP_WORDS] for t in texts]
        with self._lock:
            vectors, rows = self._known([*weights, *(w for ws in held for w in ws)])
        shares = np.fromiter(weights.values(), np.float32) / total
        asked = vectors[[rows[w] for w in weights]]
        used = sorted({rows[w] for ws in held for w in ws})
        column = {row: n for n, row in enumerate(used)}
        similarity = asked @ vectors[used].T
        similarity[similarity < _LEAST_SIMILARITY] = 0.0
        return [
            float(shares @ similarity[:, [column[rows[w]] for w in ws]].max(axis=1)) if ws else 0.0
            for ws in held
        ]

    def _known(self, needed: Sequence[str]) -> tuple[Vectors, dict[str, int]]:
        """The vectors of all words that are known, and the row of each."""
        new = list(dict.fromkeys(w for w in needed if w not in self._rows))
        if len(self._rows) + len(new) > _REMEMBERED:
            self._rows, self._vectors = {}, np.zeros((0, 0), np.float32)
            new = list(dict.fromkeys(needed))
        if new:
            vectors = self._embedder.word_vectors(new)
            first, last = len(self._rows), len(self._rows) + len(new)
            if last > len(self._vectors):  # grown ahead of need: copying at each question is slow
                grown = np.zeros((max(last, 2 * len(self._vectors)), vectors.shape[1]), np.float32)
                grown[:first] = self._vectors[:first] if first else 0.0
                self._vectors = grown
            self._vectors[first:last] = vectors
            self._rows.update((w, first + n) for n, w in enumerate(new))
        return self._vectors, self._rows


def word_weights(frequencies: Mapping[str, int], papers: int) -> dict[str, float]:
    """How much each word of a question counts: its inverse document frequency, as in BM25.

    `frequencies` says in how many of the `papers` each word is. The rarest count alike: whether a
    word is in one paper of the library or in none says little.
    """
    most = math.log(1 + papers / _RAREST)
    return {
        word: min(most, math.log(1 + (papers - count + 0.5) / (count + 0.5)))
        for word, count in frequencies.items()
    }
