"""Papers -> the text of a .bib file, which is read back as the same papers; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, unquote

from rag.bibliography.keys import citation_keys, each_once
from rag.readers.fields import MONTHS
from rag.tex_escapes import escaped
from rag.types import Paper, Publication

_NO_ADDRESS = re.compile(r"[\s{}\\\"<>^`|]|%(?![0-9A-Fa-f]{2})")
_TYPES = {  # kind: entry type; anything else is @misc, with the kind in a field of our own
    "article-journal": "article",
    "paper-conference": "inproceedings",
    "chapter": "incollection",
    "book": "book",
    "thesis": "phdthesis",
    "report": "techreport",
    "manuscript": "unpublished",
    "webpage": "online",
    "dataset": "dataset",
    "software": "software",
    "patent": "patent",
}
_VENUES = {"article": "journal", "inproceedings": "booktitle", "incollection": "booktitle"}
_PUBLISHERS = {"phdthesis": "school", "techreport": "institution"}


def bibtex(papers: Sequence[Paper]) -> str:
    """The papers as the text of a .bib file, each once, with keys that are unique in it."""
    once = each_once(papers)
    return "\n".join(_entry(key, p) for key, p in zip(citation_keys(once), once, strict=True))


def _entry(key: str, paper: Paper) -> str:
    """An entry; what is a macro and no text in braces, the month, stands last."""
    published = paper.publication
    entry_type = _TYPES.get(published.kind, "misc")
    about = _text(paper.abstract)
    version = f"v{paper.arxiv_version}" if paper.arxiv_version else ""
    fields = [
        ("title", f"{{{_text(paper.title)}}}"),  # in braces of its own: capitals stay
        ("author", _names(paper.authors)),
        ("year", str(paper.year or "")),
        *_where(entry_type, published),
        ("doi", _address((paper.doi or "").replace("%", "%25"))),
        ("eprint", _address(f"{paper.arxiv_id}{version}" if paper.arxiv_id else "")),
        ("archivePrefix", "arXiv" if paper.arxiv_id else ""),
        ("pubstate", "preprint" if published.kind == "article" else ""),
        ("pmid", paper.pmid or ""),
        ("openalexid", paper.openalex_id or ""),
        ("s2id", paper.s2_id or ""),
        ("url", _address(_link(paper))),
        ("abstract", "" if paper.is_note else about),
        ("footnoteabout", about if paper.is_note else ""),  # somebody else's words about it
        ("keywords", ", ".join(map(_tag, paper.tags))),
        ("annote", "\n".join(escaped(line) for line in paper.notes.split("\n"))),
        ("readstatus", "read" if paper.is_read else ""),
    ]
    lines = [f"  {name} = {{{value}}}," for name, value in fields if value]
    if published.month:
        lines.append(f"  month = {MONTHS[published.month - 1]},")
    return "\n".join([f"@{entry_type}{{{key},", *lines, "}", ""])


def _where(entry_type: str, published: Publication) -> list[tuple[str, str]]:
    """The fields of a publication, but for its month."""
    is_told = entry_type != "misc" or published.kind in ("", "article")
    return [
        ("footnotekind", "" if is_told else _text(published.kind)),
        (_VENUES.get(entry_type, "howpublished"), _text(published.venue)),
        ("editor", _names(published.editors)),
        ("volume", _text(published.volume)),
        ("number", _text(published.issue)),
        ("pages", re.sub(r"-(?!\{\})", "--", _text(published.pages))),
        (_PUBLISHERS.get(entry_type, "publisher"), _text(published.publisher)),
        ("address", _text(published.place)),
        ("edition", _text(published.edition)),
        ("isbn", _text(published.isbn)),
        ("issn", _text(published.issn)),
    ]


def _names(names: Sequence[str]) -> str:
    return " and ".join(_name(name.strip()) for name in names if name.strip())


def _name(author: str) -> str:
    """An author; one who is a group, or would be read as several, is kept together by braces."""
    is_group = author.startswith("{") and author.endswith("}")
    name = _text(author[1:-1] if is_group else author)
    is_one = re.search(r"\band\b|^others$", name, re.IGNORECASE) or name.count(",") > 2
    return f"{{{name}}}" if is_group or is_one else name


def _tag(tag: str) -> str:
    """A keyword; one that would be read as several is kept together by braces."""
    return f"{{{_text(tag)}}}" if re.search("[,;]", tag) else _text(tag)


def _link(paper: Paper) -> str:
    """Its own address; where that is none, or says no more than an identifier, theirs."""
    told = replace(paper, url=None).links
    own = paper.link if paper.link == paper.url else None
    repeats = own is None or unquote(own) in map(unquote, told)
    return next(iter(told), "") if repeats or own is None else own


def _text(text: str) -> str:
    """A text that LaTeX prints as it is, on one line."""
    return escaped(_line(text))


def _address(text: str) -> str:
    """An address or identifier, read verbatim by BibTeX, that cannot end its field."""
    return _NO_ADDRESS.sub(lambda m: quote(m[0], safe=""), _line(text))


def _line(text: str) -> str:
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())
