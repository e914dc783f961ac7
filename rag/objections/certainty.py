"""How surely and of how much it is said: "may" and "does", "some" and "all", what is only asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.lexicon import HEDGES, PARTIAL, PROVING, TOTAL, are_same, root
from rag.objections.denials import after_not
from rag.objections.objection import Objection
from rag.objections.tokens import Word, content_of, next_content
from rag.types import Verdict
from rag.words import NEGATIONS

_SCOPE_CONDITIONS = frozenset("unless only except until".split())
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_CLAUSE_END = re.compile(r"[;:]|, (?:but|yet|while|and) ")
# What holds the words after it open, or the whole clause.
_FRAME = re.compile(
    r"\b(?:whether|asks? if|(?:is|are|was) (?:\w+ )?(?:claimed|assumed|thought|alleged|said) that"
    r"|(?:work|works|authors|researchers|papers|studies|others|some|many|we|they) claim(?:s|ed)?"
    r"|(?:we|authors|they) (?:hope|intend|plan|aim|want|seek|try|tried|attempt|wish)(?:ed|s)? to"
    r"|(?:aim|goal|plan) (?:is|was) to|(?P<wide>future work|in theory|in principle))\b",
    re.IGNORECASE,
)
# With these a sentence holds it open too.
_FRAMED = re.compile(
    r"\b(?:ask|asks|asked|test|tests|study|studies|examine|investigate|claim|claims|aim|aims|plan"
    r"|plans|goal|hope|intend|seek|try|tried|want|future|theory|if|when|may|might|could|would"
    r"|should|assum\w+|suppos\w+|alleged\w*|question|unclear|unknown|open|purpose|meant)\b",
    re.IGNORECASE,
)
_HOLDING = re.compile(r"\b(?:provided|once|whenever|unless|until|as long as|given that)\b", re.I)
_FOUND = re.compile(r"\b(?:find|finds|found|shows?|showed|conclude\w*|answer\w*|it does|they do)\b")
_CONDITION = re.compile(
    r"(?<!even )(?<!as )(?<!ask )(?<!asks )\b(?P<word>[Ii]f|[Uu]nless|[Pp]rovided)\b"
    r"(?P<condition>[^,;:.]+)(?:,|(?=[;:.])|$)"
)


def wrong_certainty(ours: Sequence[Word], theirs: Sequence[Word]) -> Iterator[Objection]:
    """A proof where the source has none, or a fact where it says "may"."""
    mine = {w.text for w in ours}
    for word in sorted(mine & PROVING - {"will", "must", "clearly"}):
        if root(word) not in {w.stem for w in theirs}:
            yield Objection("hedge", f"the source does not say '{word}'", Verdict.PARTLY)
            return
    hedges = [w for w in theirs if w.text in HEDGES]
    if hedges and not mine & (HEDGES | {"can", "would", "should", "whether", "possible"}):
        said = {w.stem for w in ours}
        for hedge in hedges:
            governed = next_content(theirs, hedge)
            if governed and any(are_same(governed, s) for s in said):
                yield Objection("hedge", f"the source says '{hedge.text}'", Verdict.PARTLY)
                return


def held_open(sentence: str, source: str) -> Iterator[Objection]:
    """What the source asks, claims of others, plans or makes depend on something is not a fact."""
    content = content_of(sentence)
    if not content or "?" in sentence:
        return
    parts = _SENTENCE_END.split(source.strip())
    asked = {s for part in parts if part.endswith("?") for s in content_of(part)}
    told = {s for part in parts if not part.endswith("?") for s in content_of(part)}
    if 2 * sum(s in asked - told for s in content) >= len(content):
        yield Objection("question", "the source only asks", Verdict.UNSUPPORTED)
        return
    if any(opens.search(sentence) for opens in (_FRAME, _FRAMED, _HOLDING)):
        return
    for part in parts:
        for match in _FRAME.finditer(part):
            rest = _CLAUSE_END.split(part[match.end() :])[0]
            clause = part if match["wide"] else rest
            held = {s for s in content_of(clause) if s not in content_of(match[0])}
            if not _FOUND.search(part, match.end()) and 2 * _known(content, held) > len(content):
                yield Objection("hedge", f"the source says '{match[0]}'", Verdict.PARTLY)
                return
        for match in _CONDITION.finditer(part):
            condition = set(content_of(match["condition"]))
            rest = part[: match.start()] + part[match.end() :]
            if not _known(content, condition) and 2 * _known(content, content_of(rest)) > len(
                content
            ):
                reason = f"the source says '{match['word']}'"
                yield Objection("scope", reason, Verdict.PARTLY)
                return


def _known(content: Sequence[str], other: Iterable[str]) -> int:
    """How many of the stems stand among the others, themselves or in other words."""
    other = set(other)
    return sum(any(are_same(s, o) for o in other) for s in content)


def wrong_scope(ours: Sequence[Word], theirs: Sequence[Word]) -> Iterator[Objection]:
    """An "all" that the source does not say, or no bound where it says "some"."""
    their = {w.text for w in theirs}
    total = [i for i, w in enumerate(ours) if w.text in TOTAL - NEGATIONS]
    if any(after_not(ours, i) for i in total):
        return
    for word in (ours[i] for i in total):
        if not their & (TOTAL | {"each", "both", "throughout"}):
            yield Objection("scope", f"the source does not say '{word.text}'", Verdict.PARTLY)
            return
    mine = {w.text for w in ours}
    said = {w.stem for w in ours}
    if mine & PARTIAL:
        return
    for word in theirs:
        if word.text in PARTIAL | _SCOPE_CONDITIONS:
            governed = next_content(theirs, word)
            bounds = word.text not in ("number", "part", "portion", "share", "certain", "about")
            after_more = word.place > 0 and theirs[word.place - 1].text in ("more", "less")
            if (
                bounds
                and not after_more
                and governed in said
                and not any(are_same(word.stem, s) for s in said)
            ):
                yield Objection("scope", f"the source says '{word.text}'", Verdict.PARTLY)
                return
