"""Small values of `rag.types` for tests: give the texts that matter, the rest follows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from rag.types import (
    Answer,
    AnswerSentence,
    Evidence,
    Origin,
    Paper,
    Passage,
    Question,
    Source,
    SourceSentence,
    Span,
    Verdict,
)


def paper(title: str, *sentences: str) -> Paper:
    """A paper whose abstract is these sentences."""
    identity = hashlib.blake2s(title.encode(), digest_size=6).hexdigest()
    return Paper(identity, title, " ".join(sentences))


def source_sentences(
    texts: Sequence[str], similarities: Sequence[float] = (), worths: Sequence[float] = ()
) -> tuple[SourceSentence, ...]:
    """Sentences as they stand one after the other in an abstract."""
    found, start = [], 0
    for ordinal, text in enumerate(texts):
        span = Span(start, start + len(text))
        similarity = similarities[ordinal] if similarities else 0.5
        worth = worths[ordinal] if worths else 0.0
        found.append(SourceSentence(text, ordinal, span, similarity, worth=worth))
        start = span.end + 1
    return tuple(found)


def source(number: int, *sentences: str, title: str = "", worths: Sequence[float] = ()) -> Source:
    """One numbered paper of the evidence."""
    name = title or f"Paper number {number}"
    score = 1.0 / number
    return Source(number, paper(name, *sentences), source_sentences(sentences, (), worths), score)


def evidence(*sources: Source) -> Evidence:
    """Evidence of these sources, their papers being the nearest."""
    return Evidence(sources, tuple(s.paper for s in sources))


def passage(
    title: str,
    *sentences: str,
    score: float = 1.0,
    similarity: float = 0.6,
    similarities: Sequence[float] = (),
    word_match: float = 0.5,
) -> Passage:
    """A paper that was found, with the cosine of each sentence."""
    return Passage(
        paper(title, *sentences),
        score,
        similarity,
        1.0,
        source_sentences(sentences, similarities),
        word_match,
    )


def sentence(text: str, *citations: int, verdict: Verdict = Verdict.SUPPORTED) -> AnswerSentence:
    """A shown sentence in the model's words."""
    return AnswerSentence(text, citations, verdict, Origin.MODEL, text)


def answer(
    question: str, found: Evidence, *sentences: AnswerSentence, model: str | None = "scripted"
) -> Answer:
    """A finished answer."""
    return Answer("a1", Question(question, question), sentences, found, model)
