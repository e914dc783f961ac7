"""Papers -> the text of a RIS file, which is read back as the same papers; pure.

(Research Information Systems, RIS Format Specifications, 2011.) What the format has no tag for
stands in its user field, U1, behind the word `footnote`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rag.bibliography.keys import citation_keys, each_once
from rag.names import read_name
from rag.types import Paper

_TYPES = {  # kind: reference type; anything else is GEN, with the kind in a user field
    "article-journal": "JOUR",
    "paper-conference": "CPAPER",
    "book": "BOOK",
    "chapter": "CHAP",
    "thesis": "THES",
    "report": "RPRT",
    "article": "UNPB",
    "manuscript": "MANSCPT",
    "webpage": "ELEC",
    "post-weblog": "BLOG",
    "dataset": "DATA",
    "software": "COMP",
    "patent": "PAT",
    "article-magazine": "MGZN",
    "article-newspaper": "NEWS",
}


def ris(papers: Sequence[Paper]) -> str:
    """The papers as the text of a RIS file, each once, with their citation keys as their ids."""
    once = each_once(papers)
    return "\n".join(_record(key, p) for key, p in zip(citation_keys(once), once, strict=True))


def _record(key: str, paper: Paper) -> str:
    published = paper.publication
    kind = _TYPES.get(published.kind, "GEN")
    version = f"v{paper.arxiv_version}" if paper.arxiv_version else ""
    start, _, end = published.pages.partition("-")
    is_range = start and end and start != end and "-" not in end
    month = f"{paper.year or ''}/{published.month:02}//" if published.month else ""
    fields = [
        ("ID", key),
        ("TI", paper.title),
        *(("AU", _name(author)) for author in paper.authors),
        ("PY", str(paper.year or "")),
        ("DA", month),
        ("AB", "" if paper.is_note else paper.abstract),
        ("T2", published.venue),
        *(("A2", _name(editor)) for editor in published.editors),
        ("VL", published.volume),
        ("IS", published.issue),
        ("SP", start if is_range else published.pages),
        ("EP", end if is_range else ""),
        ("PB", published.publisher),
        ("CY", published.place),
        ("ET", published.edition),
        ("SN", published.isbn),
        ("SN", published.issn),
        ("DO", paper.doi or ""),
        ("AN", f"PMID:{paper.pmid}" if paper.pmid else ""),
        ("UR", f"https://arxiv.org/abs/{paper.arxiv_id}{version}" if paper.arxiv_id else ""),
        ("UR", paper.url or ""),
        *(("KW", tag) for tag in paper.tags),
        ("U1", "footnote version 1"),
        ("U1", "" if kind != "GEN" or not published.kind else f"footnote kind {published.kind}"),
        ("U1", f"footnote openalex {paper.openalex_id}" if paper.openalex_id else ""),
        ("U1", f"footnote s2 {paper.s2_id}" if paper.s2_id else ""),
        ("U1", "footnote read yes" if paper.is_read else ""),
        ("U1", f"footnote about {paper.abstract}" if paper.is_note else ""),
    ]
    lines = [f"{tag}  - {line}" for tag, value in fields if (line := _line(value))]
    notes = [f"RN  - {line}" for line in paper.notes.split("\n")] if paper.notes else []
    return "\n".join([f"TY  - {kind}", *lines, *notes, "ER  - ", ""])


def _name(author: str) -> str:
    """`Family, Given, Suffix`; a group ends with a comma, as EndNote has it."""
    name = read_name(author)
    if name.is_group:
        return f"{name.family},"
    if "," not in author:
        return author
    return ", ".join(part for part in (name.family, name.given, name.suffix) if part)


def _line(text: str) -> str:
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())
