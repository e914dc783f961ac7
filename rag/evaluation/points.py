"""The facts that a right answer states, looked for in a text; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence


def points_stated(points: Sequence[Sequence[str]], text: str) -> float:
    """Share of the points of which one wording stands in the text as whole words."""
    return len(stated(points, text)) / len(points)


def stated(points: Sequence[Sequence[str]], text: str) -> list[Sequence[str]]:
    """The points of which one wording stands in the text as whole words."""
    plain = without_markers(text)
    return [variants for variants in points if any(_stands_in(v, plain) for v in variants)]


def without_markers(text: str) -> str:
    """The text on one line, without its citations."""
    plain = re.sub(r"\s*\[\d+(?:,\s*\d+)*\]", "", text)
    return " ".join(plain.split())


def _stands_in(variant: str, text: str) -> bool:
    wanted = re.escape(" ".join(variant.split()))
    return bool(
        re.search(rf"(?<!\w)(?<!\d[.,])(?<!\.(?=\d)){wanted}(?!\w)(?![.,]\d)", text, re.IGNORECASE)
    )
