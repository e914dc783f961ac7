"""The sidebar: earlier conversations, to be found, opened, named, exported and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import gradio as gr

from rag.errors import RagError
from rag.wiring import Desk
from ui.page.parts import html
from ui.render import conversations, pieces

_LONGEST_NAME = 200  # characters
_LISTED = 200  # conversations; older ones are found by their words
_FIND = (
    '<button type="button" class="button" id="new" data-do="new">New conversation</button>'
    '<input type="search" data-do="find" name="words" placeholder="Find a conversation" '
    'aria-label="Find a conversation" autocomplete="off">'
)


class Sidebar:
    """The list of conversations, which other parts of the page are told to show anew."""

    def __init__(self, desk: Desk) -> None:
        self._kept = desk.library.conversations

    def lay_out(self) -> None:
        with gr.Column(elem_id="sidebar"):
            self._find = html("find", _FIND)
            self.list = html("conversations")
        self.parts = (self._find, self.list)

    def listed(self, opened: str | None, words: str = "") -> dict[Any, Any]:
        """The list, with the conversation that is open marked."""
        now = datetime.now()
        found = self._kept.latest(words, _LISTED + 1)
        listed = conversations.listed(found[:_LISTED], opened, now, words)
        more = conversations.MORE if len(found) > _LISTED else ""
        return {self.list: listed + more}

    def act(self, act: Mapping[str, Any], opened: str | None) -> dict[Any, Any]:
        """Do what was asked for in the sidebar, and show what came of it."""
        try:
            match act["do"]:
                case "find":
                    return self.listed(opened, act["words"])
                case "rename" if name := " ".join(act["title"].split()):
                    self._kept.rename(act["id"], name[:_LONGEST_NAME])
        except RagError as error:
            return {self.list: pieces.notice(str(error), is_problem=True)}
        return self.listed(opened)
