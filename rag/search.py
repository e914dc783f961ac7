"""question -> passages: nearest chunks, full text and best sentences, fused.

Scores are scaled to 0..1 and added (a convex combination with theoretical minima: Bruch, Gai and
Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", arXiv 2210.11934).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rag.config import SearchConfig
from rag.library import Library, StoredPaper
from rag.types import Embedder, NearestChunks, Passage, SourceSentence
from rag.words import content_words

_LONGEST_QUERY = 64  # words of a question that full text looks for; more only costs time


class Searcher:
    """Hybrid search over one library."""

    def __init__(
        self, library: Library, index: NearestChunks, embedder: Embedder, config: SearchConfig
    ) -> None:
        self._library = library
        self._index = index
        self._embedder = embedder
        self._config = config

    def search(self, question: str, count: int) -> list[Passage]:
        """The `count` best papers for a question, best first; fewer in a small library."""
        vector = self._embedder.encode([question])[0]
        similarities, bm25 = self._candidates(question, vector)
        if not similarities:
            return []
        found = self._library.stored(list(similarities))
        sentences = {pk: _with_similarity(stored, vector) for pk, stored in found.items()}
        best_sentence = {
            pk: max((s.similarity for s in ss), default=0.0) for pk, ss in sentences.items()
        }
        scores = fuse(
            [
                (self._config.vector_weight, {pk: similarities[pk] for pk in found}),
                (self._config.text_weight, {pk: bm25.get(pk, 0.0) for pk in found}),
                (self._config.sentence_weight, best_sentence),
            ]
        )
        order = sorted(found, key=lambda pk: (-scores[pk], pk))[:count]
        return [
            Passage(found[pk].paper, scores[pk], similarities[pk], bm25.get(pk, 0.0), sentences[pk])
            for pk in order
        ]

    def _candidates(
        self, question: str, vector: np.ndarray
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Papers that vectors or full text find, each with both of its scores."""
        limit = self._config.candidates
        nearest = self._index.nearest(vector, limit)
        papers = self._library.papers_of_chunks([chunk for chunk, _ in nearest])
        by_vector = dict.fromkeys(papers[c] for c, _ in nearest if c in papers)
        match = full_text_query(question)
        bm25: dict[int, float] = {}
        if match:
            weight = self._config.title_weight
            bm25 = self._library.full_text_scores(match, weight, limit)
            unscored = [pk for pk in by_vector if pk not in bm25]
            bm25 |= self._library.full_text_scores(match, weight, limit, among=unscored)
        candidates = list(by_vector | dict.fromkeys(bm25))
        owners, vectors = self._library.chunk_vectors_of(candidates)
        similarities: dict[int, float] = {}
        for pk, similarity in zip(owners, (vectors @ vector if owners else ()), strict=True):
            similarities[pk] = max(similarities.get(pk, -1.0), float(similarity))
        return similarities, bm25


def full_text_query(question: str) -> str:
    """An FTS5 expression that matches any content word; empty when the question has no word.

    Each word is quoted, so that none is read as an operator; FTS5 would join them by AND.
    """
    found = list(dict.fromkeys(content_words(question)))[:_LONGEST_QUERY]
    return " OR ".join('"' + w.replace('"', "") + '"' for w in found)


def fuse(scores: Sequence[tuple[float, Mapping[int, float]]]) -> dict[int, float]:
    """Weighted sum of scores, each scaled so that its best is 1 and zero stays 0."""
    fused: dict[int, float] = {}
    total = sum(weight for weight, _ in scores) or 1.0
    for weight, by_key in scores:
        top = max(by_key.values(), default=0.0)
        for key, score in by_key.items():
            scaled = max(score, 0.0) / top if top > 0 else 0.0
            fused[key] = fused.get(key, 0.0) + weight / total * scaled
    return fused


def _with_similarity(stored: StoredPaper, vector: np.ndarray) -> tuple[SourceSentence, ...]:
    if not stored.sentences:
        return ()
    return tuple(
        replace(sentence, similarity=float(similarity))
        for sentence, similarity in zip(stored.sentences, stored.vectors @ vector, strict=True)
    )
