"""Passages -> the sentences worth reading, numbered by paper, within the token budget; pure.

One number a paper, best paper first. When nothing in the library is near the question there is no
evidence, and the reason is given instead.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.config import EvidenceConfig
from rag.types import Evidence, Passage, Reason, Source, SourceSentence
from rag.words import content_stems, numbers

_NEAREST = 5  # papers offered beside a refusal
_MARKER_TOKENS = 4  # a sentence's number, brackets and line end in the prompt
# What a sentence promises beyond its nearness: the authors' own claim, a figure; the opening
# sentence of an abstract is background. Coarse on purpose: each is a tenth of a cosine.
_OWN_CLAIM = re.compile(r"\b(we|our|this (?:paper|work|study|survey|article))\b", re.IGNORECASE)
_BONUS = 0.1
_SHARED_WORDS_WEIGHT = 0.5


def choose_evidence(
    question: str,
    passages: Sequence[Passage],
    config: EvidenceConfig,
    budget: int,
    count_tokens: Callable[[str], int],
) -> Evidence:
    """The numbered sources for a question, at most `budget` tokens of text."""
    nearest = tuple(p.paper for p in passages[:_NEAREST])
    if not passages or _nearness(passages) < config.near_similarity:
        return Evidence((), nearest, reason=Reason.NOTHING_NEAR)
    chosen = _near_the_best(passages, config)
    worth = _Worth(question, passages)
    # Few papers are quoted at length, many briefly: the reader's time is one budget.
    each = config.sentences_per_paper if len(chosen) <= 2 else config.sentences_per_paper - 1
    candidates = [
        (passage, sentence) for passage in chosen for sentence in worth.best(passage, max(each, 1))
    ]
    if not candidates:  # a title is near, but its abstract is empty
        return Evidence((), nearest, reason=Reason.NOT_IN_ABSTRACT)
    kept, left_out = _within(budget, candidates, count_tokens)
    return Evidence(_number(chosen, kept), nearest, left_out)


def _nearness(passages: Sequence[Passage]) -> float:
    """Cosine of the nearest sentence or chunk of the best papers."""
    return max(
        max(p.similarity, *(s.similarity for s in p.sentences), 0.0) for p in passages[:_NEAREST]
    )


def _near_the_best(passages: Sequence[Passage], config: EvidenceConfig) -> list[Passage]:
    """The best paper, and those whose score comes near its score."""
    best, *others = passages[: config.papers]
    return [best, *(p for p in others if p.score >= best.score * config.score_share)]


class _Worth:
    """How much a sentence promises: its cosine, the rare words it shares, what it claims."""

    def __init__(self, question: str, passages: Sequence[Passage]) -> None:
        self._asked = set(content_stems(question))
        self._stems = {
            (p.paper.id, s.ordinal): set(content_stems(s.text))
            for p in passages
            for s in p.sentences
        }
        frequency = Counter(stem for stems in self._stems.values() for stem in stems)
        total = len(self._stems)
        # Inverse frequency among the sentences found, as in BM25: a word in all says little.
        self._weight = {
            stem: math.log(1 + (total - frequency[stem] + 0.5) / (frequency[stem] + 0.5))
            for stem in self._asked
        }

    def best(self, passage: Passage, count: int) -> list[SourceSentence]:
        """The `count` most promising sentences of a paper, best first."""
        rated = [replace(s, worth=self._of(passage, s)) for s in passage.sentences]
        return sorted(rated, key=lambda s: -s.worth)[:count]

    def _of(self, passage: Passage, sentence: SourceSentence) -> float:
        stems = self._stems[passage.paper.id, sentence.ordinal]
        asked = sum(self._weight.values())
        shared = sum(self._weight[s] for s in self._asked & stems) / asked if asked else 0.0
        return (
            sentence.similarity
            + _SHARED_WORDS_WEIGHT * shared
            + _BONUS * bool(_OWN_CLAIM.search(sentence.text))
            + _BONUS * bool(numbers(sentence.text))
            - _BONUS * (sentence.ordinal == 0)
        )


def _within(
    budget: int,
    candidates: Sequence[tuple[Passage, SourceSentence]],
    count_tokens: Callable[[str], int],
) -> tuple[list[tuple[Passage, SourceSentence]], int]:
    """The best candidates that fit, and how many did not."""
    kept: list[tuple[Passage, SourceSentence]] = []
    spent = 0
    for passage, sentence in sorted(candidates, key=lambda c: -(c[0].score + c[1].worth)):
        cost = count_tokens(sentence.text) + _MARKER_TOKENS
        # The best one is kept even when it alone is too long; the model's context decides then.
        if kept and spent + cost > budget:
            continue
        spent += cost
        kept.append((passage, sentence))
    return kept, len(candidates) - len(kept)


def _number(
    passages: Sequence[Passage], kept: Sequence[tuple[Passage, SourceSentence]]
) -> tuple[Source, ...]:
    sources: list[Source] = []
    for passage in passages:
        sentences = [s for p, s in kept if p is passage]
        if sentences:
            in_order = tuple(sorted(sentences, key=lambda s: s.ordinal))
            sources.append(Source(len(sources) + 1, passage.paper, in_order, passage.score))
    return tuple(sources)
