"""Is this sentence borne out by what it cites? -> verdict, best source sentence, reason; pure.

A first, strict check. A sentence is supported when it is a source sentence with nothing but light
edits (`rag.edits`). It would rather doubt a fair paraphrase than pass a sentence that says
something else: a doubt only costs a quotation.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.edits import is_light_edit
from rag.types import Source, SourceSentence, Support, Verdict
from rag.words import content_stems, negations, numbers, stem, words

# Shares of a sentence's content words that its source must hold, and hold in the same order, for a
# sentence that is more than a light edit to be partly supported.
_PARTLY_COVERAGE, _PARTLY_ORDER = 0.65, 0.5
_NEAREST = 3  # source sentences that a sentence is compared with
_OPPOSITES = [
    ("increase", "decrease"), ("increase", "reduce"), ("higher", "lower"), ("better", "worse"),
    ("improve", "degrade"), ("improve", "worsen"), ("more", "fewer"), ("more", "less"),
    ("larger", "smaller"), ("faster", "slower"), ("gain", "loss"), ("best", "worst"),
    ("strong", "weak"), ("positive", "negative"), ("always", "sometimes"), ("always", "rarely"),
    ("all", "some"), ("easy", "difficult"), ("outperform", "underperform"), ("up", "down"),
    ("before", "after"), ("rise", "fall"), ("above", "below"), ("agree", "disagree"),
]  # fmt: skip


def check_support(sentence: str, sources: Sequence[Source]) -> Support | None:
    """Check one sentence against the sentences of the sources it cites; None without any source."""
    stems = content_stems(sentence)
    pairs = [(s, t) for s in sources for t in s.sentences]
    pairs.sort(key=lambda pair: -_nearness(stems, pair[1].text))
    if not pairs:
        return None
    for source, near in pairs[:_NEAREST]:
        if stems and is_light_edit(sentence, near.text, source.paper.title):
            return Support(Verdict.SUPPORTED, source.number, near, "")
    source, best = pairs[0]
    verdict, reason = _doubt(sentence, stems, best, _whole(source))
    return Support(verdict, source.number, best, reason)


def _whole(source: Source) -> str:
    """Title and evidence sentences of one source: where its words and numbers may come from."""
    return " ".join([source.paper.title + ".", *(s.text for s in source.sentences)])


def _nearness(stems: Sequence[str], text: str) -> float:
    other = content_stems(text)
    return _coverage(stems, other) + _order(stems, other)


def _doubt(
    sentence: str, stems: Sequence[str], best: SourceSentence, whole: str
) -> tuple[Verdict, str]:
    """How far a sentence is from its source, and what is wrong with it first of all."""
    if not stems:
        return Verdict.UNSUPPORTED, "it says nothing that a source could bear out"
    known = set(numbers(whole))
    for number in numbers(sentence):
        if number not in known:
            return Verdict.UNSUPPORTED, f"{number} is not in the source"
    if (negations(sentence) > 0) != (negations(best.text) > 0):
        says = "does not" if negations(best.text) else "does"
        return Verdict.UNSUPPORTED, f"the source says it {says}"
    opposite = _opposite(sentence, best.text)
    if opposite:
        return Verdict.UNSUPPORTED, f"the source says '{opposite[1]}', not '{opposite[0]}'"
    source_stems = content_stems(whole)
    missing = [w for w in words(sentence) if stem(w) in set(stems) - set(source_stems)]
    reason = (
        f"not in the source: {', '.join(dict.fromkeys(missing[:4]))}"
        if missing
        else "the source puts these words together differently"
    )
    near = _coverage(stems, source_stems) >= _PARTLY_COVERAGE
    if near and _order(stems, content_stems(best.text)) >= _PARTLY_ORDER:
        return Verdict.PARTLY, reason
    return Verdict.UNSUPPORTED, reason


def _coverage(stems: Sequence[str], source: Sequence[str]) -> float:
    """Share of the sentence's stems that stand in the source."""
    known = set(source)
    return sum(s in known for s in stems) / len(stems) if stems else 0.0


def _order(stems: Sequence[str], source: Sequence[str]) -> float:
    """Share of the sentence's stems in the longest common subsequence with the source.

    "A outperforms B" and "B outperforms A" share every word but only a third to two thirds of
    their order.
    """
    if not stems:
        return 0.0
    row = [0] * (len(source) + 1)
    for a in stems:
        diagonal = 0
        for j, b in enumerate(source, start=1):
            diagonal, row[j] = row[j], diagonal + 1 if a == b else max(row[j], row[j - 1])
    return row[-1] / len(stems)


def _opposite(sentence: str, source: str) -> tuple[str, str] | None:
    """A word of the sentence whose opposite, but not itself, stands in the source."""
    ours = {stem(w): w for w in words(sentence)}
    theirs = {stem(w): w for w in words(source)}
    for pair in _OPPOSITES:
        for one, other in (pair, pair[::-1]):
            a, b = stem(one), stem(other)
            if a in ours and a not in theirs and b in theirs and b not in ours:
                return ours[a], theirs[b]
    return None
