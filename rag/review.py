"""A topic -> a summary of many papers: which papers, in which themes, and what of each; pure.

A summary is an answer that is written theme by theme. Its papers are numbered once, in the order in
which the themes name them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

from rag.config import EvidenceConfig, SummaryConfig
from rag.evidence import (
    MARKER_TOKENS,
    NEAREST,
    is_near,
    number_sources,
    rate_sentences,
    without_duplicates,
)
from rag.themes import group_papers, name_groups
from rag.types import (
    Evidence,
    Paper,
    Parts,
    Passage,
    Reason,
    Section,
    Source,
    SourceSentence,
    Vectors,
)

_BEST = 3  # papers that tell what being about the topic looks like; one alone may be an outlier
_SIMILARITY_SHARE = 0.6  # of the best papers' cosine; below it a paper shares words, not the topic
_SENTENCES_PER_PAPER = 2


def section_question(topic: str) -> str:
    """What the model is asked of the papers of each theme."""
    return f"What do the papers say about {topic}?"


def choose_papers(passages: Sequence[Passage], most: int, score_share: float) -> list[Passage]:
    """The papers that are about the topic, at most `most`: those that come near the best three."""
    if not passages:
        return []
    score = score_share * fmean(p.score for p in passages[:_BEST])
    similarity = _SIMILARITY_SHARE * fmean(p.similarity for p in passages[:_BEST])
    best, *others = passages
    near = [p for p in others if p.score >= score and p.similarity >= similarity]
    return [best, *near][:most]


def summary_evidence(
    topic: str,
    passages: Sequence[Passage],
    papers: int,
    config: SummaryConfig,
    evidence: EvidenceConfig,
    parts: Parts,
) -> Evidence:
    """The sources of a summary, best first, or the reason why there are none.

    Each has a sentence that can be shown within the words of a summary.
    """
    passages = without_duplicates(passages)
    nearest = tuple(p.paper for p in passages[:NEAREST])
    if parts.nothing_near_gate and not is_near(passages, evidence):
        return Evidence((), nearest, reason=Reason.NOTHING_NEAR)
    chosen = choose_papers([p for p in passages if p.sentences], papers, config.score_share)
    if not chosen:  # a title is near, but its abstract is empty
        return Evidence((), nearest, reason=Reason.NOT_IN_ABSTRACT)
    rated = rate_sentences(topic, passages)
    best = [(p, s) for p in chosen for s in rated[p.paper.id][:_SENTENCES_PER_PAPER]]
    kept = _within_words(config.words, number_sources(chosen, best))
    return Evidence(kept, nearest, len(best) - sum(len(source.sentences) for source in kept))


def _within_words(words: int, sources: Sequence[Source]) -> tuple[Source, ...]:
    """As many of the sources as can be quoted, best first, each led by a sentence that fits.

    The best sentence of a paper gives way to a shorter one where it would leave no room for a
    sentence of each of the others.
    """
    shortest = [min(_words_of(s) for s in source.sentences) for source in sources]
    count = next(n for n in range(len(sources), 0, -1) if n == 1 or sum(shortest[:n]) <= words)
    kept: list[Source] = []
    for place, source in enumerate(sources[:count]):
        room = words - sum(shortest[place + 1 : count])
        ranked = _by_worth(source)
        fitting = [s for s in ranked if _words_of(s) <= room] or ranked[:1]
        words -= _words_of(fitting[0])
        kept.append(_with_sentences(source, fitting))
    return tuple(kept)


def _words_of(sentence: SourceSentence) -> int:
    return len(sentence.text.split())


def _with_sentences(source: Source, sentences: Sequence[SourceSentence]) -> Source:
    return replace(source, sentences=tuple(sorted(sentences, key=lambda s: s.ordinal)))


def in_themes(
    topic: str,
    evidence: Evidence,
    vectors: Vectors,
    around: Sequence[Paper],
    budget: int,
    count_tokens: Callable[[str], int],
) -> tuple[Evidence, list[Section]]:
    """The sources by theme, numbered anew in the order of the themes, and the sections.

    `vectors` are of the sources, row by row; `around` are all the papers found for the topic. What
    one theme gives the model to read is at most `budget` tokens.
    """
    groups = [[evidence.sources[row] for row in rows] for rows in group_papers(vectors)]
    names = [""]
    if len(groups) > 1:
        names = name_groups([[s.paper for s in sources] for sources in groups], around, topic)
    sections: list[Section] = []
    number = 0
    for name, sources in zip(names, groups, strict=True):
        kept = _within(budget, sources, count_tokens)
        numbered = tuple(replace(s, number=n) for n, s in enumerate(kept, start=number + 1))
        number += len(numbered)
        sections.append(Section(name, numbered))
    all_sources = tuple(s for section in sections for s in section.sources)
    left_out = _sentences(evidence.sources) - _sentences(all_sources)
    found = replace(
        evidence,
        sources=all_sources,
        left_out=evidence.left_out + left_out,
        budget_tokens=max(0, budget) * len(sections),
    )
    return found, sections


def _sentences(sources: Sequence[Source]) -> int:
    return sum(len(source.sentences) for source in sources)


def _within(
    budget: int, sources: Sequence[Source], count_tokens: Callable[[str], int]
) -> list[Source]:
    """The best sentence of each source first, then the second best, as long as they fit."""
    ranked = [
        (rank, place, sentence)
        for place, source in enumerate(sources)
        for rank, sentence in enumerate(_by_worth(source))
    ]
    kept: dict[int, list[SourceSentence]] = {}
    spent = 0
    for _, place, sentence in sorted(ranked, key=lambda item: item[:2]):
        cost = count_tokens(sentence.text) + MARKER_TOKENS
        # The very first is kept even when it is too long; the model's context decides then.
        if not kept or spent + cost <= budget:
            spent += cost
            kept.setdefault(place, []).append(sentence)
    return [_with_sentences(sources[place], kept[place]) for place in sorted(kept)]


def _by_worth(source: Source) -> list[SourceSentence]:
    return sorted(source.sentences, key=lambda s: -s.worth)
