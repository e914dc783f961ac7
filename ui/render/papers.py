"""The library's papers as HTML; pure, everything from outside is escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from urllib.parse import urlencode

from rag.bibliography import Format
from rag.browse import Order, Page
from rag.draft import Draft
from rag.types import Paper, Publication, Scope
from ui.render.pieces import NO_ABSTRACT, byline, counted, download_link

PAGE = 50  # papers
MOST_FORMATTED = 1000  # papers whose references the page formats; it takes some seconds
MOST_NAMED = 1000  # papers that a question may be asked of by their names
_NAMED = 3  # authors in a line of the list
_ORDERS = {
    Order.NEWEST: "Added last",
    Order.OLDEST: "Added first",
    Order.YEAR_DOWN: "Newest year",
    Order.YEAR_UP: "Oldest year",
    Order.TITLE_UP: "Title, A to Z",
    Order.TITLE_DOWN: "Title, Z to A",
    Order.AUTHOR_UP: "First author, A to Z",
    Order.AUTHOR_DOWN: "First author, Z to A",
}
_FIELDS = (
    ("authors", "Authors", "with semicolons between them"),
    ("year", "Year", ""),
    ("doi", "DOI", ""),
    ("url", "Address", ""),
    ("tags", "Tags", "with commas between them"),
)


@dataclass(frozen=True, slots=True)
class Looking:
    """What a browser tab shows of the library, and which papers are chosen in it."""

    match: str = ""
    scope: Scope = field(default_factory=Scope)
    order: Order = Order.NEWEST
    offset: int = 0
    chosen: frozenset[str] = frozenset()  # ids
    all_chosen: bool = False  # all that match, also on other pages
    opened: str = ""  # id of the paper that is shown whole
    draft: Draft | None = None  # what its form holds while it is edited
    faults: Mapping[str, str] = field(default_factory=dict)  # of the draft, by field
    name: str = ""  # of this list, for links to what is chosen in it
    drawn: int = 0  # how often it was, so that the page tells a new drawing from its own ticks

    @property
    def picked(self) -> tuple[str, Scope] | None:
        """The papers that were chosen; None where none was, which never stands for all."""
        if self.all_chosen:
            return self.match, self.scope
        return ("", Scope(papers=tuple(sorted(self.chosen)))) if self.chosen else None

    @property
    def picked_or_listed(self) -> tuple[str, Scope]:
        """The chosen papers, or all that match: for what takes nothing away."""
        return self.picked or (self.match, self.scope)

    @property
    def is_narrowed(self) -> bool:
        """Whether papers are left out of the list."""
        return bool(self.scope) or bool(self.match.strip())


def counts(papers: int, sentences: int, samples: int = 0) -> str:
    """How much the library holds, in the page's head."""
    more = f", {counted(sentences, 'sentence')}"
    if samples:
        more += ", the sample library" if samples == papers else f", {samples:,} sample papers"
    return f'<p class="held">{counted(papers, "paper")}<span class="more">{more}</span></p>'


def sample_hint(papers: int, samples: int) -> str:
    """What the sample is, and how to be rid of it; nothing where there is none."""
    if not samples:
        return ""
    what = (
        "These are the sample papers, to have something to ask. Add your own above; the sample can "
        "go at any time."
        if samples == papers
        else f"{counted(samples, 'sample paper')} are still among yours."
    )
    return (
        f'<p class="hint">{what} <button type="button" class="button" id="remove-sample" '
        'data-do="unsample">Remove the sample papers</button></p>'
    )


def finder(looking: Looking) -> str:
    """The search field and the order of the list."""
    orders = "".join(
        f'<option value="{order}"{" selected" if order is looking.order else ""}>{name}</option>'
        for order, name in _ORDERS.items()
    )
    return (
        '<div class="finder" role="search"><input type="search" data-do="find" name="words" '
        f'value="{escape(looking.match)}" placeholder="Find by title, author or tag" '
        'aria-label="Find by title, author or tag" autocomplete="off" maxlength="300">'
        f'<label>Sort by <select data-do="sort" name="order">{orders}</select></label></div>'
    )


def bar(looking: Looking, total: int, held: int, said: str = "") -> str:
    """How many papers are listed and chosen, and what can be done with them."""
    if not total:
        return said
    chosen = total if looking.all_chosen else len(looking.chosen)
    of = f" of {held:,}" if looking.is_narrowed else ""
    count = counted(total, "paper") if not of else f"{total:,}{of} papers"
    whole = f"all {total:,}" if total > 1 else "it"
    ticked = " checked" if looking.all_chosen else ""
    return (
        f'<div class="bar" data-drawn="{looking.drawn}"><label class="tick">'
        f'<input type="checkbox" name="all" data-do="all" data-key="all"{ticked}> '
        f'<span class="aside">Choose {whole}</span></label>'
        f'<p role="status">{f"<b>{chosen:,} chosen</b> · " if chosen else ""}{count}</p>'
        f'<div class="actions" role="group" aria-label="With these papers">'
        f"{_actions(looking, chosen, total)}</div></div>{said}"
    )


