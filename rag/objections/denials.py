"""What one text denies and the other affirms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.lexicon import PARTIAL, TOTAL, are_opposite, root
from rag.objections.objection import Objection
from rag.objections.tokens import BORDERS, REACH, Word, is_content, next_content
from rag.types import Verdict
from rag.words import NEGATIONS

# What denies the whole clause that it stands in, and what denies only what follows.
_DENY_CLAUSE = NEGATIONS - {"lack", "lacks", "lacked", "without"} | frozenset(
    "unable nothing nobody nowhere hardly barely scarcely refuse refuses".split()
)
_DENY_ON = frozenset("lack lacks lacked without instead rather except little few less".split())
_SENTENCE_DENIES = NEGATIONS - {"lack", "lacks", "lacked", "without"} | {"unable"}
_DENY_GOVERNING = _SENTENCE_DENIES | {"without"}
_COMPARATIVES = frozenset("more larger greater higher longer less fewer smaller".split())
_NEGATIVE_PREFIX = re.compile(
    r"un(?!der|it|iq|ion|iv|til|less)(?=\w{5})|non(?=\w{3})"
    r"|(?:in|im)(?=valid|abil|accur|correct|suffic|consist|complet|effici|depend|possib|plaus|freq)"
    r"|dis(?=agree|simil|card|appear)"
)
_SUBORDINATE = frozenset("so which because since still".split())


def wrong_denials(ours: Sequence[Word], theirs: Sequence[Word]) -> Iterator[Objection]:
    """What only one of the two denies; one objection at most."""
    if any(_is_unheard_of(ours, place, theirs) for place in _places_of_denial(ours)):
        yield Objection("negation", "the source says it does", Verdict.UNSUPPORTED)
        return
    places = places_denied(theirs)
    denied = {theirs[i].stem for i in places} - {ours[i].stem for i in places_denied(ours)}
    # A word that is denied here may be affirmed there, of something else.
    affirmed = {(w.stem, next_content(theirs, w)) for i, w in enumerate(theirs) if i not in places}
    for i, word in enumerate(ours):
        said = (word.stem, next_content(ours, word))
        if word.stem in denied and said not in affirmed and not _is_denied(ours, i):
            yield Objection("negation", "the source says it does not", Verdict.UNSUPPORTED)
            return


def _places_of_denial(words: Sequence[Word]) -> list[int]:
    """Where a text says "not"; "not only", "no more than" and the like deny nothing."""
    following = [w.text for w in words[1:]] + ["", ""]
    return [
        i
        for i, word in enumerate(words)
        if word.text in _SENTENCE_DENIES
        and following[i] not in ("only", "other")
        and not (following[i] in _COMPARATIVES and following[i + 1] == "than")
    ]


def _is_unheard_of(ours: Sequence[Word], place: int, theirs: Sequence[Word]) -> bool:
    """Whether the source has nothing like the denial at a place of the sentence."""
    if ours[place].text == "not" and place + 1 < len(ours) and ours[place + 1].text in TOTAL:
        return not any(w.text in PARTIAL | _DENY_CLAUSE for w in theirs)  # "some" is "not all"
    governed = _governed(ours, place)
    stem = ours[governed].stem if governed is not None else None
    if stem is not None:
        if any(_negates(w, stem) for w in theirs):
            return False
        places = [i for i, w in enumerate(theirs) if w.stem == stem]
        if places:
            return not any(_is_denied(theirs, i) for i in places)
    return not any(w.text in _DENY_CLAUSE | _DENY_ON or _prefixed(w) for w in theirs)


def _negates(word: Word, stem: str) -> bool:
    """Whether a word denies another: "unreliable" does "reliable", "slow" does "fast"."""
    bare = _prefixed(word)
    return are_opposite(word.stem, stem) or (bare is not None and root(bare) == stem)


def _prefixed(word: Word) -> str | None:
    """What is left of a word without a prefix that may deny it."""
    match = _NEGATIVE_PREFIX.match(word.text)
    return word.text[match.end() :] if match else None


def _is_denied(words: Sequence[Word], place: int) -> bool:
    """Whether a word is denied: by its clause, or by what stands before it there."""
    if place in places_denied(words):
        return True
    low = high = place
    while low > 0 and words[low - 1].text not in BORDERS | _SUBORDINATE:
        low -= 1
    while high < len(words) and words[high].text not in BORDERS | _SUBORDINATE | {"that"}:
        high += 1
    near = words[max(low, place - REACH) : place]
    return any(w.text in _DENY_ON | {"no"} for w in near) or any(
        words[i].text in _DENY_CLAUSE
        and not (i and words[i - 1].text == "with")  # "with no labels"
        for i in range(low, high)
    )


def places_denied(words: Sequence[Word]) -> set[int]:
    """Where what is denied stands: the first content word or verb after each denial."""
    places = (_governed(words, i) for i, w in enumerate(words) if w.text in _DENY_GOVERNING)
    return {i for i in places if i is not None}


def _governed(words: Sequence[Word], place: int) -> int | None:
    """Where the first content word after a denial stands: "does not greatly help" is of help."""
    for i in range(place + 1, min(place + 1 + REACH, len(words))):
        if is_content(words[i]) and not words[i].text.endswith("ly"):
            return i
    return None


def after_not(words: Sequence[Word], place: int) -> bool:
    """Whether the word at a place follows "not"."""
    return place > 0 and words[place - 1].text == "not"
