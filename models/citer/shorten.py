"""A source sentence -> the shortest form of it that keeps what is wanted; what the citer learns.

Only cuts that `rag.edits` takes for harmless are made, so that whatever is learned here passes the
check that stands between the model and the reader. "We" becomes "the authors".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rag.edits import is_light_edit

_FIRST_PERSON = {
    "We": "The authors", "we": "the authors", "Our": "Their", "our": "their", "ours": "theirs",
}  # fmt: skip
_PERSON = re.compile(r"\b(?:We|we|Our|our|ours)\b(?![-'’])")
_REPORTED = re.compile(r"^(?:[^,;:()]{1,50}, )?[^,;:()]{2,60}? that (?=\S)")
_OPENING = re.compile(r"^[^,;:()]{2,120}, (?=\S)")
_ENUMERATED = re.compile(r"^\((?:[ivx]+|[a-h]|\d)\)$")
_ASIDE = re.compile(r" \([^()]*\)")
# What follows may be cut off: behind a comma, or without one where no verb is left hanging.
_BEHIND_COMMA = re.compile(
    r"[,;] (?=(?:which|who|whose|while|whereas|although|though|but|because|since|as|with|"
    r"without|by|using|via|through|where|when|even|such|especially|particularly|thus|thereby|"
    r"hence|compared|including|and (?:we|it|they|the authors|this|our|their)|an?|the|\w+ing)\b)"
)
_SEAM = re.compile(
    r"(?<![,;]) (?=(?:while|whereas|although|because|since|when|where|which|using|via|through|"
    r"across|compared|including|making|leading|resulting|during|after|before|under|without)\b)"
)
_PHRASE_SEAM = re.compile(
    r"(?<!ed)(?<!s in)(?<![,;]) (?=(?:by|for|with|from|in|on|over|within|towards?|against) )"
)
_AND = re.compile(r"(?<![,;]) (?=and (?!by\b))")
_PAIRED = re.compile(r"\b(?:between|both|either|among|combin\w*|together)\b")
_VERB = re.compile(
    r"\b(?:authors \w+|is|are|was|were|has|have|had|can|will|does|do|shows?|achieves?|improves?|"
    r"outperforms?|reduces?|provides?|presents?|proposes?|introduces?|uses?|enables?|allows?|"
    r"demonstrates?|reveals?|requires?|suffers?|remains?|offers?|captures?|learns?|generates?|"
    r"predicts?|leads?|yields?|depends?|contains?|includes?|consists?|combines?|addresses|address|"
    r"increases?|decreases?|supports?|makes?|takes?|gives?|produces?|results in|suggests?|"
    r"indicates?|describes?|investigates?|explores?|evaluates?|compares?|focuse?s?|aims?|leverages?|"
    r"integrates?|employs?|exhibits?|becomes?|relies|rely|\w{3,}ed) \w+ "
)
_COMMA = re.compile(r"[,;] ")
_LIST = re.compile(r"^[,;] (?:[^,;]{1,40}, )*[^,;]{0,40}?\b(?:and|or) ")
_SUBORDINATE = re.compile(
    r"^(?:[A-Z]\w+, )?(?:to|by|in|on|for|with|while|whereas|although|though|because|since|as|if|"
    r"when|after|before|during|despite|unlike|given|using|through|via|under|beyond|based|among|"
    r"across|from|at|\w+ing)\b",
    re.IGNORECASE,
)
_LEAST_WORDS = 5  # of what is left,
_LEAST_BEFORE_SEAM = 9  # and where nothing but the words tells that it is whole
_HANGING = frozenset(
    """
    a an the of to in on at by for from with and or but as is are was were be been that which who
    such than into both not between more less most each these those this its their our
    """.split()
)


def shorten(sentence: str, title: str, keeps: Callable[[str], bool]) -> str:
    """The sentence in the third person, after as many cuts as leave `keeps(text)` true.

    The sentence itself where it cannot be put in the third person as a light edit.
    """
    text = " ".join(sentence.split())
    told = _PERSON.sub(lambda m: _FIRST_PERSON[m[0]], text)
    if not is_light_edit(told, sentence, title):
        told = text
    while True:
        cuts = sorted(set(_cuts(told)), key=len)
        shorter = next((c for c in cuts if _fair(c, sentence, title) and keeps(c)), None)
        if shorter is None:
            return told
        told = shorter


def _fair(text: str, sentence: str, title: str) -> bool:
    words = text.rstrip(".!?").split()
    return (
        len(words) >= _LEAST_WORDS
        and words[-1].lower() not in _HANGING
        and text.count("(") == text.count(")")
        and text.count('"') % 2 == 0
        and is_light_edit(text, sentence, title)
    )


def _cuts(text: str) -> Iterator[str]:
    """The text after one cut, in every way that leaves a whole sentence, as far as words tell."""
    body = text.rstrip(".!? ")
    opening = _OPENING.match(text)
    if opening and (" " not in opening[0].strip() or _SUBORDINATE.match(text)):
        yield _begun(text[opening.end() :])
    if reported := _REPORTED.match(text):
        yield _begun(text[reported.end() :])
    for mark in _BEHIND_COMMA.finditer(body):
        if not _LIST.match(body[mark.start() :]) and _is_whole(body[: mark.start()]):
            yield f"{body[: mark.start()]}."
        other = _COMMA.search(body, mark.end())
        if other and not _LIST.match(body[mark.start() :]):
            yield f"{text[: mark.start()]} {text[other.end() :]}"
            yield f"{text[: mark.start()]}{text[other.start() :]}"
    for seam in _SEAM.finditer(body):
        kept = body[: seam.start()]
        if len(kept.split()) >= _LEAST_BEFORE_SEAM and _is_whole(kept):
            yield f"{kept}."
    for seam in (*_AND.finditer(body), *_PHRASE_SEAM.finditer(body)):
        kept = body[: seam.start()]
        clause = kept[kept.rfind(", ") + 1 :]
        is_long = len(clause.split()) >= _LEAST_BEFORE_SEAM
        if is_long and _VERB.search(f"{clause} ") and not _PAIRED.search(clause):
            yield f"{kept}."
    for aside in _ASIDE.finditer(text):
        inside = aside[0].strip()
        # An abbreviation is a name, and may be what is asked for.
        if not _ENUMERATED.match(inside) and (" " in inside or inside.islower()):
            yield text[: aside.start()] + text[aside.end() :]


def _is_whole(text: str) -> bool:
    """Whether a beginning is more than the clause that leads up to the main one."""
    return ", " in text or not _SUBORDINATE.match(text)


def _begun(text: str) -> str:
    """With a capital, unless the first word is a name with capitals of its own ("iPhone")."""
    first = text.split(" ", 1)[0]
    return text if not first.islower() else text[:1].upper() + text[1:]
