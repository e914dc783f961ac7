"""Lists of a library's papers: sorted, filtered and searched as one types, a page at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rag.database import Database
from rag.scope import beginnings, condition
from rag.types import EVERYTHING, UNPUBLISHED, Paper, Publication, Scope

COLUMNS = (
    "pk, papers.id AS id, title, abstract, authors, year, url, doi, arxiv_id, is_note,"
    " arxiv_version, pmid, openalex_id, s2_id, publication, papers.key AS key, notes, is_read,"
    " (SELECT group_concat(tag, char(31)) FROM tags WHERE tags.paper = papers.pk) AS tag_list,"
    " (SELECT group_concat(source, char(31)) FROM sources WHERE sources.paper = papers.pk)"
    " AS source_list"
)
_BATCH = 500  # papers read at once where all of a list are wanted


class Order(StrEnum):
    """How a list is sorted; what has no year or no author stands at its end, either way."""

    NEWEST = "newest"  # added last first
    OLDEST = "oldest"
    YEAR_DOWN = "year-down"
    YEAR_UP = "year-up"
    TITLE_UP = "title-up"
    TITLE_DOWN = "title-down"
    AUTHOR_UP = "author-up"  # by the first author's family name
    AUTHOR_DOWN = "author-down"


# For each order the index to walk along, and how.
_WALKS = {
    Order.NEWEST: ("papers_by_adding", "pk DESC"),
    Order.OLDEST: ("papers_by_adding", "pk"),
    Order.YEAR_DOWN: ("papers_by_year", "year DESC, pk DESC"),
    Order.YEAR_UP: ("papers_by_year", "year NULLS LAST, pk"),
    Order.TITLE_UP: ("papers_by_title", "title_key, pk"),
    Order.TITLE_DOWN: ("papers_by_title", "title_key DESC, pk DESC"),
    Order.AUTHOR_UP: ("papers_by_author", "author_key NULLS LAST, pk"),
    Order.AUTHOR_DOWN: ("papers_by_author", "author_key DESC, pk DESC"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a list of papers."""

    papers: tuple[Paper, ...]
    offset: int  # of its first paper in the list, from 0
    total: int  # papers of the whole list


@dataclass(frozen=True, slots=True)
class Facet:
    """A value that papers share, and how many do."""

    value: str
    papers: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What the papers of a library may be filtered by."""

    years: tuple[Facet, ...]  # ascending, without papers of no known year
    tags: tuple[Facet, ...]  # the most frequent first
    sources: tuple[Facet, ...]  # the most frequent first


class Shelf:
    """The papers of a library as one looks through them."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._facets: tuple[int, Facets] | None = None

    def browse(
        self,
        match: str = "",
        scope: Scope = EVERYTHING,
        order: Order = Order.NEWEST,
        offset: int = 0,
        limit: int = 50,
    ) -> Page:
        """The papers of a scope whose title, authors and tags hold words that begin like `match`'s.

        An offset past the end gives the last page.
        """
        total = self._count(match, scope)
        offset = min(offset, max(0, (total - 1) // limit * limit))
        keys = self._keys(match, scope, order, limit, offset)
        return Page(tuple(map(read_paper, self._rows(COLUMNS, keys))), offset, total)

    def ids(self, match: str = "", scope: Scope = EVERYTHING) -> list[str]:
        """The ids of all papers that `browse` would list, in any order."""
        where, values = _where(match, scope)
        these = f"SELECT pk FROM papers INDEXED BY papers_by_adding WHERE {where}"
        rows = self._db.rows(f"SELECT id FROM papers WHERE +pk IN ({these})", *values)
        return [row["id"] for row in rows]

    def each(
        self, match: str = "", scope: Scope = EVERYTHING, order: Order = Order.NEWEST
    ) -> Iterator[Paper]:
        """Those papers themselves, read while looped over; one removed meanwhile is left out."""
        keys = self._keys(match, scope, order)
        for start in range(0, len(keys), _BATCH):
            yield from map(read_paper, self._rows(COLUMNS, keys[start : start + _BATCH]))

    def _count(self, match: str, scope: Scope) -> int:
        where, values = _where(match, scope)
        sql = f"SELECT count(*) FROM papers INDEXED BY papers_by_year WHERE {where}"
        if not scope and values:
            sql = "SELECT count(*) FROM names WHERE names MATCH ?"
        return int(self._db.rows(sql, *values)[0][0])

    def _keys(
        self, match: str, scope: Scope, order: Order, limit: int = -1, offset: int = 0
    ) -> list[int]:
        where, values = _where(match, scope)
        index, sort = _WALKS[order]
        rows = self._db.rows(
            f"SELECT pk FROM papers INDEXED BY {index} WHERE {where} ORDER BY {sort}"
            " LIMIT ? OFFSET ?",
            *values, limit, offset,
        )  # fmt: skip
        return [row["pk"] for row in rows]

    def _rows(self, columns: str, keys: list[int]) -> list[sqlite3.Row]:
        """The papers with these keys, in their order."""
        return self._db.rows(
            f"SELECT {columns} FROM json_each(?) AS wanted JOIN papers ON pk = wanted.value"
            " ORDER BY wanted.key",
            json.dumps(keys),
        )

    def facets(self) -> Facets:
        """The years, tags and sources of the whole library, with their counts."""
        changes = self._db.changes
        if self._facets is None or self._facets[0] != changes:
            self._facets = (
                changes,
                Facets(
                    self._counted("year", "papers WHERE year IS NOT NULL", "year"),
                    self._counted("tag", "tags", "2 DESC, tag"),
                    self._counted("source", "sources", "2 DESC, source"),
                ),
            )
        return self._facets[1]

    def _counted(self, column: str, table: str, sort: str) -> tuple[Facet, ...]:
        rows = self._db.rows(
            f"SELECT {column}, count(*) FROM {table} GROUP BY {column} ORDER BY {sort}"
        )
        return tuple(Facet(str(row[0]), row[1]) for row in rows)


def _where(match: str, scope: Scope) -> tuple[str, list[object]]:
    sql, values = condition(scope)
    words = beginnings(match)
    if words:
        # `+`: walk along the index all the same. However many papers match, that takes the same
        # short time; to fetch each one that matches and sort them would not.
        sql += " AND +papers.pk IN (SELECT rowid FROM names WHERE names MATCH ?)"
    return sql, [*values, words] if words else values


def read_paper(row: sqlite3.Row) -> Paper:
    """A row of `COLUMNS` as a paper."""
    return Paper(
        id=row["id"],
        title=row["title"],
        abstract=row["abstract"],
        authors=tuple(json.loads(row["authors"])),
        year=row["year"],
        url=row["url"],
        doi=row["doi"],
        arxiv_id=row["arxiv_id"],
        is_note=bool(row["is_note"]),
        sources=_listed(row["source_list"]),
        tags=_listed(row["tag_list"]),
        arxiv_version=row["arxiv_version"],
        pmid=row["pmid"],
        openalex_id=row["openalex_id"],
        s2_id=row["s2_id"],
        publication=_publication(row["publication"]),
        key=row["key"],
        notes=row["notes"],
        is_read=bool(row["is_read"]),
    )


def _listed(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted(joined.split("\x1f"))) if joined else ()


def _publication(text: str) -> Publication:
    if text == "{}":
        return UNPUBLISHED
    values = json.loads(text)
    return Publication(**{**values, "editors": tuple(values.get("editors", ()))})
