"""Zotero's database, built by hand with the tables of Zotero's own that are read.

(zotero/zotero, resource/schema/userdata.sql and system.sql.)
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

SCHEMA = """
CREATE TABLE version (schema TEXT PRIMARY KEY, version INT NOT NULL);
CREATE TABLE itemTypesCombined (itemTypeID INT NOT NULL, typeName TEXT NOT NULL,
    display INT DEFAULT 1 NOT NULL, custom INT NOT NULL, PRIMARY KEY (itemTypeID));
CREATE TABLE fieldsCombined (fieldID INT NOT NULL, fieldName TEXT NOT NULL, label TEXT,
    fieldFormatID INT, custom INT NOT NULL, PRIMARY KEY (fieldID));
CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT NOT NULL,
    dateAdded TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, libraryID INT NOT NULL DEFAULT 1,
    key TEXT NOT NULL, UNIQUE (libraryID, key));
CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE);
CREATE TABLE itemData (itemID INT, fieldID INT, valueID, PRIMARY KEY (itemID, fieldID));
CREATE TABLE itemNotes (itemID INTEGER PRIMARY KEY, parentItemID INT, note TEXT, title TEXT);
CREATE INDEX itemNotes_parentItemID ON itemNotes(parentItemID);
CREATE TABLE itemAttachments (itemID INTEGER PRIMARY KEY, parentItemID INT, path TEXT);
CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE itemTags (itemID INT NOT NULL, tagID INT NOT NULL, type INT NOT NULL,
    PRIMARY KEY (itemID, tagID));
CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT,
    UNIQUE (lastName, firstName, fieldMode));
CREATE TABLE itemCreators (itemID INT NOT NULL, creatorID INT NOT NULL,
    creatorTypeID INT NOT NULL DEFAULT 1, orderIndex INT NOT NULL DEFAULT 0,
    PRIMARY KEY (itemID, creatorID, creatorTypeID, orderIndex), UNIQUE (itemID, orderIndex));
CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT NOT NULL,
    parentCollectionID INT DEFAULT NULL, libraryID INT NOT NULL DEFAULT 1, key TEXT);
CREATE TABLE collectionItems (collectionID INT NOT NULL, itemID INT NOT NULL,
    orderIndex INT NOT NULL DEFAULT 0, PRIMARY KEY (collectionID, itemID));
CREATE INDEX collectionItems_itemID ON collectionItems(itemID);
CREATE TABLE deletedCollections (collectionID INTEGER PRIMARY KEY, dateDeleted);
CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE feedItems (itemID INTEGER PRIMARY KEY, guid TEXT NOT NULL UNIQUE);
"""
COLLECTIONS = {1: ("Thesis", None), 2: ("Methods", 1), 3: ("Old", None)}


class Built:
    """A database that items are put into."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection
        connection.executescript(SCHEMA)
        for id_, (name, above) in COLLECTIONS.items():
            self._put("collections", collectionID=id_, collectionName=name,
                      parentCollectionID=above)  # fmt: skip
        self._put("deletedCollections", collectionID=3)

    def item(
        self,
        kind: str,
        fields: Mapping[str, str | int],
        people: Iterable[tuple[str, str, str, int]] = (),
        tags: Iterable[str] = (),
        collections: Iterable[int] = (),
        notes: Iterable[str] = (),
    ) -> int:
        """Puts in an item; `people` are (what they did, last name, first name, fieldMode)."""
        item = self._item(kind)
        for name, value in fields.items():
            field = self._named("fieldsCombined", "field", name, custom=0)
            known = "SELECT valueID FROM itemDataValues WHERE value = ?"
            row = self.db.execute(known, (value,)).fetchone()
            value_id = row[0] if row else self._put("itemDataValues", value=value)
            self._put("itemData", itemID=item, fieldID=field, valueID=value_id)
        for order, (role, last, given, mode) in enumerate(people):
            type_ = self._role(role)
            known = "SELECT creatorID FROM creators WHERE (lastName, firstName) = (?, ?)"
            row = self.db.execute(known, (last, given)).fetchone()
            creator = (
                row[0]
                if row
                else self._put("creators", lastName=last, firstName=given, fieldMode=mode)
            )
            self._put("itemCreators", itemID=item, creatorID=creator, creatorTypeID=type_,
                      orderIndex=order)  # fmt: skip
        for tag in tags:
            row = self.db.execute("SELECT tagID FROM tags WHERE name = ?", (tag,)).fetchone()
            tag_id = row[0] if row else self._put("tags", name=tag)
            self._put("itemTags", itemID=item, tagID=tag_id, type=0)
        for collection in collections:
            self._put("collectionItems", collectionID=collection, itemID=item)
        for note in notes:
            self._put("itemNotes", itemID=self._item("note"), parentItemID=item, note=note)
        return item

    def _item(self, kind: str) -> int:
        type_ = self._named("itemTypesCombined", "type", kind, custom=0)
        number = self.db.execute("SELECT count(*) FROM items").fetchone()[0]
        return self._put("items", itemTypeID=type_, key=f"KEY{number:05}")

    def _role(self, role: str) -> int:
        known = "SELECT creatorTypeID FROM creatorTypes WHERE creatorType = ?"
        row = self.db.execute(known, (role,)).fetchone()
        return row[0] if row else self._put("creatorTypes", creatorType=role)

    def _named(self, table: str, what: str, name: str, **more: int) -> int:
        id_ = "itemTypeID" if what == "type" else "fieldID"
        row = self.db.execute(f"SELECT {id_} FROM {table} WHERE {what}Name = ?", (name,)).fetchone()
        if row:
            return int(row[0])
        number = self.db.execute(f"SELECT count(*) + 1 FROM {table}").fetchone()[0]
        self._put(table, **{id_: number, f"{what}Name": name}, **more)
        return int(number)

    def _put(self, table: str, **values: object) -> int:
        marks = ", ".join("?" * len(values))
        columns = ", ".join(values)
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        return int(self.db.execute(sql, tuple(values.values())).lastrowid or 0)


