"""Zotero's database, `zotero.sqlite` -> Records: a copy of it is read, as data alone.

The tables are those of Zotero 5 to 7 (zotero/zotero, resource/schema/userdata.sql and system.sql).
What is done against a database that was made to harm is what SQLite advises for such
(https://www.sqlite.org/security.html, 2023).
"""

from __future__ import annotations

import html
import os
import re
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rag.errors import LibraryFull, ReadError, UnknownFormat
from rag.folder import require_space
from rag.names import Name, write_name
from rag.readers.fields import MAX_NOTES_CHARACTERS, MAX_TAG_CHARACTERS, make_record, read_month
from rag.readers.reader import Reader
from rag.readers.source import MAX_BYTES, Head, Source
from rag.types import BadRecord, Publication, Record

_MAGIC = b"SQLite format 3\x00"
_HOT_JOURNAL = bytes.fromhex("d9d505f920a163d7")  # of a change that has not come to its end
_PIECE = 1 << 20
_COPY = "zotero.sqlite"
_MAX_NAME_BYTES = 5_000  # of a tag, a collection, a type
_MAX_FIELD_BYTES = 500_000
_MAX_NOTE_BYTES = 20_000_000  # it may hold pictures
_MAX_ROWS = 100_000  # of a table of names
# What SQLite's machine may do, in its steps: an item takes some hundreds, and what no index helps
# to find takes as many as there are rows. A byte that is read counts for a hundredth.
_STEPS = 20_000_000
_STEPS_OF_ITEM, _STEPS_OF_ROW, _STEPS_AT_ONCE = 2_000, 100, 1_000

# Zotero's types -> the item types of CSL 1.0.2.
_KINDS = {
    "journalArticle": "article-journal",
    "magazineArticle": "article-magazine",
    "newspaperArticle": "article-newspaper",
    "conferencePaper": "paper-conference",
    "preprint": "article",
    "book": "book",
    "bookSection": "chapter",
    "encyclopediaArticle": "entry-encyclopedia",
    "dictionaryEntry": "entry-dictionary",
    "thesis": "thesis",
    "report": "report",
    "webpage": "webpage",
    "blogPost": "post-weblog",
    "dataset": "dataset",
    "computerProgram": "software",
    "manuscript": "manuscript",
    "document": "document",
    "patent": "patent",
    "presentation": "speech",
    "standard": "standard",
}
_NO_PAPERS = ("note", "attachment", "annotation")
_TITLES = ("title", "caseName", "nameOfAct", "subject")
_VENUES = (
    "publicationTitle", "proceedingsTitle", "bookTitle", "encyclopediaTitle", "dictionaryTitle",
    "websiteTitle", "blogTitle", "conferenceName",
)  # fmt: skip
_PUBLISHERS = ("publisher", "university", "institution", "repository", "company")
# Who stands first for an item: its type has one of these.
_AUTHORS = (
    "author", "programmer", "presenter", "inventor", "artist", "director", "podcaster",
    "cartographer", "interviewee",
)  # fmt: skip
_DATE = re.compile(r"\d{4}-(\d\d)-\d\d")  # what was understood of a date; then come its words
_EXTRA = re.compile(r"^[ \t]*(PMID|DOI|arXiv|Citation Key):[ \t]*(\S+)", re.M | re.I)
_RICH = re.compile(r"</?(?:i|b|su[bp]|span)(?:\s[^<>]*)?>")
_LINE_END = re.compile(r"<br\s*/?>|</(?:p|div|li|h\d|blockquote|pre|tr)\s*>", re.I)
_TAG = re.compile(r"<[^<>]*>")

_ITEMS = "SELECT itemID, itemTypeID FROM items ORDER BY itemID"
_FIELDS = (
    "SELECT fieldID, value FROM itemData JOIN itemDataValues USING (valueID) "
    "WHERE itemID = ? LIMIT 99"
)
_CREATORS = (
    "SELECT creatorTypeID, lastName, firstName, fieldMode FROM itemCreators "
    "JOIN creators USING (creatorID) WHERE itemID = ? ORDER BY orderIndex LIMIT 5000"
)
_TAGS = "SELECT name FROM itemTags JOIN tags USING (tagID) WHERE itemID = ? ORDER BY tagID LIMIT 99"
_COLLECTIONS = "SELECT collectionID FROM collectionItems WHERE itemID = ? LIMIT 99"
_NOTES = "SELECT itemID, note FROM itemNotes WHERE parentItemID = ? ORDER BY itemID LIMIT 99"


def _is_sqlite(head: Head) -> bool:
    return head.raw.startswith(_MAGIC)


def _read(source: Source) -> Iterator[Record | BadRecord]:
    with tempfile.TemporaryDirectory(prefix="footnote-zotero-") as folder:
        has_log = _copy(source, Path(folder))
        with _reported(source), closing(_opened(Path(folder) / _COPY, has_log)) as connection:
            yield from _Zotero(connection, source).records()


