"""Opposites, such as "rises" and "falls", and the sides of a comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from rag.lexicon import are_opposite, are_same, root
from rag.objections.denials import after_not, places_denied
from rag.objections.objection import Objection
from rag.objections.tokens import REACH, Word, content_of, words_of
from rag.types import Verdict

_BEATS = (
    r"(?:outperform\w*|exceed\w*|surpass\w*|beat\w*|outd(?:id|o|oes|one)|top(?:s|ped)|"
    r"as \w+ as (?=\w+ or better)|(?:better|faster|larger|higher|"
    r"stronger|cheaper|smaller|more|greater|slower|worse|lower|fewer|less)\b[^,;.]{0,40}? than|"
    r"ahead of|above|over|preferred (?:to|over))"
)
_PASSIVE = (
    r"(?:is|are|was|were|be|been|being) (?:\w+ly )?(?:outperformed|exceeded|surpassed|beaten)"
)


def wrong_directions(
    ours: Sequence[Word], theirs: Sequence[Word], turned: frozenset[tuple[str, str]]
) -> Iterator[Objection]:
    """An opposite of what the source says; none where the sides are `turned` too."""
    # "Slow" is "not fast"; but "does not fall" is not "rises".
    places = places_denied(ours)
    denied = {w for i, w in enumerate(ours) if i in places or after_not(ours, i)}
    for lost, new in _replaced(ours, theirs):
        cancelled = new in denied or (lost.stem, new.stem) in turned
        if are_opposite(lost.stem, new.stem) and not cancelled:
            yield Objection(
                "direction",
                f"the source says '{lost.text}', not '{new.text}'",
                Verdict.UNSUPPORTED,
            )
            return
    for word in ours:
        if not word.text.isalpha() or word in denied:
            continue
        if any(are_same(word.stem, t.stem) for t in theirs):
            continue
        for other in theirs:
            if (
                are_opposite(word.stem, other.stem)
                and (other.stem, word.stem) not in turned
                and not any(are_same(o.stem, other.stem) for o in ours)
            ):
                yield Objection(
                    "direction",
                    f"the source says '{other.text}', not '{word.text}'",
                    Verdict.UNSUPPORTED,
                )
                return


def _replaced(ours: Sequence[Word], theirs: Sequence[Word]) -> Iterator[tuple[Word, Word]]:
    """(the source's word, the sentence's word) where the two, laid side by side, differ."""
    matcher = SequenceMatcher(None, [w.stem for w in theirs], [w.stem for w in ours], False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "replace" and j - i <= REACH and m - k <= REACH:
            yield from ((lost, new) for lost in theirs[i:j] for new in ours[k:m])


def wrong_comparisons(sentence: str, source: str) -> Iterator[Objection]:
    """Two things that are compared stand on the same sides, by name."""
    mine, known = _compared(sentence), _compared(source)
    for (left, right), way in mine.items():
        other = known.get((right, left))
        if other and (left, right) not in known and not are_opposite(way, other):
            written = {w.stem: w.text for w in words_of(source)}
            yield Objection(
                "comparison",
                f"the source has '{written[left]}' and '{written[right]}' the other way round",
                Verdict.UNSUPPORTED,
            )
            return


def turned_opposites(sentence: str, source: str) -> frozenset[tuple[str, str]]:
    """Opposites whose sides have changed too: "A is faster than B", "B is slower than A"."""
    mine, known = _compared(sentence), _compared(source)
    return frozenset(
        (known[right, left], way)
        for (left, right), way in mine.items()
        if (right, left) in known and are_opposite(known[right, left], way)
    )


def _compared(text: str) -> dict[tuple[str, str], str]:
    """(ahead, behind) for pairs of words around each comparison, with the stem of its first word.

    The sides of a passive are turned.
    """
    found = {}
    for match in re.finditer(rf"{_PASSIVE} by|{_BEATS}", text, re.IGNORECASE):
        before = content_of(text[: match.start()])[-3:]
        after = content_of(text[match.end() :])[:3]
        turned = match[0].lower().endswith(" by")
        for left in before:
            for right in after:
                if left != right:
                    pair = (right, left) if turned else (left, right)
                    found[pair] = root(match[0].lower().split()[0])
    return found