def _actions(looking: Looking, chosen: int, total: int) -> str:
    some = "" if chosen or looking.is_narrowed else " all"
    # Too many to be named: the tab stays, and says so.
    named = len(looking.picked_or_listed[1].papers) or (total if looking.match.strip() else 0)
    opens = ' data-tab="Ask"' if named <= MOST_NAMED else ""
    ask = (
        f'<button type="button" class="button" data-do="ask-these"{opens}>Ask these</button>'
        if chosen or looking.is_narrowed
        else ""
    )
    exported = chosen or total
    links = "".join(
        download_link(format, _address(looking, format.ending), "button")
        for format in Format
        if not format.style or exported <= MOST_FORMATTED
    )
    export = (
        f'<details class="menu"><summary class="button">Export{some}</summary>'
        f"<div>{links}</div></details>"
    )
    if not chosen:
        return ask + export
    return (
        f"{ask}"
        '<details class="menu"><summary class="button">Tags</summary><div>'
        f"{_tags('tag', 'Add tags', chosen)}{_tags('untag', 'Take tags off', chosen)}"
        "</div></details>"
        '<details class="menu"><summary class="button">Mark as…</summary><div>'
        f'<button type="button" class="button" data-do="read" data-count="{chosen}">Read</button>'
        f'<button type="button" class="button" data-do="unread" data-count="{chosen}">Not read'
        "</button></div></details>"
        f"{export}"
        '<details class="menu"><summary class="button">Delete…</summary><div>'
        f"<p>{counted(chosen, 'paper')} will be gone from the library. Answers that cite "
        f"{'it' if chosen == 1 else 'them'} keep what they quote.</p>"
        '<button type="button" class="button danger" data-do="delete-chosen" '
        f'data-count="{chosen}">'
        f"Delete {counted(chosen, 'paper')} for good</button></div></details>"
        '<button type="button" class="button" data-do="none" data-key="none">Choose none</button>'
    )


def _tags(verb: str, name: str, chosen: int) -> str:
    return (
        f'<form data-do="{verb}" data-count="{chosen}"><label>{name}, with commas between them'
        '<input name="tags" autocomplete="off" maxlength="1000"></label>'
        f'<button type="submit" class="button">{name}</button></form>'
    )


def _address(looking: Looking, kind: str) -> str:
    """Where what is chosen, or all that matches, can be downloaded."""
    query = {"order": looking.order.value}
    if looking.chosen and not looking.all_chosen:
        query["chosen"] = looking.name  # their ids would make an address that no server takes
    else:
        left = {k: v for k, v in asdict(looking.scope).items() if v is not None and v != ()}
        query |= {"match": looking.match, "scope": json.dumps(left)}
    return f"footnote/library.{kind}?{urlencode(query)}"


def listing(page: Page, looking: Looking) -> str:
    """A page of the list, each paper opening to its abstract, and the ways to other pages."""
    if not page.papers:
        return _nothing(looking)
    rows = "".join(_row(paper, looking) for paper in page.papers)
    drawn = f'data-offset="{page.offset}" data-drawn="{looking.drawn}"'
    return f'<ul class="papers" {drawn}>{rows}</ul>{_pager(page)}'


def _nothing(looking: Looking) -> str:
    if looking.is_narrowed:
        words = f" “{escape(looking.match.strip())}”" if looking.match.strip() else " the filter"
        return (
            f'<div class="nothing"><h2>No paper matches{words}</h2><p>Words are looked for at the '
            "beginnings of the words of titles, authors and tags.</p>"
            '<button type="button" class="button" data-do="clear">Show all papers</button></div>'
        )
    return (
        '<div class="nothing"><h2>Your library is empty</h2><p>Drop a file above, or run '
        "<code>footnote add FILE</code>.</p></div>"
    )


def _pager(page: Page) -> str:
    if page.total <= len(page.papers):
        return ""
    last = page.offset + len(page.papers)

    def way(name: str, offset: int, is_there: bool) -> str:
        disabled = "" if is_there else " disabled"
        return (
            f'<button type="button" class="button" data-do="page" data-key="{name}" '
            f'data-offset="{offset}"{disabled}>{name}</button>'
        )

    return (
        '<nav class="pager" aria-label="Pages of the list">'
        f"{way('Previous', page.offset - PAGE, page.offset > 0)}"
        f"<span>{page.offset + 1:,} to {last:,} of {page.total:,}</span>"
        f"{way('Next', page.offset + PAGE, last < page.total)}</nav>"
    )