def fill(built: Built) -> None:
    """A small library: papers of several kinds, and what is none."""
    built.item(
        "journalArticle",
        {
            "title": "Lamps of <i>Fucus</i>",
            "abstractNote": "We count lamps over four winters.",
            "publicationTitle": "Journal of Quiet Lights",
            "volume": 8,
            "issue": "2",
            "pages": "12-34",
            "date": "2019-05-03 May 3, 2019",
            "DOI": "10.1234/JQL.8.2",
            "ISSN": "1234-5678",
            "url": "https://example.org/lamps",
            "extra": "PMID: 31234567\nsome words\nCitation Key: quill2019\nPMID: 4",
        },
        [
            ("author", "Quill", "Ada", 0),
            ("editor", "Reed", "Cy", 0),
            ("author", "Harbour Lamp Office", "", 1),
        ],
        ["lamps", "winter"],
        [2, 3],
        ['<div data-schema-version="9"><p>Read the appendix.</p>\n<p>Ask <b>Bo</b> &amp; Cy.</p>'
         "</div>", "<p>Second note</p>"],
    )  # fmt: skip
    built.item(
        "preprint",
        {
            "title": "Slow Rivers",
            "abstractNote": "Rivers are slow.",
            "date": "2021-00-00 2021",
            "archiveID": "arXiv:2101.00001",
            "repository": "arXiv",
            "extra": "arXiv:2101.00001 [cs]",
        },
        [("author", "Fern", "Bo", 0)],
    )
    built.item(
        "thesis",
        {"title": "Moss on Stones", "university": "University of the Tides", "date": "0000 s.a."},
        [("contributor", "Sand", "Di", 0), ("author", "Lund", "Zoë", 0)],
        collections=[1],
    )
    built.item("case", {"caseName": "Harbour v. Tide", "dateDecided": "1999-01-00 01/1999"})
    built.item("attachment", {"title": "Full Text PDF"})
    built.item("journalArticle", {"date": "2020-01-01 2020"})
    thrown = built.item("book", {"title": "Thrown away"})
    watched = built.item("journalArticle", {"title": "Watched in a feed"})
    built.db.execute("INSERT INTO deletedItems (itemID) VALUES (?)", (thrown,))
    built.db.execute("INSERT INTO feedItems VALUES (?, 'guid')", (watched,))


def database(pragma: str = "") -> bytes:
    """The bytes of a filled database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "zotero.sqlite"
        connection = sqlite3.connect(path)
        connection.execute(pragma)
        fill(Built(connection))
        connection.commit()
        connection.close()
        return path.read_bytes()


EXAMPLES: tuple[bytes, ...] = (
    database(),
    database("PRAGMA page_size = 512"),
    database("PRAGMA encoding = 'UTF-16le'"),
    database("PRAGMA journal_mode = WAL"),
)
