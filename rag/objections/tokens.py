"""A text -> its words, marks and numbers, each with its stem and its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.lexicon import root
from rag.words import STOP_WORDS

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*|[,;:.()]")
# Where a clause ends.
BORDERS = frozenset(", ; : . ( ) and but while whereas although though yet".split())
REACH = 4  # words after a denial or a "some" among which stands what it is said of


@dataclass(frozen=True, slots=True)
class Word:
    """A word, mark or number of a text."""

    text: str  # lower case
    stem: str
    place: int
    start: int  # characters


def words_of(text: str) -> list[Word]:
    """In their order; "cannot" is two words, and "isn't" is "not"."""
    found = []
    for place, match in enumerate(_TOKEN.finditer(text)):
        token = match[0].lower()
        lower = "not" if token.endswith(("n't", "n’t")) else token
        first = "can" if lower == "cannot" else lower
        found.append(Word(first, root(lower), place, match.start()))
        if lower == "cannot":
            found.append(Word("not", "not", place, match.start()))
    return found


def is_content(word: Word) -> bool:
    """Whether a word says what a text is about."""
    return word.text.isalpha() and word.text not in STOP_WORDS


def content_of(text: str) -> list[str]:
    """Stems of the content words."""
    return [w.stem for w in words_of(text) if is_content(w)]


def next_content(words: Sequence[Word], word: Word) -> str | None:
    """Stem of the content word that soon follows in the clause: what a "some" is said of."""
    after = [w for w in words if word.place < w.place <= word.place + REACH]
    for w in after:
        if w.text in ",;:.()":
            return None
        if w.text.isalpha() and w.text not in STOP_WORDS:
            return w.stem
    return None
