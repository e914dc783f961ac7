"""May a shorter sentence stand where a quotation stands? Only if what it leaves out is not missed.

A sentence that its source bears out may still leave out what was asked for, or what its source
limits the rest by. What may go is little: a clause behind a comma, a bracket, a beginning such as
"In this paper" or "We show that"; with no word of the question in it, no figure, and no "though".
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from rag.words import NUMBER, WORD, content_stems, numbers, stem

_LEAST_SAID = 0.5  # share of the quotation's words
_TOKEN = re.compile(rf"{NUMBER.pattern}|{WORD.pattern}")
_SEAM = re.compile(r"[,;:()—–]")
_PERSON = frozenset("we our ours us the authors their they a an this paper work study also".split())
_CONTRASTS = frozenset(
    """
    though although but while whereas however except unless only yet despite unlike if when where
    not no than remain remains still because since
    """.split()
)
_OWN_WORK = frozenset("paper work study article report here".split())
_CONNECTIVES = frozenset(
    """
    however moreover furthermore additionally finally specifically overall notably further indeed
    therefore thus hence first second third firstly secondly thirdly also then consequently
    importantly interestingly surprisingly
    """.split()
)


def says_as_much(text: str, quotation: str, question: str) -> bool:
    """Whether a borne-out sentence may take the place of a quotation in answer to a question."""
    if len(text.split()) < _LEAST_SAID * len(quotation.split()):
        return False
    if not set(numbers(quotation)) <= set(numbers(text)):
        return False
    tokens = list(_TOKEN.finditer(quotation))
    theirs = [t[0].lower() for t in tokens]
    ours = [t.lower() for t in _TOKEN.findall(text)]
    asked = set(content_stems(question))
    for kind, i, j, _, _ in SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        # What was moved is not lost.
        lost = [t for t in theirs[i:j] if t not in ours and t not in _PERSON]
        if kind in ("equal", "insert") or not lost:
            continue
        if any(stem(t) in asked for t in lost):
            return False
        before = quotation[tokens[i - 1].end() if i else 0 : tokens[i].start()]
        behind = quotation[tokens[j - 1].end() : tokens[j].start() if j < len(tokens) else None]
        if i == 0:
            fair = _is_fair_beginning(theirs[:j], lost)
        elif j == len(tokens):
            fair = bool(_SEAM.search(before)) and theirs[i] not in ("and", "or")
            fair = fair and not _CONTRASTS & set(theirs[i:j])
        else:
            set_off = _SEAM.search(before) and _SEAM.search(behind)
            fair = len(lost) == 1 or bool(set_off and not _CONTRASTS & set(theirs[i:j]))
        if not fair:
            return False
    return True


def _is_fair_beginning(words: list[str], lost: list[str]) -> bool:
    if set(lost) <= _CONNECTIVES or _OWN_WORK & set(words):
        return True
    return words[0] == "to" or (words[-1] == "that" and not _CONTRASTS & set(words))
