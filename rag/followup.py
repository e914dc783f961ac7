"""question + turns -> a question that stands alone; pure.

A question that leans on what came before ("and how does it compare to the second one?") is searched
together with the question it leans on and the titles it points to. Others are searched as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import Question, Turn
from rag.words import STOP_WORDS, words

# A thing spoken of in general, to which "this", "that" and "the second" may belong.
_THING = (
    r"(?:one|paper|study|method|model|approach|work|source|system|technique|result|finding|score|"
    r"number|figure|dataset|case|way|idea|claim|effect|gain|improvement)s?"
)
# Words that point back unless the question has named what they stand for.
_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|theirs|he|she|his|her)\b")
# Words that point back wherever they stand.
_POINTER = re.compile(
    rf"\b(?:this|these(?! papers)|those|the (?:former|latter)|others|another|instead(?! of)|else|"
    rf"ones|such(?! as)|both(?!.*\band\b)|(?<!each )other(?! than)|(?:the|that|this|which|any) one|"
    rf"the same(?= (?:hold|true|happen|apply|go|{_THING})|\W*$)|(?:is|are) the same|"
    rf"that(?= {_THING}\b|\W*$)|(?:of|about|like|for|than|from|does|did|was|is) that(?= |\W*$)|"
    rf"(?:the|of) (?:two|three|four)\b(?! \w+ \w+ (?:of|in)))\b"
)
# "it" in "is it possible to" stands for nothing.
_EMPTY_IT = re.compile(
    r"\bit (?:really |ever )?(?:possible|true|necessary|known|worth|better|best|important|useful|"
    r"safe|enough|hard|easy|viable|feasible|smart|wise|common|the case)\b"
)
_OPENING = re.compile(
    r"(?:and|but|so|or|then|also|why(?: not| so)?(?=\W*$)|how so|(?:what|how) about)\b"
)
_ELLIPSIS = re.compile(r"(?:on|in|for|with|at|by|to|against|under|without|compared)\b")
# A short question that asks for a thing by its name: "what is dropout?", "how does BERT work?".
_ASKS_BY_NAME = re.compile(
    r"(?:what|who) (?:is|are|was|were)(?: an?)? (?!the\b)|how (?:do|does|did) (?!the\b)\S.* work|"
    r"(?:please )?(?:explain|define|describe|tell me about|summari[sz]e) (?!the\b)"
)
_NAME = re.compile(r"\b\w*[A-Za-z]\w*[A-Z0-9]\w*")
# What a pronoun later in the question may stand for ends here: "when models grow, do they …".
_CLAUSE = re.compile(r"[,;:.?!]|\b(?:and|when|if|that|because|while|which|whether|after|before)\b")
_ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3,
    "last": -1, "latter": -1,
}  # fmt: skip
_POINTING_AT_ONE = re.compile(
    r"\b(?:the\s+)?(first|second|third|fourth|1st|2nd|3rd|last|former|latter)\b"
    rf"(?:\s+{_THING}\b|\s*(?=[?,.;)]|$)|\s+(?=(?:and|or|is|was|do|does|did|use|compare|differ|"
    r"say|report|better|worse|faster|slower|larger|smaller)s?\b))",
    re.IGNORECASE,
)
_COUNTS = {"both": 2, "two": 2, "three": 3, "four": 4}
_SEVERAL = re.compile(r"\b(?:both\b(?!.*\band\b)|(?:the|of) (?:two|three|four)\b)")
_FEW_CONTENT_WORDS = 3  # a question with fewer is taken to lean on the turn before
_OWN_CLAUSE_WORDS = 2  # in the clause before a pronoun; it may stand for them
_OWN_SUBJECT_WORDS = 6  # content words after which a question has a subject of its own
_TITLE_WORDS = 12
_CONTEXT_WORDS = 60  # of earlier questions; a long conversation must not bury what is asked


def make_standalone(text: str, turns: Sequence[Turn]) -> Question:
    """The question with what it needs of the earlier turns to be searched by itself."""
    if not turns or not _leans_back(text):
        return Question(text, text)
    context = _context(turns)
    titles = _titles_pointed_at(text, turns[-1])
    known = " ".join([context, *(t for t in titles if t not in context)])
    return Question(text, f"{known} {text}")


def _leans_back(text: str) -> bool:
    lowered = " ".join(text.lower().split())
    return bool(
        _OPENING.match(lowered)
        or (_ELLIPSIS.match(lowered) and len(_content(lowered)) < 2 * _FEW_CONTENT_WORDS)
        or _points_before_naming(lowered)
        or _has_unnamed_pronoun(lowered)
        or (len(_content(lowered)) < _FEW_CONTENT_WORDS and not _names_its_subject(text))
    )


def _content(text: str) -> list[str]:
    return [w for w in words(text) if w not in STOP_WORDS]


def _points_before_naming(lowered: str) -> bool:
    found = [*_POINTER.finditer(lowered), *_POINTING_AT_ONE.finditer(lowered)]
    return any(len(_content(lowered[: m.start()])) < _OWN_SUBJECT_WORDS for m in found)


def _has_unnamed_pronoun(lowered: str) -> bool:
    text = _EMPTY_IT.sub("", lowered)
    return any(not _is_named(m[0], text[: m.start()]) for m in _PRONOUN.finditer(text))


def _is_named(pronoun: str, before: str) -> bool:
    """Whether the question itself says, before its pronoun, what that stands for."""
    if len(_content(before)) >= (3 if pronoun in ("its", "their") else _OWN_SUBJECT_WORDS):
        return True
    ends = [m.start() for m in _CLAUSE.finditer(before)]
    return bool(ends) and len(_content(before[: ends[-1]])) >= _OWN_CLAUSE_WORDS


def _names_its_subject(text: str) -> bool:
    """Whether a short question names what it is about, and is no fragment."""
    lowered = text.strip().lower()
    asks = re.match(r"(?:what|how|why|who|when|where|which|do|does|is|are|can|did)\b", lowered)
    return bool((_ASKS_BY_NAME.match(lowered) or (asks and _NAME.search(text))) and _content(text))


def _context(turns: Sequence[Turn]) -> str:
    """Questions back to the last one that stood alone, oldest first, each said once."""
    context: list[str] = []
    for turn in reversed(turns):
        # The turn after it may have been made to stand alone by repeating it.
        if not any(turn.question in later for later in context):
            context.insert(0, turn.question)
        if not _leans_back(turn.question):
            break
    return " ".join(" ".join(context).split()[:_CONTEXT_WORDS])


def _titles_pointed_at(text: str, turn: Turn) -> list[str]:
    titles = [" ".join(t.split()[:_TITLE_WORDS]) for t in turn.cited_titles]
    places = [_ORDINALS[m[1].lower()] for m in _POINTING_AT_ONE.finditer(text)]
    pointed = [titles[p] for p in places if -len(titles) <= p < len(titles)]
    several = _SEVERAL.search(text.lower())
    return pointed or titles[: _COUNTS[several[0].split()[-1]] if several else 1]
