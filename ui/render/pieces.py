"""Small parts of HTML that the others share; pure, everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from rag.bibliography import Format
from rag.types import Paper

NO_ABSTRACT = "No abstract: for citing and title search"
FORMATS = (
    "Footnote reads BibTeX, RIS, CSL-JSON, EndNote, PubMed, MEDLINE, arXiv, OpenAlex, Semantic "
    "Scholar, Crossref, Zotero, CSV, JSON Lines, PDF, plain text and saved paper listings, also as "
    ".gz or .zip."
)


def download_link(format: Format, address: str, look: str, note: str = "") -> str:
    """A link that downloads papers in this format; a `note` says more of it."""
    what = f"{format.label} references" if format.style else format.label
    return (
        f'<a class="{look}" href="{escape(address)}" download>{what}{escape(note)} '
        f"(.{format.ending})</a>"
    )


def progress(stage: str, done: int, total: int) -> str:
    """How far adding has come."""
    bar = f'<progress max="{max(total, 1)}" value="{min(done, total)}"></progress>'
    label = f"{escape(stage)} {done:,} of {total:,}" if total else escape(stage)
    return f'<div class="adding" role="status">{bar}<p>{label}</p></div>'


def notice(sentence: str, details: Sequence[str] = (), *, is_problem: bool = False) -> str:
    """A sentence for the reader, with a list below it where there is more to say."""
    role, look = ("alert", "problem") if is_problem else ("status", "notice")
    items = "".join(f"<li>{escape(d)}</li>" for d in details)
    return (
        f'<div class="{look}" role="{role}"><p>{escape(sentence)}</p>'
        f"{f'<ul>{items}</ul>' if items else ''}</div>"
    )


def byline(paper: Paper) -> str:
    authors = paper.author_names
    names = f"{', '.join(authors[:5])} and {len(authors) - 5} more" if len(authors) > 6 else ""
    parts = [escape(names or ", ".join(authors)), str(paper.year) if paper.year else ""]
    parts.extend(map(link, sites(paper)))
    parts.extend(f'<span class="tag">{escape(tag)}</span>' for tag in paper.tags)
    line = " · ".join(part for part in parts if part)
    return f'<p class="byline">{line}</p>' if line else ""


def sites(paper: Paper) -> list[str]:
    """Its addresses, the first of each site: they are told apart by the site's name."""
    return list({_site(url): url for url in reversed(paper.links)}.values())[::-1]


def link(url: str | None) -> str:
    """The name of a site, leading to the address; nothing without one."""
    if url is None:
        return ""
    site = escape(_site(url))
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{site}</a>'


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "link").removeprefix("www.")


def card_id(key: str, name: int | str) -> str:
    return f"card-{key}-{name}"


def shortened(text: str, limit: int = 600) -> str:
    return text if len(text) <= limit else f"{text[:limit].rstrip()}…"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
