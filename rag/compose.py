"""Evidence -> the sentences that are shown: quotations at once, then what the model makes of them.

The first answer is an extract: the most promising source sentences, quoted and cited. A sentence of
the model that its source bears out, and that leaves out nothing that would be missed, takes the
place of the quotation it rests on; any other leaves it where it stands. So the answer is right
before the model has written a word, whichever model runs, and nothing that was shown goes without
something in its place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rag.brevity import says_as_much
from rag.citations import take_citations
from rag.support import check_support
from rag.types import (
    AnswerSentence,
    Checker,
    Dropped,
    Origin,
    Parts,
    Section,
    SentenceReady,
    Source,
    SourceSentence,
    Support,
    Verdict,
    Withheld,
)
from rag.words import content_stems

_REPEATED = 0.8  # share of a sentence's stems in another at which it says nothing that one does not


class Composer:
    """Builds one answer, sentence by sentence."""

    def __init__(
        self,
        sections: Sequence[Section],
        words: int,
        parts: Parts,
        checker: Checker | None = None,
        question: str = "",
    ) -> None:
        """`words` is how long the whole answer may become; the sections share them."""
        self._question = question
        self._parts = parts
        self._checker = checker if parts.trained_checker else None
        self._words = _shares(sections, words)
        self.sentences: list[AnswerSentence] = []
        self.dropped = Dropped()
        self.repeating = False  # the model says the same again; it need not go on
        self._written: list[set[str]] = []  # stems of what the model wrote, shown or not
        self._section = Section("", ())
        if self._parts.quotations:
            for section in sections:
                self.sentences += self._extract(section)

    @property
    def error(self) -> str | None:
        """Why the trained checker reads nothing, when it does not."""
        return self._checker.error if self._checker else None

    def begin(self, section: Section) -> None:
        """What the model writes from now on belongs to this section."""
        self._section = section
        self._written = []
        self.repeating = False

    def quoted(self, section: Section) -> tuple[Source, ...]:
        """The sources of a section with those of their sentences that are quoted just now."""
        own = [s for s in self.sentences if s.theme == section.theme]
        shown = {(s.citations[0], s.quote) for s in own if s.origin is Origin.QUOTATION}
        sources = [
            replace(
                source,
                sentences=tuple(t for t in source.sentences if (source.number, t.text) in shown),
            )
            for source in section.sources
        ]
        return tuple(s for s in sources if s.sentences)

    def consider(self, text: str) -> list[SentenceReady]:
        """What becomes of one sentence of the model: it is shown, or it is not.

        Once the model repeats itself nothing more is taken, however much of it is on its way.
        """
        if self.repeating:
            return []
        cited = take_citations(text, {s.number for s in self._section.sources})
        self._drop(invented=cited.invented)
        if not states_something(cited.text):
            return []
        stems = set(content_stems(cited.text))
        if any(_within(stems, earlier) for earlier in self._written):
            self.repeating = True
            return []
        self._written.append(stems)
        support = self._support(cited.text, cited.numbers)
        if support.verdict is not Verdict.SUPPORTED:
            self._drop(unsupported=1)
            if self._parts.check:
                self._withhold(cited.text, support)
                return []
        return self._show(self._stated(cited.text, cited.numbers, support))

    def _extract(self, section: Section) -> list[AnswerSentence]:
        """The most promising sentences of a section within its words, its best source first."""
        chosen: list[tuple[int, int, AnswerSentence]] = []
        words = 0
        for source, sentence in _by_worth(section.sources):
            length = len(sentence.text.split())
            is_new = not any(_repeats(sentence.text, s.text) for *_, s in chosen)
            if is_new and (not chosen or words + length <= self._words[section.theme]):
                words += length
                shown = quotation(source.number, sentence, section.theme)
                # The best sentence of a source answers first; the others follow as they stand.
                is_best = not any(number == source.number for number, *_ in chosen)
                chosen.append((source.number, -1 if is_best else sentence.ordinal, shown))
        return [shown for *_, shown in sorted(chosen, key=lambda c: c[:2])]

    def _support(self, text: str, numbers: Sequence[int]) -> Support:
        """The check against the cited sources; against all of them when that fails.

        Small models leave the number out, or write a wrong one, more often than they invent.
        """
        cited = [s for s in self._section.sources if s.number in numbers]
        support = check_support(text, cited, self._checker)
        if support is None or support.verdict is not Verdict.SUPPORTED:
            anywhere = check_support(text, self._section.sources, self._checker)
            assert anywhere is not None  # there is evidence, or the model was not asked
            if support is None or anywhere.verdict is Verdict.SUPPORTED:
                support = anywhere
        return support

    def _stated(self, text: str, numbers: Sequence[int], support: Support) -> AnswerSentence:
        """The model's sentence, citing those of its numbers that bear it out by themselves."""
        kept = tuple(n for n in numbers if self._bears_out(n, text)) or (support.number,)
        return AnswerSentence(
            text,
            kept,
            support.verdict,
            Origin.MODEL,
            support.sentence.text,
            support.reason,
            self._section.theme,
        )

    def _bears_out(self, number: int, text: str) -> bool:
        sources = [s for s in self._section.sources if s.number == number]
        support = check_support(text, sources, self._checker)
        return support is not None and support.verdict is Verdict.SUPPORTED

    def _show(self, sentence: AnswerSentence) -> list[SentenceReady]:
        """Put a sentence of the model where the quotation it rests on stands, or at the end."""
        own = [i for i, s in enumerate(self.sentences) if s.theme == sentence.theme]
        for i in own:
            shown = self.sentences[i]
            if shown.text == sentence.text:
                return []  # the model chose the quotation too
            if shown.origin is Origin.QUOTATION and shown.quote == sentence.quote:
                if self._parts.check and not says_as_much(
                    sentence.text, shown.text, self._question
                ):
                    return []
                return [self._put(SentenceReady(sentence, i, replaces=True))]
        if any(_repeats(sentence.text, self.sentences[i].text) for i in own):
            return []
        words = sum(len(self.sentences[i].text.split()) for i in own)
        if own and words + len(sentence.text.split()) > self._words[sentence.theme]:
            return []
        return [self._put(SentenceReady(sentence, own[-1] + 1 if own else 0, replaces=False))]

    def _put(self, ready: SentenceReady) -> SentenceReady:
        self.sentences[ready.position : ready.position + ready.replaces] = [ready.sentence]
        return ready

    def _withhold(self, text: str, support: Support) -> None:
        told = Withheld(text, support.verdict, support.reason, support.sentence.text)
        self.dropped = replace(self.dropped, withheld=(*self.dropped.withheld, told))

    def _drop(self, invented: int = 0, unsupported: int = 0) -> None:
        self.dropped = replace(
            self.dropped,
            invented_citations=self.dropped.invented_citations + invented,
            unsupported_sentences=self.dropped.unsupported_sentences + unsupported,
        )


