"""When two records are the same paper, and the id a paper gets; pure."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from itertools import chain, count

from rag.types import Paper, Record


def title_key(title: str) -> str:
    """A title without case, accents, spaces and punctuation, for comparing."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    return "".join(c for c in plain if c.isalnum()) or plain.strip()


def first_author(authors: tuple[str, ...]) -> str:
    """The first author's family name for comparing: "Devlin, Jacob" and "J. Devlin" agree."""
    if not authors:
        return ""
    name = authors[0]
    family = name.split(",")[0] if "," in name else (name.split() or [""])[-1]
    return title_key(family)


def is_same(record: Record, paper: Paper) -> bool:
    """Whether a record describes this paper.

    An arXiv id or DOI that both have decides. Otherwise the titles agree, and neither the year nor
    the first author speaks against it; a missing one matches any.
    """
    for ours, theirs in ((record.arxiv_id, paper.arxiv_id), (record.doi, paper.doi)):
        if ours and theirs:
            return ours == theirs
    if title_key(record.title) != title_key(paper.title):
        return False
    a, b = first_author(record.authors), first_author(paper.authors)
    years_differ = record.year is not None and paper.year is not None and record.year != paper.year
    return not years_differ and not (a and b and a != b)


def paper_id(record: Record, taken: Callable[[str], bool] = lambda _: False) -> str:
    """Twelve hexadecimal characters from the title, and from more of the record when taken."""
    key = title_key(record.title)
    more = f"{key}|{first_author(record.authors)}|{record.year}|{record.arxiv_id}|{record.doi}"
    salts = chain([key, more], (f"{more}|{n}" for n in count()))
    ids = (hashlib.blake2s(s.encode(), digest_size=6).hexdigest() for s in salts)
    return next(i for i in ids if not taken(i))
