"""When two descriptions are of one paper, and the id a paper gets; pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from itertools import chain, count

from rag.names import read_name
from rag.types import Paper, Record

# Identifiers that one paper has one of; those of OpenAlex and Semantic Scholar tell that two
# descriptions are of one paper, but not that they are of two: both know some papers twice.
_OWN = ("arxiv_id", "doi", "pmid")
_CATALOGUED = ("openalex_id", "s2_id")
IDENTIFIERS = _OWN + _CATALOGUED

# What preprint servers register: bioRxiv and medRxiv, SSRN, Research Square, OSF's, ChemRxiv,
# Preprints.org, TechRxiv, Authorea. (arXiv's DOIs are read as its numbers.)
_PREPRINT_DOI = re.compile(
    r"10\.1101/(?:\d{4}\.\d\d\.\d\d\.)?\d+$|10\.(?:64898|2139|21203|31234|31235|31219|26434|20944|"
    r"36227|22541)/"
)
_SUBJECT_CLASS = re.compile(r"\.[a-z-]+(?=/)")
_YEARS_TO_PRINT = 3  # that a preprint may be older than what it becomes


def title_key(title: str) -> str:
    """A title without case, accents, spaces and punctuation, for comparing."""
    plain = unicodedata.normalize("NFKD", title).casefold()
    return "".join(c for c in plain if c.isalnum()) or plain.strip()


def first_author(authors: tuple[str, ...]) -> str:
    """The first author's family name for comparing: "Devlin, Jacob" and "J. Devlin" agree."""
    if not authors:
        return ""
    name = read_name(authors[0])
    return title_key(name.family if name.is_group else name.family.split(" ")[-1])


def arxiv_number(text: str) -> str:
    """One of arXiv's numbers in the one way to write it: `math.GT/0309136` is math/0309136."""
    return _SUBJECT_CLASS.sub("", text.lower())


def is_preprint_doi(doi: str | None) -> bool:
    return doi is not None and _PREPRINT_DOI.match(doi) is not None


def is_published(paper: Paper | Record) -> bool:
    """Whether this is known to have appeared: by a DOI that no preprint server gave, or a venue."""
    if paper.doi:
        return not is_preprint_doi(paper.doi)
    return bool(paper.publication.venue) and paper.publication.kind not in ("article", "")


def is_same(one: Paper | Record, other: Paper | Record) -> bool:
    """Whether two descriptions are of one paper.

    A DOI, an arXiv number, a PMID or a catalogue's id that agrees decides; a DOI, arXiv number or
    PMID that differs does too, but for the DOIs of a preprint and of what it became. Otherwise the
    titles agree, and neither the year nor the first author speaks against it; a missing one matches
    any, and what a preprint became may be some years younger.
    """
    both = {
        name: (a, b)
        for name in IDENTIFIERS
        if (a := getattr(one, name)) and (b := getattr(other, name))
    }
    if any(a == b for a, b in both.values()):
        return True
    if "doi" in both and is_preprint_doi(one.doi) != is_preprint_doi(other.doi):
        del both["doi"]
    if any(name in both for name in _OWN) or title_key(one.title) != title_key(other.title):
        return False
    a, b = first_author(one.authors), first_author(other.authors)
    if a and b and a != b:
        return False
    if one.year is None or other.year is None or one.year == other.year:
        return True
    return bool(a and b) and (_may_become(one, other) or _may_become(other, one))


def _may_become(preprint: Paper | Record, published: Paper | Record) -> bool:
    """Whether the years, which both have, are those of a preprint and of its publication."""
    on_server = bool(preprint.arxiv_id) or is_preprint_doi(preprint.doi)
    years = (published.year or 0) - (preprint.year or 0)
    return on_server and is_published(published) and -1 <= years <= _YEARS_TO_PRINT


def identities(paper: Paper | Record) -> list[str]:
    """Texts of which two descriptions of one paper share at least one."""
    known = [f"{name}:{value}" for name in IDENTIFIERS if (value := getattr(paper, name))]
    return [*known, f"title:{title_key(paper.title)}"]


def paper_id(record: Record, taken: Callable[[str], bool] = lambda _: False) -> str:
    """Twelve hexadecimal characters from the title, and from more of the record when taken."""
    key = title_key(record.title)
    more = f"{key}|{first_author(record.authors)}|{record.year}|{record.arxiv_id}|{record.doi}"
    salts = chain([key, more], (f"{more}|{n}" for n in count()))
    ids = (hashlib.blake2s(s.encode(), digest_size=6).hexdigest() for s in salts)
    return next(i for i in ids if not taken(i))
