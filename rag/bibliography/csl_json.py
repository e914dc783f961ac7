"""Papers -> CSL-JSON, which Zotero, Pandoc and citeproc read; pure.

(Citation Style Language 1.0.2, its schema csl-data.json, 2021.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rag.bibliography.keys import citation_keys, each_once
from rag.names import read_name, shown
from rag.readers.csl_json import read_csl
from rag.readers.jsonl import fields_of
from rag.types import Paper, Record


def csl_json(papers: Sequence[Paper]) -> str:
    """The papers as an array of CSL items, one a line, each once.

    What the standard has no field for, or another form of, stands under `custom.footnote`, which
    other programs ignore, so that reading the text gives the same papers.
    """
    once = each_once(papers)
    items = (
        item | {"custom": {"footnote": _own(item, paper)}}
        for item, paper in zip(csl_items(once), once, strict=True)
    )
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    return f"[\n{lines}\n]\n"


def csl_items(papers: Sequence[Paper]) -> list[dict[str, Any]]:
    """The papers as CSL items, each once, in fields that the standard names; texts are plain."""
    once = each_once(papers)
    return [_item(key, p) for key, p in zip(citation_keys(once), once, strict=True)]


def _item(key: str, paper: Paper) -> dict[str, Any]:
    publication = paper.publication
    is_preprint = _kind(paper) == "article" and paper.arxiv_id is not None
    version = f"v{paper.arxiv_version}" if paper.arxiv_version else ""
    date = [paper.year, publication.month] if publication.month else [paper.year]
    fields = {
        "id": key,
        "type": _kind(paper),
        "title": paper.title,
        "author": list(map(_name, paper.authors)),
        "editor": list(map(_name, publication.editors)),
        "issued": {"date-parts": [date]} if paper.year else None,
        "container-title": publication.venue,
        "volume": publication.volume,
        "issue": publication.issue,
        "page": publication.pages,
        "number": f"arXiv:{paper.arxiv_id}{version}" if is_preprint else "",
        "publisher": publication.publisher or ("arXiv" if is_preprint else ""),
        "publisher-place": publication.place,
        "edition": publication.edition,
        "ISBN": publication.isbn,
        "ISSN": publication.issn,
        "DOI": paper.doi,
        "PMID": paper.pmid,
        "URL": paper.link if paper.url or not paper.doi else "",  # a DOI is an address by itself
        "keyword": ", ".join(paper.tags),
        "abstract": "" if paper.is_note else paper.abstract,
    }
    return {name: value for name, value in fields.items() if value}


def _kind(paper: Paper) -> str:
    if paper.publication.kind or paper.publication.venue:
        return paper.publication.kind or "article-journal"
    return "article" if paper.arxiv_id and not paper.doi else "document"


def _name(text: str) -> dict[str, str]:
    name = read_name(text)
    if name.is_group or not name.family:
        return {"literal": name.family or shown(text)}
    parts = {"family": name.family, "given": name.given, "suffix": name.suffix}
    return {part: value for part, value in parts.items() if value}


def _own(item: dict[str, Any], paper: Paper) -> dict[str, Any]:
    """Our own fields of what reading the item alone would not give back."""
    told = read_csl(1, item | {"custom": {"footnote": {}}})
    if not isinstance(told, Record):
        told = Record("", "")
    ours, theirs = fields_of(replace(paper, key=paper.key or item["id"])), fields_of(told)
    ours["publication"] = _changed(ours["publication"], theirs["publication"])
    return _changed(ours, theirs | {"publication": {}})


def _changed(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ours.items() if value != theirs[name]}
