"""What speaks against a source bearing out a sentence, found by rule, each with its reason; pure.

A rule objects only to what it can name: a number, a name, a denial, a direction, a "may" or a
"some" that the source does not have, or has otherwise. Finding nothing is no proof: paraphrase is
for the trained checker to judge. Each kind of objection has its file.
"""

from __future__ import annotations

import re

from rag.lexicon import groups_of
from rag.objections.certainty import held_open, wrong_certainty, wrong_scope
from rag.objections.denials import wrong_denials
from rag.objections.directions import turned_opposites, wrong_comparisons, wrong_directions
from rag.objections.exchanges import exchanged_places
from rag.objections.figures import wrong_quantities
from rag.objections.names import unknown_names
from rag.objections.objection import Objection
from rag.objections.tokens import is_content, words_of
from rag.types import Verdict

__all__ = ["Objection", "objections", "unmatched"]

# What is laid side by side, where time grows with the square: words with their marks, characters.
_MOST_WORDS = 180
_MOST_CHARACTERS = 3000


def objections(sentence: str, source: str, title: str = "") -> list[Objection]:
    """What speaks against `source`, in a paper of that title, bearing out `sentence`."""
    ours, theirs = words_of(sentence), words_of(source)
    is_long = max(len(sentence), len(source)) > _MOST_CHARACTERS
    if is_long or max(len(ours), len(theirs)) > _MOST_WORDS:
        return [Objection("length", "it is too long to check", Verdict.UNSUPPORTED)]
    turned = turned_opposites(sentence, source)
    return [
        *wrong_quantities(sentence, source, title, ours, theirs),
        *unknown_names(sentence, f"{source} {title}"),
        *wrong_denials(ours, theirs),
        *wrong_directions(ours, theirs, turned),
        *wrong_comparisons(sentence, source),
        *([] if turned else exchanged_places(ours, theirs)),
        *held_open(sentence, source),
        *wrong_certainty(ours, theirs),
        *wrong_scope(ours, theirs),
    ]


def unmatched(sentence: str, source: str) -> list[str]:
    """Content words of the sentence that the source has neither itself nor in other words."""
    sentence, source = _joined(sentence, source), _joined(source, sentence)
    known = {w.stem for w in words_of(source)}
    beginnings = {k[:5] for k in known}
    groups = frozenset[int]().union(*map(groups_of, known))
    missing: dict[str, None] = {}
    for word in words_of(sentence):
        is_known = (
            word.stem in known
            or (len(word.stem) > 5 and word.stem[:5] in beginnings)
            or groups & groups_of(word.stem)
        )
        if is_content(word) and not is_known:
            missing.setdefault(word.text)
    return list(missing)


def _joined(text: str, other: str) -> str:
    """The text with those compounds in one word that the other writes so: "pre-trained"."""
    written = {w.text for w in words_of(other)}
    return re.sub(
        r"\b\w+(?:-\w+)+\b",
        lambda m: whole if (whole := m[0].replace("-", "")).lower() in written else m[0],
        text,
    )
