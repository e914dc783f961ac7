"""Numbers, with their units, their bounds and what they belong to."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rag.objections.objection import Objection
from rag.objections.tokens import BORDERS, Word, is_content
from rag.quantities import Quantity, quantities
from rag.types import Verdict

# How much more of what stands around a number must stand around another one, for that to be meant.
_NEARER = 0.5
_WINDOW = 5  # words to each side of a number that say what it is the number of


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What stands around a number."""

    near: dict[str, float]  # stems of content words, with how near they are
    before: str | None  # stem of the nearest content word of the clause, up to another number
    after: str | None


def wrong_quantities(
    sentence: str, source: str, title: str, ours: Sequence[Word], theirs: Sequence[Word]
) -> Iterator[Objection]:
    """Numbers the source does not have, or has in another unit, bound or place."""
    numbers, known = quantities(sentence), quantities(source)
    named = {q.value for q in quantities(title)}
    places = _around(theirs, known)
    for mine, around in zip(numbers, _around(ours, numbers), strict=True):
        same = [q for q in known if q.value == mine.value]
        if not same:
            if mine.value not in named and mine.is_telling:
                yield Objection("number", f"{mine.text} is not in the source", Verdict.UNSUPPORTED)
            continue
        if mine.is_telling and not any(mine.fits(q) for q in same):
            reason = f"the source says {_written(source, same[0])}, not {_written(sentence, mine)}"
            yield Objection("unit", reason, Verdict.UNSUPPORTED)
            continue
        if not any(_is_bounded_alike(mine, q) for q in same):
            yield _bound_objection(mine, same[0])
            continue
        ends = {mine.bound} & {q.bound for q in same} - {""}  # 'from' is as telling as what is near
        bounds = ends or {q.bound for q in known}
        others = [
            (q, place)
            for q, place in zip(known, places, strict=True)
            if q.value != mine.value and q.fits(mine, value=False) and q.bound in bounds
        ]
        own = [p for q, p in zip(known, places, strict=True) if q.value == mine.value]
        better = _better_place(around, own, [place for _, place in others])
        if better is not None:
            yield Objection(
                "number",
                f"the source gives {mine.text} for something else; "
                f"here it says {others[better][0].text}",
                Verdict.UNSUPPORTED,
            )


def _is_bounded_alike(mine: Quantity, known: Quantity) -> bool:
    """Whether both are "at least", "up to" or neither; the ends of a range may go unnamed."""
    ends = {mine.bound, known.bound}
    # "Pushed up to 80" says where it ended; a gain over 12 rivals is over no fewer of them.
    is_loose = (
        (known.bound == "to" and mine.bounded_by == "up to")
        or (not known.bound and mine.bounded_by in ("over", "above", "under", "below"))
        or (not mine.bound and known.bounded_by in ("over", "above", "below"))
    )
    is_end = ends != {"from", "to"} and not ends & {"lower", "upper"}
    return len(ends) == 1 or is_loose or is_end


def _bound_objection(mine: Quantity, known: Quantity) -> Objection:
    if known.bound:
        turned = bool(mine.bound)
        other = f", not '{mine.bounded_by}'" if turned else ""
        reason = f"the source says '{known.bounded_by}'{other}"
        verdict = Verdict.UNSUPPORTED if turned else Verdict.PARTLY
        return Objection("bound", reason, verdict)
    reason = f"the source does not say '{mine.bounded_by}'"
    return Objection("bound", reason, Verdict.PARTLY)


def _written(text: str, quantity: Quantity) -> str:
    """The number as it stands in its text, with its unit: "40 ms", "57%"."""
    return text[quantity.start : quantity.end].strip()


def _better_place(
    mine: _Surroundings, own: Sequence[_Surroundings], rivals: Iterable[_Surroundings]
) -> int | None:
    """Which of the source's other numbers stands where the sentence has this one."""
    best = max(_shared(mine.near, q.near) for q in own)
    alike = [(_shared(mine.near, q.near), i, q) for i, q in enumerate(rivals)]
    for near, i, rival in sorted(alike, key=lambda a: -a[0]):
        if near >= best + _NEARER:
            return i
        if near >= best and all(_is_nearer(mine, rival, q) for q in own):
            return i
    return None


def _is_nearer(mine: _Surroundings, rival: _Surroundings, own: _Surroundings) -> bool:
    """Whether the word next to the number speaks for the rival on one side, for `own` on none."""
    sides = (
        (mine.before, rival.before, own.before),
        (mine.after, rival.after, own.after),
    )
    speaks = [(a is not None and a == b, a is not None and a == c) for a, b, c in sides]
    return (True, False) in speaks and (False, True) not in speaks


def _around(words: Sequence[Word], known: Sequence[Quantity]) -> list[_Surroundings]:
    """What stands around each number of a text, given its words and all its numbers."""
    starts = [w.start for w in words]
    found = []
    for i, quantity in enumerate(known):
        left = bisect_left(starts, quantity.start)
        right = bisect_left(starts, quantity.end)
        low = known[i - 1].end if i else 0
        high = known[i + 1].start if i + 1 < len(known) else math.inf
        near: dict[str, float] = {}
        sides = (reversed(words[:left]), words[right:])
        for side in sides:
            content = islice((w.stem for w in side if is_content(w)), _WINDOW)
            for distance, word in enumerate(content):
                near[word] = max(near.get(word, 0.0), 1 / (1 + distance))
        before, after = (
            _nearest(w for w in side if low <= w.start < high)
            for side in (words[:left][::-1], words[right:])
        )
        found.append(_Surroundings(near, before, after))
    return found


def _nearest(words: Iterable[Word]) -> str | None:
    """The first content word, before the clause ends."""
    for word in words:
        if word.text in BORDERS:
            return None
        if is_content(word):
            return word.stem
    return None


def _shared(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * math.sqrt(other[word]) for word, weight in one.items() if word in other)
