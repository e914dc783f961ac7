"""When a model has begun to write the same over and over; pure."""

from __future__ import annotations

from collections.abc import Sequence

SHORTEST_ROUND = 12  # tokens; a list or a title may well repeat fewer


def is_looping(tokens: Sequence[int]) -> bool:
    """Whether the text ends with a passage of at least SHORTEST_ROUND tokens written twice running.

    Shorter rounds count once they fill as much: one word of one token, written 24 times.
    """
    last = tokens[-1] if tokens else None
    return any(
        tokens[-1 - size] == last and tokens[-size:] == tokens[-2 * size : -size]
        for size in range(SHORTEST_ROUND, len(tokens) // 2 + 1)
    )