class _Zotero:
    """The items of an open database."""

    def __init__(self, connection: sqlite3.Connection, source: Source) -> None:
        self._connection = connection
        self._steps = _STEPS
        connection.set_progress_handler(self._goes_too_far, _STEPS_AT_ONCE)
        # Neither views nor virtual tables, which have no page of their own.
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
        self._tables = {row[0] for row in connection.execute(tables)}
        if not {"items", "itemData", "itemDataValues"} <= self._tables:
            raise UnknownFormat(
                source.path, f"{source.name} is a SQLite database, but not Zotero's."
            )
        self._bound(_MAX_NAME_BYTES)
        self._types = self._names("itemTypesCombined", "itemTypes", "itemTypeID, typeName")
        self._fields = self._names("fieldsCombined", "fields", "fieldID, fieldName")
        self._creator_types = self._names("creatorTypes", "", "creatorTypeID, creatorType")
        self._collections = self._paths()
        # In the bin, or in a feed that Zotero watches.
        self._left_out = self._ids("deletedItems", "itemID") | self._ids("feedItems", "itemID")

    def records(self) -> Iterator[Record | BadRecord]:
        """A record for each item that can be a paper; its line is the item's number."""
        for item, type_id in self._connection.execute(_ITEMS):
            self._steps += _STEPS_OF_ITEM
            kind = self._types.get(type_id, "")
            if not isinstance(item, int) or item in self._left_out or kind in _NO_PAPERS:
                continue
            try:
                yield self._record(item, kind)
            except sqlite3.DataError:
                yield BadRecord(item, "one of its texts is too long for any paper")

    def _record(self, item: int, kind: str) -> Record | BadRecord:
        self._bound(_MAX_FIELD_BYTES)
        fields = {
            self._fields.get(field, ""): _text(value) for field, value in self._rows(_FIELDS, item)
        }
        found = _EXTRA.findall(fields.get("extra", "")[:MAX_NOTES_CHARACTERS])
        extra = {name.lower(): value for name, value in reversed(found)}  # the first counts

        def first(names: Iterable[str]) -> str:
            return next(filter(None, (fields.get(name, "") for name in names)), "")

        date = first(("date", "issueDate", "dateDecided", "dateEnacted"))
        understood = _DATE.match(date)
        people = self._people(item)
        publication = Publication(
            kind=_KINDS.get(kind, ""),
            venue=first(_VENUES),
            volume=first(("volume",)),
            issue=first(("issue",)),
            pages=first(("pages",)),
            publisher=first(_PUBLISHERS),
            place=first(("place",)),
            edition=first(("edition",)),
            month=read_month(understood[1]) if understood else None,
            isbn=first(("ISBN",)),
            issn=first(("ISSN",)),
            editors=tuple(people["editor"]),
        )
        return make_record(
            item,
            title=_RICH.sub("", first(_TITLES)),
            abstract=_RICH.sub("", first(("abstractNote",))),
            authors=next(filter(None, (people[role] for role in _AUTHORS)), []),
            year=date,
            url=first(("url",)),
            doi=first(("DOI",)) or extra.get("doi", ""),
            arxiv_id=extra.get("arxiv", "") or first(("archiveID",)),
            pmid=extra.get("pmid", ""),
            publication=publication,
            tags=list(self._tags(item)),
            key=first(("citationKey",)) or extra.get("citation key", ""),
            notes=self._notes(item),
        )

    def _people(self, item: int) -> defaultdict[str, list[str]]:
        """The names of an item's creators, by what they did."""
        people: defaultdict[str, list[str]] = defaultdict(list)
        for type_id, family, given, mode in self._rows(_CREATORS, item, "itemCreators", "creators"):
            name = Name(_text(family), _text(given), is_group=mode == 1)
            people[self._creator_types.get(type_id, "")].append(write_name(name))
        return people

    def _tags(self, item: int) -> Iterator[str]:
        """Its collections, with those that they are in, and its tags."""
        for (collection,) in self._rows(_COLLECTIONS, item, "collectionItems"):
            yield from self._collections.get(collection, ())
        for (name,) in self._rows(_TAGS, item, "itemTags", "tags"):
            yield _text(name)

    def _notes(self, item: int) -> str:
        """The text of the notes that belong to it, an empty line between two."""
        self._bound(_MAX_NOTE_BYTES)
        rows = self._rows(_NOTES, item, "itemNotes")
        return "\n\n".join(_note(_text(note)) for id_, note in rows if id_ not in self._left_out)

    def _bound(self, size: int) -> None:
        """Sets the bytes that a text may have."""
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, size)

    def _rows(self, query: str, item: int, *tables: str) -> Iterator[Any]:
        """What a query says of an item; nothing where the tables that it needs are not there."""
        if self._tables.issuperset(tables):
            for row in self._connection.execute(query, (item,)):
                size = sum(len(value) for value in row if isinstance(value, str | bytes))
                self._steps += _STEPS_OF_ROW - size // 100
                yield row

    def _table(self, table: str, columns: str) -> list[Any]:
        """A small table."""
        if table not in self._tables:
            return []
        # The names are ours, never the file's.
        rows = self._connection.execute(f"SELECT {columns} FROM {table} LIMIT {_MAX_ROWS}")
        return rows.fetchall()

    def _names(self, table: str, other: str, columns: str) -> dict[Any, str]:
        """A table of names, or the other where that is empty."""
        return dict(self._table(table, columns) or self._table(other, columns))

    def _ids(self, table: str, column: str) -> set[Any]:
        return {row[0] for row in self._table(table, column)}

    def _paths(self) -> dict[Any, tuple[str, ...]]:
        """The tags that each collection is: "Thesis" and "Thesis / Methods" for one inside it."""
        columns = "collectionID, collectionName, parentCollectionID"
        above = {id_: (_text(name), up) for id_, name, up in self._table("collections", columns)}
        for deleted in self._ids("deletedCollections", "collectionID"):
            above.pop(deleted, None)
        paths: dict[Any, tuple[str, ...]] = {}
        for id_ in above:
            names: list[str] = []
            place = id_
            while place in above and len(names) < 20:  # some circle would have no end
                names.insert(0, above[place][0])
                place = above[place][1]
            tags = (" / ".join(names[: i + 1]) for i in range(len(names)))
            paths[id_] = tuple(
                tag if len(tag) <= MAX_TAG_CHARACTERS else name[:MAX_TAG_CHARACTERS]
                for tag, name in zip(tags, names, strict=True)
            )
        return paths

    def _goes_too_far(self) -> bool:
        self._steps -= _STEPS_AT_ONCE
        return self._steps < 0


