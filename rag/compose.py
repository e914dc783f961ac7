"""The model's sentences -> the sentences that are shown, each checked and cited.

A sentence that its source bears out is shown; one that is not gives way to the source's own
sentence as a quotation, or is left out. What the best sources say and the model left unsaid is
quoted at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.citations import take_citations
from rag.support import check_support, resemblance
from rag.types import (
    AnswerSentence,
    Dropped,
    Evidence,
    Origin,
    Source,
    SourceSentence,
    Support,
    Verdict,
)
from rag.words import content_stems

_REPEATED = 0.8  # share of a sentence's stems in another at which it says nothing that one does not
_QUOTABLE = 0.35  # resemblance below which a failed sentence points to no source sentence
_SENTENCES = 6  # quotations fill an answer up to this many sentences


class Composer:
    """Builds one answer, sentence by sentence."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._numbers = {s.number for s in evidence.sources}
        self.sentences: list[AnswerSentence] = []
        self.dropped = Dropped()
        self.repeating = False  # the model says the same again; it need not go on
        self._written: list[set[str]] = []  # stems of what the model wrote, shown or not

    def consider(self, text: str) -> list[AnswerSentence]:
        """What is shown for one sentence of the model: itself, a quotation, or nothing.

        Once the model repeats itself nothing more is taken, however much of it is on its way.
        """
        if self.repeating:
            return []
        cited = take_citations(text, self._numbers)
        self._drop(invented=cited.invented)
        stems = set(content_stems(cited.text))
        if not stems:
            return []
        if any(_within(stems, earlier) for earlier in self._written):
            self.repeating = True
            return []
        self._written.append(stems)
        support = self._support(cited.text, cited.numbers)
        if support.verdict is Verdict.SUPPORTED:
            return self._show(self._stated(cited.text, cited.numbers, support))
        self._drop(unsupported=1)
        if resemblance(cited.text, support.sentence.text) < _QUOTABLE:
            return []
        return self._show(quotation(support.number, support.sentence, support.reason))

    def finish(self, last: str | None) -> list[AnswerSentence]:
        """The model's last sentence, then quotations of what it left unsaid."""
        shown = self.consider(last) if last else []
        for source, sentence in self._by_worth():
            if len(self.sentences) >= _SENTENCES:
                break
            shown += self._show(quotation(source.number, sentence, ""))
        return shown

    def _support(self, text: str, numbers: Sequence[int]) -> Support:
        """The check against the cited sources; against all of them when that fails.

        Small models leave the number out, or write a wrong one, more often than they invent.
        """
        cited = [s for s in self._evidence.sources if s.number in numbers]
        support = check_support(text, cited)
        if support is None or support.verdict is not Verdict.SUPPORTED:
            anywhere = check_support(text, self._evidence.sources)
            assert anywhere is not None  # there is evidence, or the model was not asked
            if support is None or anywhere.verdict is Verdict.SUPPORTED:
                support = anywhere
        return support

    def _stated(self, text: str, numbers: Sequence[int], support: Support) -> AnswerSentence:
        """The model's sentence, citing those of its numbers that bear it out by themselves."""
        kept = tuple(n for n in numbers if self._bears_out(n, text)) or (support.number,)
        return AnswerSentence(text, kept, support.verdict, Origin.MODEL, support.sentence.text)

    def _bears_out(self, number: int, text: str) -> bool:
        support = check_support(text, [s for s in self._evidence.sources if s.number == number])
        return support is not None and support.verdict is Verdict.SUPPORTED

    def _show(self, sentence: AnswerSentence) -> list[AnswerSentence]:
        stems = set(content_stems(sentence.text))
        for shown in self.sentences:
            other = set(content_stems(shown.text))
            if shown.text == sentence.text or _within(stems, other) or _within(other, stems):
                return []
        self.sentences.append(sentence)
        return [sentence]

    def _by_worth(self) -> list[tuple[Source, SourceSentence]]:
        """Evidence sentences: the best of each source first, then the second best of each."""
        ranked = [
            (rank, source.number, source, sentence)
            for source in self._evidence.sources
            for rank, sentence in enumerate(sorted(source.sentences, key=lambda s: -s.worth))
        ]
        ranked.sort(key=lambda item: item[:2])
        return [(source, sentence) for _, _, source, sentence in ranked]

    def _drop(self, invented: int = 0, unsupported: int = 0) -> None:
        self.dropped = Dropped(
            self.dropped.invented_citations + invented,
            self.dropped.unsupported_sentences + unsupported,
        )


def quotation(number: int, sentence: SourceSentence, reason: str) -> AnswerSentence:
    """A source's own sentence, shown as such."""
    return AnswerSentence(
        sentence.text, (number,), Verdict.SUPPORTED, Origin.QUOTATION, sentence.text, reason
    )


def _within(stems: set[str], other: set[str]) -> bool:
    """Whether a sentence of these stems says nothing, no figure above all, that the other lacks."""
    figures = {s for s in stems if s[0].isdigit()}
    return bool(stems) and len(stems & other) >= _REPEATED * len(stems) and figures <= other