def _shares(sections: Sequence[Section], words: int) -> dict[str, int]:
    """How many words each section may have, by its theme.

    They are shared in the proportion of what the best sentence of each paper takes, so that no
    section gives a paper two sentences while another has no room for one.
    """
    needed = {section.theme: _shortest_extract(section) for section in sections}
    total = max(1, sum(needed.values()))
    return {theme: math.ceil(words * length / total) for theme, length in needed.items()}


def _shortest_extract(section: Section) -> int:
    """Words of the best sentence of each source."""
    best = {source.number: sentence for source, sentence in reversed(_by_worth(section.sources))}
    return sum(len(sentence.text.split()) for sentence in best.values())


def quotation(number: int, sentence: SourceSentence, theme: str = "") -> AnswerSentence:
    """A source's own sentence, shown as such."""
    return AnswerSentence(
        sentence.text,
        (number,),
        Verdict.SUPPORTED,
        Origin.QUOTATION,
        sentence.text,
        theme=theme,
    )


def states_something(text: str) -> bool:
    """Whether a sentence of the model can be checked: it has content and is no mere beginning."""
    return bool(content_stems(text)) and not text.endswith((":", ",", ";"))


def _by_worth(sources: Sequence[Source]) -> list[tuple[Source, SourceSentence]]:
    """Evidence sentences: the best of each source first, then the second best of each."""
    ranked = [
        (rank, source.number, source, sentence)
        for source in sources
        for rank, sentence in enumerate(
            sorted((s for s in source.sentences if not s.introduces), key=lambda s: -s.worth)
        )
    ]
    ranked.sort(key=lambda item: item[:2])
    return [(source, sentence) for _, _, source, sentence in ranked]


def _repeats(text: str, other: str) -> bool:
    one, two = set(content_stems(text)), set(content_stems(other))
    return text == other or _within(one, two) or _within(two, one)


def _within(stems: set[str], other: set[str]) -> bool:
    """Whether a sentence of these stems says nothing, no figure above all, that the other lacks."""
    figures = {s for s in stems if s[0].isdigit()}
    return bool(stems) and len(stems & other) >= _REPEATED * len(stems) and figures <= other