def _text(value: object) -> str:
    """A value as text: Zotero keeps some numbers as such."""
    return value if isinstance(value, str) else str(value) if type(value) is int else ""


def _note(text: str) -> str:
    """The text of a note, which Zotero keeps as HTML."""
    lines = html.unescape(_TAG.sub("", _LINE_END.sub("\n", text.replace("\n", " ")))).split("\n")
    return "\n".join(line.strip() for line in lines).strip()


def _copy(source: Source, folder: Path) -> bool:
    """Copies the database, and the log of it if Zotero is running; whether it has a log."""
    log, journal = (source.path.with_name(source.path.name + end) for end in ("-wal", "-journal"))
    try:
        on_disk = _start(source.path) == _MAGIC  # and not within an archive
        before = _state(source.path, log)
        _save(source.pieces(), folder / _COPY)
        has_log = on_disk and log.is_file() and log.stat().st_size > 0
        if has_log and log.stat().st_size > MAX_BYTES:
            raise ReadError(source.path, f"{log.name} is too large; close Zotero and try again.")
        if has_log:
            _save(_pieces(log), folder / f"{_COPY}-wal")
        is_changing = on_disk and _start(journal).startswith(_HOT_JOURNAL)
        if is_changing or before != _state(source.path, log):
            raise ReadError(
                source.path,
                f"Zotero is writing to {source.name}; close Zotero and try again.",
            )
    except (LibraryFull, OSError) as error:
        raise ReadError(
            source.path,
            f"{source.name} cannot be copied to {folder.parent}, where Footnote reads it so that "
            "yours stays as it is. Free some space there, or name another folder in TMPDIR.",
        ) from error
    return has_log


def _start(path: Path) -> bytes:
    """The first bytes of a regular file; none where there is none."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(len(_MAGIC))


def _state(*paths: Path) -> list[tuple[int, int]]:
    """What changes when one of the files is written."""
    states = (os.stat(path) for path in paths if path.is_file())
    return [(state.st_size, state.st_mtime_ns) for state in states]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _save(pieces: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as file:
        for piece in pieces:
            require_space(path.parent, len(piece))
            file.write(piece)


def _opened(path: Path, has_log: bool) -> sqlite3.Connection:
    """The database, of which nothing but tables can be read and nothing can be run."""
    fixed = "" if has_log else "&immutable=1"
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=ro{fixed}", uri=True, check_same_thread=False
    )
    try:
        connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.set_authorizer(_only_reading)
    except BaseException:
        connection.close()
        raise
    return connection


def _only_reading(action: int, *_: object) -> int:
    may = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
    return sqlite3.SQLITE_OK if may else sqlite3.SQLITE_DENY


@contextmanager
def _reported(source: Source) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter of a message of SQLite's
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            what = "takes longer to read than any database of Zotero's; open it in Zotero first"
        elif "no such column" in str(error):
            what = "is no database of Zotero 5 or later; open it in a newer Zotero first"
        else:
            what = "is a SQLite database that is damaged; close Zotero and try again"
        raise ReadError(source.path, f"{source.name} {what}.") from error


READER = Reader("Zotero", _is_sqlite, _read)
