"""CSL-JSON -> Records, as Zotero, Pandoc, Mendeley and citation processors write it.

(Citation Style Language 1.0.2, its schema csl-data.json, 2021.) What Footnote wrote has beside the
standard's fields its own under `custom.footnote`, in the form of `rag.readers.jsonl`; its texts are
kept as they are.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from rag.readers.fields import (
    field,
    group_of,
    name_of,
    read_arxiv_id,
    read_key,
    read_month,
    read_year,
)
from rag.readers.jsonl import read_ours
from rag.readers.markup import text_of_markup
from rag.readers.tex import plain
from rag.types import BadRecord, Publication, Record

TYPES = frozenset(
    "article article-journal article-magazine article-newspaper bill book broadcast chapter "
    "classic collection dataset document entry entry-dictionary entry-encyclopedia event figure "
    "graphic hearing interview legal_case legislation manuscript map motion_picture musical_score "
    "pamphlet paper-conference patent performance periodical personal_communication post "
    "post-weblog regulation report review review-book software song speech standard thesis treaty "
    "webpage".split()
)
_OTHERS = frozenset({"authors", "authorships", "tex", "paperId", "corpusid"})
_NOTED = re.compile(r"[ \t]*([A-Za-z][\w. -]{0,40}?)[ \t]*:[ \t]*(\S[^\n]{0,500})")
_ISO_DATE = re.compile(r"\d{4}[-/](\d{1,2})\b")


def is_csl(fields: dict[str, Any]) -> bool:
    """Whether an object is an item of CSL, by its type or by how it tells names and dates."""
    if not isinstance(fields.get("title"), str) or not _OTHERS.isdisjoint(fields):
        return False
    authors = fields.get("author")
    return (
        (isinstance(authors, list) and any(isinstance(a, dict) for a in authors))
        or isinstance(fields.get("issued"), dict | list)
        or "container-title" in fields
        or ("id" in fields and str(fields.get("type")) in TYPES)
    )


def read_csl(line: int, item: dict[str, Any]) -> Record | BadRecord:
    """The record of an item."""
    own = _own(item)
    read = (lambda text: text) if own is not None else text_of_markup
    noted, note = _noted(item.get("note"))
    year, month = read_date(item.get("issued", item.get("year")))
    kind = item.get("type")
    publication = Publication(
        kind=kind if isinstance(kind, str) and kind in TYPES else "",
        venue=read(first_text(item.get("container-title"))),
        volume=field(item.get("volume"), plain),
        issue=field(item.get("issue"), plain),
        pages=field(item.get("page"), plain),
        publisher=read(field(item.get("publisher"), plain)),
        place=field(item.get("publisher-place"), plain),
        edition=field(item.get("edition"), plain),
        month=month,
        isbn=first_text(item.get("ISBN")),
        issn=first_text(item.get("ISSN")),
        editors=tuple(names_of(item.get("editor"))),
    )
    fields: dict[str, Any] = {
        "title": read(first_text(item.get("title"), 100_000)),
        "abstract": read(first_text(item.get("abstract"), 1_000_000)),
        "authors": names_of(item.get("author")),
        "year": year,
        "url": item.get("URL"),
        "doi": item.get("DOI") or noted.get("doi"),
        "arxiv_id": _arxiv_id(item, noted),
        "pmid": item.get("PMID") or noted.get("pmid"),
        "publication": asdict(publication),
        "tags": _tags(item.get("keyword")),
        "key": _key(item, noted),
        "notes": "\n".join(filter(None, (_text(item.get("annote")), note))),
    }
    if own is not None:
        changed = own.get("publication")
        if isinstance(changed, dict):
            own = {**own, "publication": fields["publication"] | changed}
        fields |= {**own, "tex": False}
    return read_ours(line, fields)


def read_date(value: object) -> tuple[int | None, int | None]:
    """Year and month of a CSL date: its parts, or a text such as `2021-05` or `May 2021`."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return read_year(value), _month_in(value)
    parts = value.get("date-parts")
    date = parts[0] if isinstance(parts, list) and parts else None
    if isinstance(date, list) and date:
        return read_year(date[0]), read_month(date[1]) if len(date) > 1 else None
    text = value.get("raw") or value.get("literal") or value.get("year")
    return read_year(text), read_month(value.get("month")) or _month_in(text)


def names_of(value: object) -> list[str]:
    """The names in a list of CSL's, or Crossref's, which are told in their parts."""
    names = value if isinstance(value, list) else []
    return [_name(name) if isinstance(name, dict) else _text(name) for name in names[:5000]]


def first_text(value: object, limit: int = 2_000) -> str:
    """A text, or the first of a list of texts; "" where there is none, or a longer one."""
    if isinstance(value, list):
        value = next((text for text in value if isinstance(text, str) and text.strip()), "")
    return value if isinstance(value, str) and len(value) <= limit else ""


def _name(name: dict[str, Any]) -> str:
    if told := name.get("literal") or name.get("name"):
        return group_of(told)
    particles = (name.get(f"{kind}-particle") for kind in ("dropping", "non-dropping"))
    parts = (field(part, plain) for part in (*particles, name.get("family")))
    return name_of(" ".join(filter(None, parts)), name.get("given"), name.get("suffix"))


def _own(item: dict[str, Any]) -> dict[str, Any] | None:
    """What Footnote wrote beside the fields of the standard."""
    custom = item.get("custom")
    own = custom.get("footnote") if isinstance(custom, dict) else None
    return own if isinstance(own, dict) else None


def _noted(value: object) -> tuple[dict[str, str], str]:
    """Fields that Zotero tells by lines of the note, such as `PMID: 1`; and what else it says."""
    fields, rest = dict[str, str](), list[str]()
    for text in _text(value).split("\n")[:1000]:
        match = _NOTED.fullmatch(text)
        if match:
            fields.setdefault(match[1].lower(), match[2])
        elif text.strip():
            rest.append(text)
    return fields, "\n".join(rest)


def _arxiv_id(item: dict[str, Any], noted: dict[str, str]) -> str | None:
    told = [noted.get("arxiv"), noted.get("tex.eprint")]
    names = " ".join(
        field(item.get(k), plain) for k in ("number", "archive", "publisher", "source")
    )
    if "arxiv" in names.lower():
        told += [item.get("number"), item.get("archive_location"), item.get("archiveLocation")]
    told.append(item.get("URL"))
    return next((text for text in told if isinstance(text, str) and read_arxiv_id(text)[0]), None)


def _key(item: dict[str, Any], noted: dict[str, str]) -> str | None:
    """The citation key; an id that only counts items, or is an address, is none."""
    told = item.get("citation-key") or noted.get("citation key")
    if told or not isinstance(item.get("id"), str):
        return read_key(told)
    is_counted = re.fullmatch(r"(?:ITEM-)?\d+|https?:.*", item["id"], re.DOTALL)
    return None if is_counted else read_key(item["id"])


def _tags(value: object) -> list[object]:
    if isinstance(value, str):
        return list(re.split(r"[;,]", field(value, plain)))
    return value if isinstance(value, list) else []


def _month_in(text: object) -> int | None:
    told = field(text, plain)
    if match := _ISO_DATE.search(told):
        return read_month(match[1])
    return next(
        (month for word in re.findall(r"[A-Za-z]{3,9}", told) if (month := read_month(word))), None
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
