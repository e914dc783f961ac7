"""Two things that have changed places, whatever they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from rag.objections.objection import Objection
from rag.objections.tokens import REACH, Word
from rag.types import Verdict
from rag.words import STOP_WORDS

_BE = frozenset("is are was were be been being".split())
_PASSED_OVER = frozenset(",;:.()") | {"a", "an", "the", "such", "so"}
_MORE_ALIKE = 5  # pairs of words near one another
_NEAR = 2  # words on, at most
_AROUND_VERB = 5  # words to each side of a verb among which its two sides stand
_MOST_PAIRS = 150  # pairs of spans that are exchanged on trial


def exchanged_places(ours: Sequence[Word], theirs: Sequence[Word]) -> Iterator[Objection]:
    """Two things that have changed places: exchanged in the source, it is much more alike."""
    mine = [w.stem for w in ours if w.text not in _PASSED_OVER]
    known = [w.stem for w in theirs if w.text not in _PASSED_OVER]
    pairs = _neighbours(mine)
    telling = {w.stem for w in theirs if w.text not in STOP_WORDS | _PASSED_OVER}
    alike = len(_neighbours(known) & pairs)
    spans = _common_spans(known, mine, telling)
    # Spans that stand in another order in each text, by the places of their first words.
    placed = [(span, known.index(span[0]), mine.index(span[0])) for span in spans]
    crossed = (
        (one, other)
        for (one, i, k), (other, j, m) in combinations(placed, 2)
        if (i < j) != (k < m) and not set(one) & set(other)
    )
    voices = _changed_voice(ours, theirs, mine, known)
    least = min(_MORE_ALIKE, (min(len(mine), len(known)) + 3) // 2)
    for one, other in islice(crossed, _MOST_PAIRS):
        gain = len(_neighbours(_exchanged(known, one, other)) & pairs) - alike
        if gain < least or any(_stand_around(v, one, other, text) for v, text in voices):
            continue
        if not any(_is_listed(t, one, other) for t in (known, mine)):
            words = {w.stem: w.text for w in theirs}
            first, second = (" ".join(words[s] for s in span) for span in (one, other))
            reason = f"the source has '{first}' and '{second}' the other way round"
            yield Objection("exchange", reason, Verdict.UNSUPPORTED)
            return


def _changed_voice(
    ours: Sequence[Word], theirs: Sequence[Word], mine: Sequence[str], known: Sequence[str]
) -> list[tuple[str, Sequence[str]]]:
    """Verbs that only one of the texts has in the passive, with the stems of that text."""
    passive_here, passive_there = _passives(ours), _passives(theirs)
    return [
        *((v, mine) for v in passive_here - passive_there if v in known),
        *((v, known) for v in passive_there - passive_here if v in mine),
    ]


def _passives(words: Sequence[Word]) -> set[str]:
    """Stems of the verbs of "is replaced with" and "are quickly found by"."""
    found = set()
    for i, word in enumerate(words):
        if word.text in _BE:
            after = [w for w in words[i + 1 : i + 2 + REACH] if not w.text.endswith("ly")]
            if after and any(w.text in ("by", "with") for w in after[1:]):
                found.add(after[0].stem)
    return found


def _stand_around(
    verb: str, one: tuple[str, ...], other: tuple[str, ...], words: Sequence[str]
) -> bool:
    """Whether a verb stands between two spans that are near it, or in one of them."""
    low, high = sorted((words.index(one[0]), words.index(other[0])))
    place = words.index(verb)
    return verb in one + other or place - _AROUND_VERB <= low < place < high <= place + _AROUND_VERB


def _is_listed(words: Sequence[str], one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the two are members of one list, in which their order says nothing."""
    text = f" {' '.join(words)} "
    a, b = " ".join(one), " ".join(other)
    return any(
        re.search(rf" {re.escape(x)}(?: \S+)?(?: \S+)? (?:and|or) {re.escape(y)} ", text)
        for x, y in ((a, b), (b, a))
    )


def _neighbours(words: Sequence[str]) -> set[tuple[str, str]]:
    """Pairs of words that stand near one another, in their order."""
    return {pair for n in range(1, _NEAR + 1) for pair in zip(words, words[n:], strict=False)}


def _common_spans(
    known: Sequence[str], mine: Sequence[str], telling: set[str]
) -> list[tuple[str, ...]]:
    """Runs of one to three words that both texts have, with telling words at both ends."""
    own = {tuple(mine[i : i + n]) for n in (1, 2, 3) for i in range(len(mine))}
    found = {
        span: None
        for n in (1, 2, 3)
        for i in range(len(known) - n + 1)
        if (span := tuple(known[i : i + n])) in own and span[0] in telling and span[-1] in telling
    }
    return list(found)


def _exchanged(words: Sequence[str], one: tuple[str, ...], other: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    i = 0
    while i < len(words):
        for span, instead in ((one, other), (other, one)):
            if tuple(words[i : i + len(span)]) == span:
                found += instead
                i += len(span)
                break
        else:
            found.append(words[i])
            i += 1
    return found
