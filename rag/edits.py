"""Is one sentence a light edit of another? Laid side by side, word by word; pure.

Harmless are: a clause cut off at its seam, "we" become "the authors", an aside or a strengthening
adverb left out, an opening phrase moved to the end. A word that is new, moved or lost from the
middle is not, nor is the cutting of what denies, doubts or bounds the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.words import NEGATIONS, NUMBER, WORD, plain_number, stem


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that may come and go: they name the authors, point, or carry the grammar.
_NEUTRAL = _set(
    """
    a an the we our ours author authors they their it its this that these those is are was were be
    been being has have had do does did also here paper work study article abstract which indeed
    however moreover furthermore additionally finally specifically overall notably
    """
)
_STRENGTHENING = _set(
    """
    significantly substantially considerably greatly consistently notably particularly especially
    clearly effectively efficiently remarkably further very highly
    """
)
# Stems of what reports the rest as found: "we show that", "our results demonstrate that".
_REPORTING = frozenset(
    map(stem, "show find found observe report demonstrate note see result experiment".split())
)
# Nouns that a paper's own name may stand for: "our model achieves" -> "BERT achieves".
_OWN_THING = _set("model method approach system framework")
# What denies, doubts or bounds the clause it stands in.
_LIMITS = NEGATIONS | _set(
    """
    may might could would should possibly potentially perhaps likely unlikely seem seems appear
    appears suggest suggests sometimes often usually typically rarely seldom hardly barely mostly
    mainly partly partially almost nearly roughly approximately only just most some few several if
    unless whether until except when whenever provided assuming claim claims claimed hypothesis
    hypothesize hypothesise conjecture believe believed expected tried attempt aim seek hope than
    once formerly little less fewer unclear
    """
)
_CONDITIONS = _set("if unless whether until except when whenever only provided assuming without")
# A phrase or clause may be cut off before these.
_SEAMS = _set(
    """
    and but while whereas although though because since as by for from with on in at of to into
    across through via over under among during after before where which who compared using
    including such making leading resulting instead rather
    """
)
# What may stand before the comma that an opening phrase ends with.
_OPENERS = _set(
    """
    in on for with by using at under across among from after during compared while whereas although
    though despite unlike like to based beyond besides given through via building inspired motivated
    """
)
_ASIDES = _SEAMS | _set("unlike like namely especially particularly however therefore thus e i")
_SUBJECTS = _set("we it our they this these")
_FRONTED = re.compile(
    r"((?:in|on|for|with|by|using|at|under|across|among|from|during|after|compared)\b[^,;:]{1,80})"
    r",\s+(.+?)([.!?]?)$",
    re.IGNORECASE,
)
# "p < 0.05" and "p > 0.05" differ in a sign only.
_TOKEN = re.compile(rf"({NUMBER.pattern})|({WORD.pattern}|[<>≤≥=≠±≈~↑↓→←])|([,;:()–—])")


@dataclass(frozen=True, slots=True)
class _Token:
    key: str  # a stem, or a number in one spelling; what is compared
    word: str  # lower case
    mark: str  # the punctuation in front of it, or nothing


def is_light_edit(sentence: str, source: str, title: str = "") -> bool:
    """Whether `sentence` says what `source` says, in its words; `title` is the source's paper."""
    name = {t.key for t in _tokens(title.split(":")[0])} if ":" in title else set()
    versions = [(sentence, source), (_moved_back(sentence), _moved_back(source))]
    return any(_is_edit(_tokens(ours), _tokens(theirs), name) for ours, theirs in versions)


def _moved_back(text: str) -> str:
    """The sentence with its opening phrase at the end: "On A, it works." -> "it works On A."."""
    return _FRONTED.sub(r"\2 \1\3", text)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    mark = ""
    for number, word, punctuation in _TOKEN.findall(text):
        if punctuation:
            mark += punctuation
            continue
        if number:
            key = plain = plain_number(number)
        elif word == "A" and tokens:
            key = plain = word  # inside a sentence a name, not an article
        else:
            plain = "not" if word.endswith(("n't", "n’t")) else word.lower()
            key = stem(plain)
        tokens.append(_Token(key, plain, mark))
        mark = ""
    return tokens


def _is_edit(ours: Sequence[_Token], theirs: Sequence[_Token], name: set[str]) -> bool:
    matcher = SequenceMatcher(None, [t.key for t in theirs], [t.key for t in ours], autojunk=False)
    changes = matcher.get_opcodes()
    same = [c for c in changes if c[0] == "equal"]
    if not any(t.word not in _NEUTRAL for c in same for t in theirs[c[1] : c[2]]):
        return False
    begin, end = same[0][1], same[-1][2]
    for kind, i, j, k, m in changes:
        lost, new = theirs[i:j], ours[k:m]
        if kind == "equal":
            continue
        if j <= begin:
            fair = _fair_opening(lost, new, theirs[begin], name)
        elif i >= end:
            fair = not _beyond(new, _NEUTRAL) and _fair_ending(lost)
        else:
            fair = not _beyond(new, _NEUTRAL) and _fair_gap(lost, theirs[j])
        if not fair:
            return False
    return True


def _beyond(tokens: Iterable[_Token], *allowed: Iterable[str]) -> bool:
    """Whether some token is in none of the sets, neither its word nor its stem."""
    known = set().union(*allowed)
    return any(t.word not in known and t.key not in known for t in tokens)


def _fair_opening(
    lost: Sequence[_Token], new: Sequence[_Token], kept: _Token, name: set[str]
) -> bool:
    if new and name and not _beyond(new, _NEUTRAL, name):
        return not _beyond(lost, _NEUTRAL, _OWN_THING)
    if _beyond(new, _NEUTRAL):
        reported = new[-1].word == "that" and not _beyond(new, _NEUTRAL, _REPORTING)
        return reported if not lost else not _beyond([*new, *lost], _NEUTRAL, _REPORTING)
    if not _beyond(lost, _NEUTRAL, _REPORTING, ("and", "but", "yet")):
        return True
    if lost[-1].word == "that":
        return any(t.key in _REPORTING for t in lost) and not _has(lost, _LIMITS)
    if _has(lost, _CONDITIONS):
        return False
    mark = kept.mark or (lost[-1].mark if lost[-1].word in ("and", "but") else "")
    return bool(set(mark) & set(";:—")) or (
        "," in mark and (lost[0].word in _OPENERS or kept.word in _SUBJECTS)
    )


def _fair_ending(lost: Sequence[_Token]) -> bool:
    if not lost:
        return True
    clause = next((n for n, t in enumerate(lost) if t.mark), len(lost))
    if clause == 0 or lost[0].word in ("but", "while", "whereas", "although", "though"):
        return not _has(lost[:2], _CONDITIONS)
    return lost[0].word in _SEAMS and not _has(lost[:clause], _LIMITS)


def _fair_gap(lost: Sequence[_Token], after: _Token) -> bool:
    if not _beyond(lost, _NEUTRAL, _STRENGTHENING):
        return True
    set_off = "(" in lost[0].mark or (lost[0].mark and lost[0].word in _ASIDES)
    return bool(set_off and after.mark) and not _has(lost, _LIMITS)


def _has(tokens: Iterable[_Token], some: Iterable[str]) -> bool:
    return any(t.word in some for t in tokens)
