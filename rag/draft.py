"""A paper as the texts of a form, and back: what is wrong is told field by field; pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Self

from rag.errors import DraftError
from rag.merging import as_record as as_known
from rag.readers.fields import (
    MAX_ABSTRACT_CHARACTERS,
    MAX_NOTES_CHARACTERS,
    MAX_TAGS,
    MAX_TITLE_CHARACTERS,
    make_record,
    read_doi,
)
from rag.readers.tex import plain
from rag.sample import SAMPLE_TAG
from rag.types import Paper, Record

_MAX_TAG_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of a paper that can be edited, as a person reads and writes them."""

    title: str
    abstract: str
    authors: str = ""  # separated by semicolons
    year: str = ""
    doi: str = ""
    url: str = ""
    tags: str = ""  # separated by commas
    notes: str = ""  # the reader's own, of several lines
    is_read: bool = False

    @classmethod
    def of(cls, paper: Paper) -> Self:
        """What the form of a paper holds before anybody writes in it."""
        return cls(
            title=paper.title,
            abstract=paper.abstract,
            authors="; ".join(paper.authors),
            year=str(paper.year or ""),
            doi=paper.doi or "",
            url=paper.url or "",
            tags=", ".join(paper.tags),
            notes=paper.notes,
            is_read=paper.is_read,
        )


def as_record(draft: Draft, paper: Paper, same: Callable[[Record], Paper | None]) -> Record:
    """What a paper becomes with this draft; `same` gives another paper that a record describes.

    The texts go the way of a file's, so what is kept here is what an export brings back. A field
    that nobody changed stays as it is, and so does what no field is for. Raises DraftError.
    """
    before = Draft.of(paper)
    changed = {f.name for f in fields(Draft) if getattr(draft, f.name) != getattr(before, f.name)}
    faults: dict[str, str] = {}
    for name, called, limit in (
        ("title", "title", MAX_TITLE_CHARACTERS),
        ("abstract", "abstract", MAX_ABSTRACT_CHARACTERS),
        ("notes", "text", MAX_NOTES_CHARACTERS),
    ):
        text, is_needed = getattr(draft, name), bool(getattr(paper, name)) and name != "notes"
        if is_needed and not any(c.isalnum() for c in text):
            faults[name] = f"Write the {name}; it cannot be left empty."
        elif len(text) > limit:
            faults[name] = f"The {called} has {len(text):,} characters; shorten it to {limit:,}."
    tags = paper.tags
    if "tags" in changed:
        try:
            tags = read_tags(draft.tags, paper.tags)
        except DraftError as error:
            faults |= error.faults
    if faults:
        raise DraftError(faults)
    read = make_record(
        1,
        title=draft.title,
        abstract=draft.abstract,
        authors=re.split(r"[;\n]", draft.authors),
        year=draft.year,
        url=draft.url,
        doi=draft.doi,
        arxiv_id=paper.arxiv_id,
        notes=draft.notes,
        is_read=draft.is_read,
        read=plain,
    )
    assert isinstance(read, Record)  # a bad one has no title
    if draft.year.strip() and read.year is None:
        faults["year"] = "Write the year with four digits, such as 2021, or leave it empty."
    if draft.doi.strip() and read_doi(draft.doi) is None:
        faults["doi"] = "Write the DOI as 10.1000/182, or leave it empty."
    if draft.url.strip() not in ("", read.url):
        faults["url"] = "Write an address that begins with https://, or leave it empty."
    if paper.arxiv_id is None and changed & {"doi", "url"}:  # either may tell it
        changed |= {"arxiv_id", "arxiv_version"}
    news = {name: getattr(read, name) for name in changed - {"tags"}}
    record = replace(as_known(paper), **news, tags=tags)
    other = None if faults else same(record)
    if other is not None:
        faults["title"] = f"The library already has this paper, as “{other.title}”."
    if faults:
        raise DraftError(faults)
    return record


def read_tags(text: str, has: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The tags of a text with commas or semicolons between them, for a paper that `has` some.

    Raises DraftError.
    """
    tags = tuple(dict.fromkeys(tag for part in re.split(r"[,;\n]", text) if (tag := plain(part))))
    fault = ""
    if long := next((tag for tag in tags if len(tag) > _MAX_TAG_CHARACTERS), ""):
        fault = f"The tag “{long[:20]}…” is too long; {_MAX_TAG_CHARACTERS} characters are kept."
    elif len(tags) > MAX_TAGS:
        fault = f"These are {len(tags)} tags; a paper has {MAX_TAGS} at most."
    elif SAMPLE_TAG in tags and SAMPLE_TAG not in has:
        fault = f"The tag “{SAMPLE_TAG}” marks the sample papers; choose another word."
    if fault:
        raise DraftError({"tags": fault})
    return tags
