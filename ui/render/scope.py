"""Which papers a question looks at, as chips and a form; pure, all from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.browse import Facet, Facets
from rag.scope import describe
from rag.types import Scope
from ui.render.pieces import shortened

_OFFERED = 40  # tags or sources in the form; the library may have thousands
_LONGEST = 60  # characters on a chip


def scope_bar(scope: Scope, facets: Facets, named: int = 0, title: str = "") -> str:
    """The filters in force, each of which can be taken off, and the form that sets them.

    `named` is how many of the papers that the scope names are still there, `title` the title of one
    that is alone.
    """
    chips = []
    if years := describe(Scope(scope.from_year, scope.to_year)):
        chips.append(_chip("years", "", years))
    chips += [_chip("tags", tag, describe(Scope(tags=(tag,)))) for tag in scope.tags]
    chips += [_chip("sources", name, describe(Scope(sources=(name,)))) for name in scope.sources]
    chips += [_chip("authors", name, describe(Scope(authors=(name,)))) for name in scope.authors]
    if scope.is_read is not None:
        chips.append(_chip("is_read", "", describe(Scope(is_read=scope.is_read))))
    if scope.papers:
        label = f"only “{title}”" if named == 1 else f"only {named:,} papers"
        chips.append(_chip("papers", "", label))
    return f'<div class="scope">{"".join(chips)}{_form(scope, facets)}</div>'


def _chip(field: str, value: str, label: str) -> str:
    shown = escape(shortened(label, _LONGEST))
    return (
        f'<span class="chip">{shown}<button type="button" data-do="drop" data-field="{field}" '
        f'data-value="{escape(value)}" aria-label="Take off the filter: {shown}">×</button></span>'
    )


def _form(scope: Scope, facets: Facets) -> str:
    if not (facets.years or facets.tags or facets.sources):
        return ""
    first, last = (facets.years[0].value, facets.years[-1].value) if facets.years else ("", "")
    year = 'type="number" min="0" max="9999" inputmode="numeric"'
    return (
        '<details class="menu up"><summary class="button">Filter</summary><div>'
        '<form data-do="scope"><fieldset><legend>Years</legend><div class="years">'
        f'<label>From <input {year} name="from_year" placeholder="{escape(first)}" '
        f'value="{_number(scope.from_year)}"></label>'
        f'<label>To <input {year} name="to_year" placeholder="{escape(last)}" '
        f'value="{_number(scope.to_year)}"></label></div></fieldset>'
        '<div class="who"><label>Authors, with ; between them <input name="authors" '
        f'autocomplete="off" maxlength="300" value="{escape("; ".join(scope.authors))}"></label>'
        f'<label>Read or not <select name="is_read">{_whether_read(scope.is_read)}</select></label>'
        "</div>"
        f"{_boxes('Tags', 'tags', facets.tags, scope.tags)}"
        f"{_boxes('Files they came from', 'sources', facets.sources, scope.sources)}"
        '<button type="submit" class="button main">Apply</button></form></div></details>'
    )


def _boxes(legend: str, name: str, facets: Sequence[Facet], chosen: Sequence[str]) -> str:
    if not facets:
        return ""
    boxes = "".join(
        f'<label class="box"><input type="checkbox" name="{name}" value="{escape(f.value)}"'
        f"{' checked' if f.value in chosen else ''}> {escape(shortened(f.value, _LONGEST))} "
        f"<span>{f.papers:,}</span></label>"
        for f in facets[:_OFFERED]
    )
    return f'<fieldset><legend>{legend}</legend><div class="boxes">{boxes}</div></fieldset>'


def _whether_read(is_read: bool | None) -> str:
    return "".join(
        f'<option value="{value}"{" selected" if is_it is is_read else ""}>{name}</option>'
        for value, name, is_it in (
            ("", "Both", None),
            ("yes", "Read", True),
            ("no", "Not read", False),
        )
    )


def _number(year: int | None) -> str:
    return "" if year is None else str(year)
