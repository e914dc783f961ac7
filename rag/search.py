"""question -> passages: nearest chunks, full text, best sentences and words near in meaning, fused.

Scores are scaled to 0..1 and added (a convex combination with theoretical minima: Bruch, Gai and
Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", arXiv 2210.11934).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rag.config import SearchConfig
from rag.library import Library, StoredPaper
from rag.types import (
    EVERYTHING,
    Embedder,
    NearestChunks,
    Paper,
    Passage,
    Scope,
    SourceSentence,
    Vectors,
)
from rag.wordmatch import WordMatcher, word_weights
from rag.words import content_words

_LONGEST_QUERY = 64  # words of a question that are looked for; more only costs time
_MATCHED = 60  # best papers by the other scores whose words are compared; reading more costs time
_AROUND = 200  # nearest chunks among whose papers the similar ones are chosen
_READ = 20  # best papers whose sentences are compared word by word too


class Searcher:
    """Hybrid search over one library."""

    def __init__(
        self,
        library: Library,
        index: NearestChunks,
        embedder: Embedder,
        matcher: WordMatcher,
        config: SearchConfig,
    ) -> None:
        self._library = library
        self._index = index
        self._embedder = embedder
        self._matcher = matcher
        self._config = config

    def search(self, question: str, count: int, scope: Scope = EVERYTHING) -> list[Passage]:
        """The `count` best papers in a scope for a question, best first; fewer in a small one."""
        (found,) = self.search_all([question], count, scope)
        return found

    def search_all(
        self, questions: Sequence[str], count: int, scope: Scope = EVERYTHING
    ) -> list[list[Passage]]:
        """What `search` finds for each question; embedded together, which is quicker."""
        vectors = self._embedder.encode(questions)
        return [self._search(q, v, count, scope) for q, v in zip(questions, vectors, strict=True)]

    def count(self, scope: Scope = EVERYTHING) -> int:
        """How many papers are searched."""
        return self._library.count_in(scope)

    def _search(self, question: str, vector: np.ndarray, count: int, scope: Scope) -> list[Passage]:
        similarities, bm25 = self._candidates(question, vector, scope)
        if not similarities:
            return []
        found = self._library.stored(list(similarities))
        sentences = {pk: _with_similarity(stored, vector) for pk, stored in found.items()}
        best_sentence = {
            pk: max((s.similarity for s in ss), default=0.0) for pk, ss in sentences.items()
        }
        config = self._config
        first = [
            (config.vector_weight, {pk: similarities[pk] for pk in found}),
            (config.text_weight, {pk: bm25.get(pk, 0.0) for pk in found}),
            (config.sentence_weight, best_sentence),
        ]
        order = _best(fuse(first), max(count, _MATCHED))
        weights = self._word_weights(question)
        matches = self._match_papers(weights, {pk: found[pk].paper for pk in order[:_MATCHED]})
        scores = fuse([*first, (config.word_weight, matches)])
        return [
            Passage(
                found[pk].paper,
                scores[pk],
                similarities[pk],
                bm25.get(pk, 0.0),
                self._match_sentences(weights, sentences[pk]) if rank < _READ else sentences[pk],
                matches.get(pk, 0.0),
            )
            for rank, pk in enumerate(_best({pk: scores[pk] for pk in order}, count))
        ]

    def _word_weights(self, question: str) -> dict[str, float]:
        asked = list(dict.fromkeys(content_words(question)))[:_LONGEST_QUERY]
        frequencies = {w: self._library.document_frequency(_quoted(w)) for w in asked}
        return word_weights(frequencies, self._library.count())

    def _match_papers(
        self, weights: Mapping[str, float], papers: Mapping[int, Paper]
    ) -> dict[int, float]:
        texts = [f"{p.title}\n{p.abstract}" for p in papers.values()]
        return dict(zip(papers, self._matcher.match(weights, texts), strict=True))

    def _match_sentences(
        self, weights: Mapping[str, float], sentences: tuple[SourceSentence, ...]
    ) -> tuple[SourceSentence, ...]:
        shares = self._matcher.match(weights, [s.text for s in sentences])
        return tuple(
            replace(s, word_match=share) for s, share in zip(sentences, shares, strict=True)
        )

    def paper_vectors(self, papers: Sequence[Paper]) -> Vectors:
        """One unit vector a paper, row by row."""
        return self._library.paper_vectors([paper.id for paper in papers])

    def _candidates(
        self, question: str, vector: np.ndarray, scope: Scope
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Papers that vectors or full text find, each with both of its scores."""
        limit = self._config.candidates
        nearest = self._index.nearest(vector, limit, scope) if self._config.vector_weight else []
        papers = self._library.papers_of_chunks([chunk for chunk, _ in nearest])
        by_vector = dict.fromkeys(papers[c] for c, _ in nearest if c in papers)
        match = full_text_query(question) if self._config.text_weight else ""
        bm25: dict[int, float] = {}
        if match:
            weight = self._config.title_weight
            bm25 = self._library.full_text_scores(match, weight, limit, scope=scope)
            unscored = [pk for pk in by_vector if pk not in bm25]
            bm25 |= self._library.full_text_scores(match, weight, limit, among=unscored)
        candidates = list(by_vector | dict.fromkeys(bm25))
        owners, vectors = self._library.chunk_vectors_of(candidates)
        similarities: dict[int, float] = {}
        for pk, similarity in zip(owners, (vectors @ vector if owners else ()), strict=True):
            similarities[pk] = max(similarities.get(pk, -1.0), float(similarity))
        return similarities, bm25


def similar_papers(
    library: Library, index: NearestChunks, paper_id: str, count: int
) -> list[Paper]:
    """The `count` papers nearest to one by the mean of its chunks, nearest first; never itself."""
    own = library.chunks_of([paper_id])
    if not own:
        return []
    (vector,) = library.paper_vectors([paper_id])
    nearest = index.nearest(vector, _AROUND + len(own))
    chunks = [chunk for chunk, _ in nearest if chunk not in own]
    papers = library.stored(list(dict.fromkeys(library.papers_of_chunks(chunks).values())))
    found = [stored.paper for stored in papers.values()]
    if not found:
        return []
    similarities = library.paper_vectors([paper.id for paper in found]) @ vector
    order = np.argsort(-similarities, kind="stable")[:count]
    return [found[row] for row in order]


def full_text_query(question: str) -> str:
    """An FTS5 expression that matches any content word; empty when the question has no word.

    Each word is quoted, so that none is read as an operator; FTS5 would join them by AND.
    """
    found = list(dict.fromkeys(content_words(question)))[:_LONGEST_QUERY]
    return " OR ".join(map(_quoted, found))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', "") + '"'


def _best(scores: Mapping[int, float], count: int) -> list[int]:
    return sorted(scores, key=lambda pk: (-scores[pk], pk))[:count]


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
