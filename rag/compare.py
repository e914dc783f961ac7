"""A question -> the two things that it compares, each as a text to search for; pure.

A single search for both sides is won by the one whose words weigh more; each side searched by
itself finds its own papers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.words import STOP_WORDS, words

_AUXILIARY = r"(?:do|does|did|is|are|was|were|can|could|will|would|should|has|have)"
_COMPARATIVE = r"(?:better|worse|more|less|fewer|(?!other|either|rather|whether|further)\w{3,}er)"
# What may follow the second side: how the two are compared, not what they are.
_REMAINDER = (
    r"(?:\s*[:;?,.]\s*|\s+(?=(?:on|in|for|when|with respect|regarding|in terms|at|as|based|under|"
    r"differ|compare|to (?!the)\w+)\b)|$)(?P<rest>.*)"
)
# A side described by what it does ends with its clause, not at the next preposition.
_SECOND = r"(?P<b>(?:the|a)\s(?:[\w-]+\s){1,4}?(?:that|which|where|using)\b[^.?:;,]+|[^?:;,]+?)"
# Each pattern names the sides `a` and `b`, and may name the `rest` that belongs to both.
_FORMS: Sequence[re.Pattern[str]] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # "compare A with B on memory", "contrast A and B"
        rf"\b(?:compare|contrast|distinguish)\s+(?:between\s+)?(?P<a>[^?:;,]+?)\s+"
        rf"(?:with|to|against|versus|vs\.?|from|and)\s+{_SECOND}{_REMAINDER}",
        # "the difference in speed between A and B"
        r"\b(?:differences?|comparison|contrast|trade-?offs?|gap|similarit(?:y|ies))\b"
        r"(?P<before>\s+(?:in|of)\s+[\w\s-]+?)?\s+between\s+(?P<a>[^?:;,]+?)\s+"
        rf"(?:and|versus|vs\.?)\s+{_SECOND}{_REMAINDER}",
        # "how does A differ from B", "how does A compare to B"
        rf"\bhow\s+(?:do|does|did)\s+(?P<a>[^?:;,]+?)\s+(?:differ|compare)s?\s+"
        rf"(?:from|to|with|against)\s+{_SECOND}{_REMAINDER}",
        # "how do A and B differ in scope"
        r"\b(?:how|where|in what|in which)\s+(?:\w+\s+)?(?:do|does|did)\s+(?P<a>[^?:;,]+?)"
        r"\s+and\s+(?P<b>[^?:;,]+?)\s+(?:differ|compare|disagree|contrast)\b(?P<rest>.*)",
        # "A vs B: …", "A versus B"
        rf"^(?P<lead>[^:?]*:\s+)?(?P<a>[^:?]+?)\s*,?\s+(?:versus|vs\.?|v\.)\s+(?P<b>[^:?]+?){_REMAINDER}",
        # "is A better than B", "does A need more memory than B"
        rf"\b{_AUXILIARY}\s+(?P<a>[^,?]+?)\s+(?:(?:much|any|really|also|still)\s+)?"
        rf"(?P<rest>(?:[a-z]+\s+){{0,2}}?{_COMPARATIVE}\b(?:\s+\w+){{0,2}}?)\s+than\s+(?P<b>[^,?]+)",
        # "which is bigger, A or B"
        r"\bwhich\b(?P<rest>[^,:?]*?)\s*[,:]\s*(?P<a>[^,:?]+?)\s+or\s+(?P<b>[^,:?]+)",
        # "A or B: which is bigger", "A or B, which …"
        r"^(?P<a>[^:?,]+?)\s+or\s+(?P<b>[^:?,]+?)\s*[:?,]\s*(?P<rest>(?:which|who|what is)\b.*)",
        # "is A or B faster"
        rf"^(?:is|are)\s+(?P<a>[^,?]+?)\s+or\s+(?P<b>[^,?]+?)\s+"
        rf"(?P<rest>(?:\w+\s+)?{_COMPARATIVE}\b.*)",
        # "the method using X and the one that does Y"
        r"(?P<a>\b(?:the|a)\s+[^,?]+?)\s+and\s+(?P<b>the\s+(?:other\s+)?one\s+(?:that|which|with|"
        r"using|by|from)\b[^,?]+)",
    )
)
# "training and inference cost of X" is two sides of one thing.
_ONE_THING = re.compile(r"[\w-]+ and (?:[\w-]+ ){2,}of .*")
# Nothing that a paper is about, and what only points at something.
_UNNAMED = re.compile(
    r"(?:the\s+)?(?:state[- ]of[- ]the[- ]art|sota|(?:\w+\s+)?baselines?|(?:previous|prior|earlier|"
    r"existing|other|related|recent|several|various|different)\b.*|rest|others?|two|both|"
    r"each other|(?:the\s+)?(?:first|second|former|latter)(?:\s+one)?|"
    # a measure or an expectation, after "than": "more than 100 dollars", "larger than expected"
    r"(?:(?:about|around|roughly|only|just|over|an?|one|half an?|\W)\s*)*"
    r"(?:[\d.,]+\s*(?:%|percent|[kmgt]?b|\w+)?|(?:second|minute|hour|day|week|month|year|"
    r"dollar|euro|cent|percent|point|token|word|epoch|gpu)s?\b.*)|"
    r"(?:expected|usual|usually|before|ever|necessary|needed|chance|random|average|humans?|"
    r"(?:small|large|big|simple|old|new)(?:er)?(?:\s+ones?)?)\b|"
    r"(?:its?|they|them|their|this|that|these|those|you|we|i|there)\b(?!\s+\w+\s+\w+).*)",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^(?:(?:please|and|but|so|both|between|either|on|for|in|of|whether)\s+)+", re.IGNORECASE
)
# Words of comparing say nothing of what is compared.
_COMPARING_WORDS = frozenset(
    """
    better worse best worst less fewer which how what differ differs different difference
    differences compare compares compared comparison versus vs terms respect regarding each
    apart far
    """.split()
)
_ONE = re.compile(r"^the\s+(?:other\s+)?one\b\s*", re.IGNORECASE)
_MOST_SIDE_WORDS = 20
_LONGEST = 80  # words; on longer texts the patterns would take seconds
_SHARED_WORDS = 12


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things that a question compares."""

    name: str  # "Lantern"
    query: str  # with what is asked of both sides, as a text to search for: "Lantern memory"


