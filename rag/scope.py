"""Scope -> the SQL condition on the table `papers` that it stands for, and its words; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rag.types import Scope

# One value however long the list is: SQLite limits how many a statement may have.
_AMONG = "IN (SELECT value FROM json_each(?))"


def condition(scope: Scope) -> tuple[str, list[object]]:
    """A condition on columns of `papers`, and its values; `1` where nothing is left out."""
    parts: list[tuple[str, object]] = []
    if scope.from_year is not None:
        parts.append(("papers.year >= ?", scope.from_year))
    if scope.to_year is not None:
        parts.append(("papers.year <= ?", scope.to_year))
    if scope.tags:
        inside = f"SELECT paper FROM tags WHERE tag {_AMONG}"
        parts.append((f"papers.pk IN ({inside})", json.dumps(scope.tags)))
    if scope.sources:
        inside = f"SELECT paper FROM sources WHERE source {_AMONG}"
        parts.append((f"papers.pk IN ({inside})", json.dumps(scope.sources)))
    if scope.authors:
        names = [words for author in scope.authors if (words := beginnings(author))]
        # A name without a letter or digit is nobody's: nothing matches the empty phrase.
        expression = " OR ".join(f"authors : ({words})" for words in names or ['""'])
        inside = "SELECT rowid FROM names WHERE names MATCH ?"
        parts.append((f"papers.pk IN ({inside})", expression))
    if scope.is_read is not None:
        parts.append(("papers.is_read = ?", scope.is_read))
    if scope.papers:
        parts.append((f"papers.id {_AMONG}", json.dumps(scope.papers)))
    return " AND ".join(sql for sql, _ in parts) or "1", [value for _, value in parts]


def beginnings(text: str) -> str:
    """Words that must all begin a word of a paper, for FTS5; empty where there are none."""
    return " ".join(f'"{word}"*' for word in re.findall(r"[^\W_]+", text))


def describe(scope: Scope) -> str:
    """The scope in words that follow "papers": `from 2019 to 2021 tagged “rag”`; or nothing."""
    parts = [_years(scope.from_year, scope.to_year)]
    if scope.tags:
        parts.append(f"tagged {_either(scope.tags)}")
    if scope.sources:
        parts.append(f"added from {_either(scope.sources)}")
    if scope.authors:
        parts.append(f"by {_either(scope.authors)}")
    if scope.is_read is not None:
        parts.append("that you have read" if scope.is_read else "that you have not read")
    if scope.papers:
        parts.append("that you chose")
    return " ".join(filter(None, parts))


def _years(first: int | None, last: int | None) -> str:
    if first == last:
        return f"from {first}" if first is not None else ""
    if first is None:
        return f"up to {last}"
    return f"from {first} on" if last is None else f"from {first} to {last}"


def _either(names: Sequence[str]) -> str:
    *first, last = [f"“{name}”" for name in names]
    return f"{', '.join(first)} or {last}" if first else last
