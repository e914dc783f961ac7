"""[n] in a text -> citations; what was invented is removed and counted; pure."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

# [1], [1, 2], [1 and 2], [1-3], [[1]], [Source 2]: brackets that hold numbers and nothing else.
MARKER = re.compile(
    r"\s*\[{1,2}(?=[^\]]{0,60}\d)((?:sources?|papers?|refs?\.?|and|[\d\s,;:&#–-])*)\]+",
    re.IGNORECASE,
)
_EMPTIED = re.compile(r"(?<!\w)\(\)")  # not that of a function's name
_RANGE = re.compile(r"(\d+)\s*[–-]\s*(\d+)")
_WIDEST_RANGE = 20
_NO_SOURCE = 10**9  # what a longer number is read as; int() refuses thousands of digits


@dataclass(frozen=True, slots=True)
class Cited:
    """A text without its markers, and the numbers they held."""

    text: str
    numbers: tuple[int, ...]  # those that exist, in order of appearance, each once
    invented: int  # markers' numbers that stand for no source


def take_citations(text: str, existing: Container[int]) -> Cited:
    """Take the markers out of a text and keep the numbers that are in `existing`."""
    found: list[int] = []
    while markers := MARKER.findall(text):  # taking out an inner one may complete an outer one
        found += [n for marker in markers for n in _numbers(marker)]
        text = _EMPTIED.sub("", MARKER.sub("", text))
    kept = tuple(dict.fromkeys(n for n in found if n in existing))
    plain = re.sub(r"\s+([.,;!?])(?!\d)", r"\1", text)
    return Cited(" ".join(plain.split()), kept, sum(n not in existing for n in found))


def _numbers(marker: str) -> list[int]:
    numbers: list[int] = []
    for part in re.split(r"[,;&]|and", marker.lower()):
        span = _RANGE.search(part)
        if span:
            low, high = _integer(span[1]), _integer(span[2])
            numbers += (
                range(low, min(high, low + _WIDEST_RANGE) + 1) if low <= high else [low, high]
            )
        else:
            numbers += [_integer(n) for n in re.findall(r"\d+", part)]
    return numbers


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < len(str(_NO_SOURCE)) else _NO_SOURCE
