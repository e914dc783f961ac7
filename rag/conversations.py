"""The conversations that a library keeps: each answer with its evidence, verdicts and timings."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rag.database import Database

# A conversation in which a word is found; the evidence that was not shown does not count.
_FOUND = """(title LIKE ? ESCAPE '\\' OR EXISTS (
    SELECT 1 FROM answers WHERE conversation = c.id AND (
        json_extract(record, '$.question.text') LIKE ? ESCAPE '\\'
        OR EXISTS (SELECT 1 FROM json_each(record, '$.sentences') WHERE
            json_extract(value, '$.text') LIKE ? ESCAPE '\\'
            OR json_extract(value, '$.quote') LIKE ? ESCAPE '\\'))))"""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in the list of conversations."""

    id: str
    title: str  # its first question, or the name that somebody gave it
    asked: float  # when its last question was asked; seconds since 1970


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """An answer as it is kept."""

    json: str
    asked: float  # seconds since 1970


class Conversations:
    """Answers by conversation, in the library's database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(
        self, answer_id: str, record: str, *, conversation: str | None = None, title: str = ""
    ) -> None:
        """Keep the JSON record of an answer in place of any earlier one of the same id.

        Starts its conversation when that is new; one without a conversation is kept alone.
        """
        now = time.time()
        with self._db.transaction() as db:
            if conversation is not None:
                db.execute(
                    "INSERT INTO conversations VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    (conversation, title, now),
                )
            db.execute(
                "INSERT INTO answers (id, conversation, asked, record) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                (answer_id, conversation, now, record),
            )

    def latest(self, match: str = "", limit: int = -1) -> list[Conversation]:
        """Conversations, or those where every word of `match` is found; the last used first.

        It is looked for in the name, in what was asked, and in what was answered and quoted.
        """
        words = match.split()
        rows = self._db.rows(
            "SELECT id, title, coalesce((SELECT max(asked) FROM answers"
            " WHERE conversation = c.id), started) AS latest FROM conversations c"
            f" WHERE {' AND '.join([_FOUND] * len(words)) or '1'} ORDER BY latest DESC, id"
            " LIMIT ?",
            *(like for word in words for like in [f"%{_literal(word)}%"] * _FOUND.count("?")),
            limit,
        )
        return [Conversation(row["id"], row["title"], row["latest"]) for row in rows]

    def records(self, conversation: str) -> list[AnswerRecord]:
        """The records of a conversation's answers, oldest first."""
        rows = self._db.rows(
            "SELECT record, asked FROM answers WHERE conversation = ? ORDER BY pk", conversation
        )
        return [AnswerRecord(*row) for row in rows]

    def record(self, answer_id: str) -> AnswerRecord | None:
        """The record of an answer, in a conversation or alone."""
        rows = self._db.rows("SELECT record, asked FROM answers WHERE id = ?", answer_id)
        return AnswerRecord(*rows[0]) if rows else None

    def newest(self) -> AnswerRecord | None:
        """The record of the last answer that was kept, in whichever conversation."""
        rows = self._db.rows("SELECT record, asked FROM answers ORDER BY pk DESC LIMIT 1")
        return AnswerRecord(*rows[0]) if rows else None

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation another name; nothing happens where it is gone."""
        with self._db.transaction() as db:
            db.execute("UPDATE conversations SET title = ? WHERE id = ?", (title, conversation))

    def delete(self, conversation: str) -> None:
        """Delete a conversation with its answers."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM conversations WHERE id = ?", (conversation,))


def _literal(word: str) -> str:
    """A word in which LIKE takes nothing for a wildcard."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
