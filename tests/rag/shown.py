"""What can be wrong with what an answer shows: the detectors that several promises share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rag.types import AnswerSentence, Checker, Evidence, Origin, Source, Support, Verdict

# What a reader would take for a citation, in whatever digits; wider than what the code looks for.
_LIKE_A_CITATION = re.compile(
    r"\[\s*(?:sources?|papers?|refs?\.?)?\s*(\d[\d\s,;&–-]*)\]", re.IGNORECASE
)


def misplaced_citations(
    shown: Sequence[AnswerSentence], retrieved: Mapping[str, Sequence[Source]]
) -> Iterator[str]:
    """Citations of what was not retrieved, or of what does not hold the sentence they rest on.

    `retrieved` are the sources of each section, by its theme.
    """
    for sentence in shown:
        sources = {s.number: s for s in retrieved[sentence.theme]}
        if not sentence.citations:
            yield f"no citation: {sentence}"
        if strangers := set(sentence.citations) - set(sources):
            yield f"{strangers} were not retrieved: {sentence}"
        cited = [sources[n] for n in sentence.citations if n in sources]
        if not any(sentence.quote == t.text for s in cited for t in s.sentences):
            yield f"rests on nothing that it cites: {sentence}"
        if sentence.origin is Origin.QUOTATION and sentence.text != sentence.quote:
            yield f"quoted otherwise than it stands: {sentence}"
        if tuple(citations_read(sentence.marked())) != sentence.citations:
            yield f"shown with other citations than it has: {sentence.marked()!r}"


def citations_read(text: str) -> Iterator[int]:
    """The numbers that a reader of a text takes for citations, as often as they stand there."""
    for marker in _LIKE_A_CITATION.findall(text):
        yield from map(int, re.findall(r"\d+", marker))


def altered_quotations(
    evidence: Evidence, shown: Sequence[AnswerSentence], abstracts: Mapping[str, str]
) -> Iterator[str]:
    """Quotations, and source sentences, that do not stand word for word in their abstract.

    `abstracts` are those of the library, by the id of their paper.
    """
    for source in evidence.sources:
        abstract = abstracts[source.paper.id]
        for known in source.sentences:
            if not known.text or abstract[known.span.start : known.span.end] != known.text:
                yield f"not where it is said to stand: {known}"
    for sentence in shown:
        sources = [s for s in evidence.sources if s.number in sentence.citations]
        if not any(sentence.quote in abstracts[s.paper.id] for s in sources if sentence.quote):
            yield f"its quote is in no abstract that it cites: {sentence}"
        if sentence.origin is Origin.QUOTATION and sentence.text != sentence.quote:
            yield f"quoted otherwise than it stands: {sentence}"


def always_supported(
    sentence: str, sources: Sequence[Source], checker: Checker | None = None
) -> Support | None:
    """A check that passes everything: a fault to plant in place of `check_support`."""
    if not sources:
        return None
    return Support(Verdict.SUPPORTED, sources[0].number, sources[0].sentences[0], "")
