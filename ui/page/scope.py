"""The bar beside the question: which papers it looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gradio as gr

from rag.scope import beginnings
from rag.types import EVERYTHING, Scope
from rag.wiring import Desk
from ui.page.parts import html
from ui.render.scope import scope_bar

_MOST_AUTHORS = 20  # names looked for at once


class ScopeBar:
    """Chips for the filters in force, and the form that sets them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def lay_out(self) -> None:
        self.scope = gr.State(EVERYTHING)
        self.bar = html("scope")

    def showing(self, scope: Scope) -> dict[Any, Any]:
        """The bar for a scope, which the next question will look at."""
        return {self.scope: scope, **self.drawn(scope)}

    def drawn(self, scope: Scope) -> dict[Any, Any]:
        """The bar alone, as the library is now."""
        shelf = self._desk.library.shelf
        if not scope.papers:
            return {self.bar: scope_bar(scope, shelf.facets())}
        named = shelf.browse(scope=Scope(papers=scope.papers), limit=1)
        title = named.papers[0].title if named.total == 1 else ""
        return {self.bar: scope_bar(scope, shelf.facets(), named.total, title)}

    def act(self, act: Mapping[str, Any], scope: Scope) -> dict[Any, Any]:
        """Set what the form says, or take one filter off."""
        return self.showing(changed(act, scope))


def changed(act: Mapping[str, Any], scope: Scope) -> Scope:
    """The scope after what a person did with a chip or with the form."""
    match act["do"], act.get("field"):
        case "only", _:
            return Scope(papers=(act["id"],))
        case "drop", "years":
            return replace(scope, from_year=None, to_year=None)
        case "drop", "papers":
            return replace(scope, papers=())
        case "drop", "is_read":
            return replace(scope, is_read=None)
        case "drop", ("tags" | "sources" | "authors") as field:
            left: dict[str, Any] = {
                field: tuple(value for value in getattr(scope, field) if value != act["value"])
            }
            return replace(scope, **left)
        case "scope", _:
            years = sorted(filter(None, map(_year, (act["from_year"], act["to_year"]))))
            is_span = len(years) == 2
            return Scope(
                years[0] if is_span else _year(act["from_year"]),
                years[1] if is_span else _year(act["to_year"]),
                tuple(act.get("tags", ())),
                tuple(act.get("sources", ())),
                scope.papers,
                _authors(act["authors"]),
                {"yes": True, "no": False}.get(act["is_read"]),
            )
    return scope


def _authors(text: str) -> tuple[str, ...]:
    """The names between semicolons, without what no name can begin with."""
    names = (" ".join(name.split()) for name in text.split(";"))
    return tuple(dict.fromkeys(filter(beginnings, names)))[:_MOST_AUTHORS]


def _year(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
