"""The list of conversations as HTML; pure, everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import groupby

from rag.conversations import Conversation

MORE = '<p class="quiet">Older conversations are found by their words.</p>'


def listed(
    conversations: Sequence[Conversation], opened: str | None, now: datetime, words: str = ""
) -> str:
    """Conversations by day, each with a menu; `words` are what they were found by."""
    found_by = f'data-words="{escape(words)}"'
    if not conversations:
        empty = (
            f"No conversation holds “{escape(words)}”."
            if words
            else "Conversations are kept here, on this machine, with their evidence."
        )
        return f'<p class="quiet" {found_by}>{empty}</p>'
    groups = "".join(
        f"<section><h2>{day}</h2><ul>{''.join(_item(c, c.id == opened) for c in of_day)}</ul>"
        "</section>"
        for day, of_day in groupby(conversations, key=lambda c: _day(c.asked, now))
    )
    return f'<nav aria-label="Conversations" {found_by}>{groups}</nav>'


def _item(conversation: Conversation, is_open: bool) -> str:
    id_, title = escape(conversation.id), escape(conversation.title)
    current = ' aria-current="true"' if is_open else ""
    return (
        f'<li><button type="button" class="opens" data-do="open" data-id="{id_}"{current}>'
        f"{title}</button>"
        f'<details class="menu"><summary aria-label="More for {title}">…</summary><div>'
        f'<form data-do="rename" data-id="{id_}"><label>Name'
        f'<input name="title" value="{title}" maxlength="200" autocomplete="off"></label>'
        '<button type="submit" class="button">Rename</button></form>'
        f'<a class="button" href="footnote/conversations/{id_}.md" download>Export</a>'
        f'<details class="sure"><summary class="button">Delete…</summary>'
        f'<button type="button" class="button danger" data-do="delete" data-id="{id_}">'
        "Delete for good</button></details></div></details></li>"
    )


def _day(asked: float, now: datetime) -> str:
    """“Today”, “Yesterday”, “19 November”, or with its year where that is another."""
    day = datetime.fromtimestamp(asked)
    if day.date() == now.date():
        return "Today"
    if day.date() == now.date() - timedelta(days=1):
        return "Yesterday"
    return f"{day.day} {day:%B}" + ("" if day.year == now.year else f" {day.year}")