def _row(paper: Paper, looking: Looking) -> str:
    id_, title = escape(paper.id), escape(paper.title)
    is_open = paper.id == looking.opened
    ticked = " checked" if looking.all_chosen or paper.id in looking.chosen else ""
    draft = looking.draft if is_open else None
    inside = _whole(paper) if draft is None else _form(paper, draft, looking.faults)
    named = ", ".join(paper.author_names[:_NAMED]) + (" and others" * (len(paper.authors) > _NAMED))
    lacks = "" if paper.abstract else NO_ABSTRACT
    meta = " · ".join(filter(None, (escape(named), str(paper.year or ""), lacks)))
    mark = ' <span class="mark">Read</span>' if paper.is_read else ""
    return (
        f'<li><label class="tick"><input type="checkbox" name="tick" data-do="tick" '
        f'data-id="{id_}" aria-label="Choose {title}"{ticked}></label>'
        f'<details{" open" if is_open else ""}><summary data-key="open-{id_}">'
        f'<span class="title">{title}</span>{mark} <span class="meta">{meta}</span></summary>'
        f"{inside}</details></li>"
    )


def _whole(paper: Paper) -> str:
    id_ = escape(paper.id)
    kind = "A note about the paper, not its abstract" if paper.is_note else "Abstract"
    abstract = (
        f'<p class="kind">{kind}</p><p class="abstract">{escape(paper.abstract)}</p>'
        if paper.abstract
        else f'<p class="quiet">{NO_ABSTRACT}.</p>'
    )
    notes = (
        f'<p class="kind">Your notes</p><p class="notes">{escape(paper.notes)}</p>'
        if paper.notes
        else ""
    )
    known = [f"Cited as <code>{escape(paper.key)}</code>"] if paper.key else []
    known += [f"From {escape(', '.join(paper.sources))}"] if paper.sources else []
    appeared = _appeared(paper.publication)
    where = f'<p class="byline">{escape(appeared)}</p>' if appeared else ""
    return (
        f'<div class="paper-read">{byline(paper)}{where}'
        f'{abstract}{notes}<p class="quiet">{" · ".join(known)}</p><div class="actions">'
        f'<button type="button" class="button" data-do="edit" data-id="{id_}" '
        f'data-key="edit-{id_}">Edit</button>'
        '<details class="sure"><summary class="button">Delete…</summary>'
        f'<button type="button" class="button danger" data-do="delete" data-id="{id_}">'
        "Delete for good</button></details></div></div>"
    )


def _appeared(publication: Publication) -> str:
    """Where a paper appeared, in one line: `Journal of Tides 12 (3), pages 45-67`."""
    issue = f"({publication.issue})" if publication.issue else ""
    where = " ".join(filter(None, (publication.venue, publication.volume, issue)))
    one = publication.pages.isalnum()
    pages = f"page{'' if one else 's'} {publication.pages}" if publication.pages else ""
    return ", ".join(filter(None, (where or publication.publisher, pages)))


def _form(paper: Paper, draft: Draft, faults: Mapping[str, str]) -> str:
    """The form in which a paper is edited, each fault beside its field."""
    texts = asdict(draft)

    def around(name: str, label: str, hint: str, inner: str) -> str:
        fault = (
            f'<span class="fault" id="fault-{name}">{escape(faults[name])}</span>'
            if name in faults
            else ""
        )
        more = f" <small>{hint}</small>" if hint else ""
        return f'<label class="{name}"><span>{label}{more}</span>{inner}{fault}</label>'

    def state(name: str) -> str:
        wrong = f' aria-invalid="true" aria-describedby="fault-{name}"' if name in faults else ""
        return f'name="{name}" data-key="{name}"{wrong}'

    title = f'<textarea class="field" rows="2" {state("title")}>{escape(draft.title)}</textarea>'
    abstract = (
        f'<textarea class="field" rows="9" {state("abstract")}>{escape(draft.abstract)}</textarea>'
    )
    notes = f'<textarea class="field" rows="4" {state("notes")}>{escape(draft.notes)}</textarea>'
    ticked = " checked" if draft.is_read else ""
    others = "".join(
        around(
            name,
            label,
            hint,
            f'<input value="{escape(texts[name])}" autocomplete="off" {state(name)}>',
        )
        for name, label, hint in _FIELDS
    )
    kind = "Note" if paper.is_note else "Abstract"
    id_ = escape(paper.id)
    return (
        f'<form class="paper-form" data-do="save" data-id="{id_}">'
        f"{around('title', 'Title', '', title)}{around('abstract', kind, '', abstract)}{others}"
        f"{around('notes', 'Your notes', '', notes)}"
        f'<label class="is-read"><input type="checkbox" name="is_read" value="yes"{ticked}> Read'
        "</label>"
        '<div class="actions"><button type="submit" class="button main">Save</button>'
        f'<button type="button" class="button" data-do="cancel" data-id="{id_}">Cancel</button>'
        "</div></form>"
    )