def sides(question: str) -> tuple[Side, Side] | None:
    """The two things a question compares; None where it names no two."""
    text = " ".join(question.split()[:_LONGEST])
    for form in _FORMS:
        match = form.search(text)
        if match is None:
            continue
        groups = match.groupdict()
        first, second = _trimmed(groups["a"]), _trimmed(groups["b"])
        if not (_is_named(first) and _is_named(second)) or first.lower() == second.lower():
            continue
        if _ONE_THING.fullmatch(f"{first} and {second}") and f"{first} and {second}" in text:
            continue
        if head := _ONE.match(second):  # "the watermark that …" and "the one that …"
            second = f"{_noun_of(first)} {second[head.end() :]}"
        lead = groups.get("lead") or text[: match.start()]
        rest = " ".join(filter(None, [lead, groups.get("before"), groups.get("rest")]))
        shared = _shared(rest, first, second)
        return Side(first, f"{first} {shared}".strip()), Side(second, f"{second} {shared}".strip())
    return None


def _trimmed(side: str) -> str:
    return _LEADING.sub("", side.strip(" ,;:?!.\"'“”"))


def _is_named(side: str) -> bool:
    content = [w for w in words(side) if w not in STOP_WORDS | _COMPARING_WORDS]
    return bool(content) and len(side.split()) <= _MOST_SIDE_WORDS and not _UNNAMED.fullmatch(side)


def _noun_of(side: str) -> str:
    """What "the one" stands for: the words before "that", "using", "with" …"""
    noun = re.split(r"\s+(?:that|which|where|with|using|by|from|of|for|in)\b", side, maxsplit=1)[0]
    return re.sub(r"^(?:the|an?)\s+", "", noun, flags=re.IGNORECASE)


def _shared(rest: str, first: str, second: str) -> str:
    known = {*STOP_WORDS, *_COMPARING_WORDS, *words(first), *words(second)}
    return " ".join([w for w in words(rest) if w not in known][:_SHARED_WORDS])
