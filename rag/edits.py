"""Is one sentence a light edit of another? Laid side by side, word by word; pure.

Harmless are: a clause cut off at its seam, "we" become "the authors", an aside or a strengthening
adverb left out, an opening phrase moved to the end. A word that is new, moved or lost from the
middle is not, nor is the cutting of what denies, doubts or bounds the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

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
_ORDERS = _set("show find observe report demonstrate note see")
# Nouns that a paper's own name may stand for, where they are said to be its own: "our model
# achieves" -> "BERT achieves".
_OWN_THING = _set("model method approach system framework")
_OWN = _set("our this it its we")
_LONGEST_NAME = 2  # words before the colon of a title
_FIRST_PERSON, _THIRD_PERSON = _set("we our ours us"), _set("they their theirs them")
_BE = _set("is are was were be been being")
# What denies, doubts or bounds the clause it stands in.
_LIMITS = NEGATIONS | _set(
    """
    may might could would should possibly potentially perhaps likely unlikely seem seems appear
    appears suggest suggests sometimes often usually typically rarely seldom hardly barely mostly
    mainly partly partially almost nearly roughly approximately only just most some few several if
    unless whether until except when whenever provided assuming claim claims claimed hypothesis
    hypothesize hypothesise conjecture believe believed expected tried attempt aim seek hope than
    once formerly little less fewer unclear zero nobody nothing theory principle respectively
    exception one
    """
)
# What says of the rest that it is not so.
_DENIALS = _set(
    """
    myth false wrong untrue incorrect mistaken fiction refute refutes refuted reject rejects
    rejected contradict contradicts contradicted deny denies denied doubt doubts doubted contrary
    unsupported unproven disprove disproves disproved vanishes vanish supposedly allegedly ask asks
    asked question nobody nothing retract retracts retracted belief assume suppose critics wrongly
    error opposite problem
    """
)
# A clause that begins so says something of its own, whatever it says.
_OPPOSING = _set("but while whereas although though")
_CONTRASTS = _set("but while whereas although though despite unlike compared which who and yet")
# A phrase that begins so may stand elsewhere in its clause.
_MOVABLE = _set(
    """
    on in for with by using at under across among from after before during when without compared
    through via
    """
)
_SHORTEST_MOVED = 2  # words
_CLAUSE_WORDS = _set(
    """
    and or but while whereas although though which that who because since so if unless than not no
    never nor only
    """
)
# A clause with one of these says less, or more, without its end: "wins on all maps".
_BOUND = NEGATIONS | _set("all every any none each always never nobody nothing everything as so")
_EXCEPT_FROM = NEGATIONS | _set("all every any none each nobody nothing everything")
_LONGEST = 150  # words of either sentence; beyond, only the very same sentence passes
_MOVES_TRIED = 20
_LEAST = 2  # words that carry something, of what is kept
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
    if sentence.strip() == source.strip():
        return True
    if "://" in sentence or source.rstrip().endswith("?"):
        return False  # an address, or a statement, without what was asked of it
    mine, known = _tokens(sentence), _tokens(source)
    if max(len(mine), len(known)) > _LONGEST:
        return False
    name = {t.key for t in _tokens(title.split(":")[0])} if ":" in title else set()
    name = name if len(name) <= _LONGEST_NAME else set()
    moved_back = (_tokens(_moved_back(sentence)), _tokens(_moved_back(source)))
    if _is_edit(mine, known, name) or _is_edit(*moved_back, name):
        return True
    rests = islice(_without_moved_phrase(mine, known), _MOVES_TRIED)
    return any(_is_edit(ours, theirs, name) for ours, theirs in rests)


def _moved_back(text: str) -> str:
    """The sentence with its opening phrase at the end: "On A, it works." -> "it works On A."."""
    return _FRONTED.sub(r"\2 \1\3", text)


def _without_moved_phrase(
    ours: Sequence[_Token], theirs: Sequence[_Token]
) -> Iterator[tuple[list[_Token], list[_Token]]]:
    """Both sentences without a phrase that stands at two places of one clause."""
    for i, first in enumerate(theirs):
        if first.word not in _MOVABLE:
            continue
        for k in (k for k, t in enumerate(ours) if t.key == first.key):
            longest = 0
            for mine, known in zip(ours[k:], theirs[i:], strict=False):
                if mine.key != known.key or (longest and _ends_clause(known)):
                    break
                longest += 1
            for length in range(longest, _SHORTEST_MOVED - 1, -1):
                rest = [*ours[:k], *ours[k + length :]]
                source = [*theirs[:i], *theirs[i + length :]]
                if rest and source and _in_one_clause(rest, k, source, i):
                    yield rest, source


def _in_one_clause(
    ours: Sequence[_Token], place: int, theirs: Sequence[_Token], origin: int
) -> bool:
    """Whether all between where a phrase stood and where it has come to is kept, in one clause."""
    matcher = SequenceMatcher(None, [t.key for t in theirs], [t.key for t in ours], autojunk=False)
    blocks = [b for b in matcher.get_matching_blocks() if b.size]
    if not blocks:
        return False
    # The place between two words of the source that the phrase has come to.
    before = [b.a + min(b.size, place - b.b) for b in blocks if b.b < place]
    come_to = before[-1] if before else blocks[0].a
    low, high = sorted((come_to, origin))
    kept = {a for b in blocks for a in range(b.a, b.a + b.size)}
    return low != high and not any(
        _ends_clause(t) or (n not in kept and t.word not in _NEUTRAL)
        for n, t in enumerate(theirs[low:high], start=low)
    )


def _ends_clause(token: _Token) -> bool:
    joined = token.word in ("and", "or") and not token.mark  # members of one list, or two verbs
    return not joined and (token.word in _CLAUSE_WORDS or bool(set(token.mark) & set(";:()—")))


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
    kept = [t for c in same for t in theirs[c[1] : c[2]] if t.word not in _NEUTRAL]
    if len(kept) < min(_LEAST, len(theirs)):
        return False
    begin, end = same[0][1], same[-1][2]
    two_sides = _has(theirs, _FIRST_PERSON) and _has(theirs, _THIRD_PERSON)
    for kind, i, j, k, m in changes:
        lost, new = theirs[i:j], ours[k:m]
        if kind == "equal":
            continue
        if two_sides and _has(new, _FIRST_PERSON | _THIRD_PERSON):
            return False  # "their model beats our model"
        after = [(t.word, t.key) for t in (*theirs[j : j + 1], *ours[m : m + 1])]
        if _has([*lost, *new], _BE) and len({w for w, _ in after}) > len({k for _, k in after}):
            return False  # "is outperformed" and "outperforms"
        if j <= begin:
            fair = _fair_opening(lost, new, theirs[begin], name)
        elif i >= end:
            fair = not _beyond(new, _NEUTRAL) and _fair_ending(lost, theirs[:i])
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
    if name and _beyond(new, _NEUTRAL) and not _beyond(new, _NEUTRAL, name):
        is_own = _has(lost, _OWN) and not any(t.word != t.key for t in lost if t.key in _OWN_THING)
        return is_own and not _beyond(lost, _NEUTRAL, _OWN_THING)
    if _beyond(new, _NEUTRAL):
        reported = new[-1].word == "that" and not _beyond(new, _NEUTRAL, _REPORTING)
        return reported if not lost else not _beyond([*new, *lost], _NEUTRAL, _REPORTING)
    if not _beyond(lost, _NEUTRAL, _REPORTING, ("and", "but", "yet")):
        return True
    if lost[-1].word == "that":
        # "We report that" is reported; "Report that" is an order.
        return (
            any(t.key in _REPORTING for t in lost)
            and lost[0].word not in _ORDERS
            and not _has(lost, _LIMITS | _DENIALS)
        )
    if _has(lost, _CONDITIONS):
        return False
    if lost[0].word not in _CONTRASTS and _has(lost, _LIMITS | _DENIALS):
        return False
    mark = kept.mark or (lost[-1].mark if lost[-1].word in ("and", "but") else "")
    if set(mark) & set(";:—"):
        return not _beyond(lost, _NEUTRAL, _REPORTING)  # "It is a myth: …"
    inverted = lost[0].word in ("had", "were", "should")  # "Had we trained longer, …"
    return "," in mark and not inverted and (lost[0].word in _OPENERS or kept.word in _SUBJECTS)


def _fair_ending(lost: Sequence[_Token], kept: Sequence[_Token]) -> bool:
    if not lost:
        return True
    if any(t.key.startswith("-") or t.key.rstrip("%x") == "0" for t in lost):
        return False  # "by 0%"
    clause = next((n for n, t in enumerate(lost) if set(t.mark) - {")"}), len(lost))
    if lost[0].word in _CONTRASTS and (clause == 0 or lost[0].word in _OPPOSING):
        excepted = clause > 0 and lost[0].word == "but" and _has(kept, _EXCEPT_FROM)
        return not (excepted or _has(lost[:2], _CONDITIONS) or _has(lost, _DENIALS))
    if clause == 0:
        return not _has(lost, _LIMITS | _DENIALS)
    bounded = _has(kept, _BOUND)
    return lost[0].word in _SEAMS and not (bounded or _has(lost[:clause], _LIMITS | _DENIALS))


def _fair_gap(lost: Sequence[_Token], after: _Token) -> bool:
    if not _beyond(lost, _NEUTRAL, _STRENGTHENING):
        return True
    set_off = "(" in lost[0].mark or (lost[0].mark and lost[0].word in _ASIDES)
    return bool(set_off and after.mark) and not _has(lost, _LIMITS | _DENIALS)


def _has(tokens: Iterable[_Token], some: Iterable[str]) -> bool:
    return any(t.word in some for t in tokens)
