"""Named systems, data sets and languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.objections.objection import Objection
from rag.types import Verdict
from rag.words import STOP_WORDS

_RUN = re.compile(r"[^\W_]+")
_AMOUNT = re.compile(r"\d+[kKMBT]")  # "25K" is a number


def unknown_names(sentence: str, source: str) -> Iterator[Objection]:
    """Names that the source does not have, in any spelling."""
    known = {plain for run in _runs(_RUN.findall(source)) if (plain := _plain("".join(run)))}
    beginnings = {k[:5] for k in known}
    capitals = "".join(w[0] for w in re.findall(r"[^\W\d_]+", source)).lower()
    words = _RUN.findall(sentence)
    # "Harbor-QA" is HarborQA, in either text.
    joined = {w for run in _runs(words) if _plain("".join(run)) in known for w in run}
    for i, name in enumerate(words):
        is_common = name.isalpha() and name[1:].islower()  # but for its first letter
        if not _is_name(name) or (i == 0 and is_common):
            continue  # a capital that opens the sentence says nothing
        plain = _plain(name)
        if is_common and name.lower() in STOP_WORDS:
            continue  # the first word behind a colon or a quotation mark
        if len(plain) < 2 or name in joined or plain in capitals:
            continue
        if is_common and len(plain) > 4 and plain[:5] in beginnings:
            continue  # "German" and "Germany"; but Harbor7 is not HarborQA
        yield Objection("name", f"{name} is not in the source", Verdict.UNSUPPORTED)


def _is_name(word: str) -> bool:
    """Whether a word has a capital, and is more than a letter, or a number such as "25K"."""
    return len(word) > 1 and bool(re.search("[A-Z]", word)) and not _AMOUNT.fullmatch(word)


def _runs(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """One to three words in a row."""
    return (words[i : i + n] for n in (1, 2, 3) for i in range(len(words) - n + 1))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower().removesuffix("s")
