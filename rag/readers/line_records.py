"""Lines -> groups of lines, each from where a record starts to before the next, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.readers.source import Line
from rag.types import BadRecord

MAX_GROUP_CHARACTERS = 1_000_000  # ten times the longest abstract


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one record."""

    line: int  # where it starts, from 1
    lines: tuple[str, ...]


def grouped(lines: Iterable[Line], starts: Callable[[str], object]) -> Iterator[Group | BadRecord]:
    """A Group from each line that starts a record; what stands before the first is left out."""
    first, found, size = 0, list[str](), 0
    for line in lines:
        if line.text is not None and starts(line.text):
            if first:
                yield _group(first, found, size)
            first, found, size = line.number, [], 0
        size += MAX_GROUP_CHARACTERS + 1 if line.text is None else len(line.text) + 1
        if first and line.text is not None and size <= MAX_GROUP_CHARACTERS:
            found.append(line.text)
    if first:
        yield _group(first, found, size)


def are_mostly(lines: Sequence[str], tagged: Callable[[str], object]) -> bool:
    """Whether lines are tagged but for a few, as in a file whose first record is damaged."""
    return 2 * sum(len(line) for line in lines if tagged(line)) > sum(map(len, lines))


def _group(line: int, lines: list[str], size: int) -> Group | BadRecord:
    if size <= MAX_GROUP_CHARACTERS:
        return Group(line, tuple(lines))
    limit = MAX_GROUP_CHARACTERS // 1_000_000
    return BadRecord(line, f"the record is longer than {limit} million characters")
