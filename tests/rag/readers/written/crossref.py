"""Works of Crossref's REST API: a list, a single one, lines of a dump, and one given for a DOI."""

from __future__ import annotations

import json
from typing import Any

WORK: dict[str, Any] = {
    "indexed": {"date-parts": [[2024, 2, 3]], "timestamp": 1706918400000},
    "reference-count": 1,
    "publisher": "Quay Press",
    "issue": "2",
    "DOI": "10.1234/Harbour.11",
    "type": "journal-article",
    "created": {"date-parts": [[2016, 1, 1]]},
    "page": "12-34",
    "title": ["Lamps in <i>Fog</i>"],
    "subtitle": ["A &amp; B"],
    "prefix": "10.1234",
    "volume": "7",
    "author": [
        {"given": "Ada", "family": "Quill", "sequence": "first", "affiliation": []},
        {"given": "Ben", "family": "Marsh", "suffix": "Jr.", "sequence": "additional"},
        {"name": "Harbour Survey", "sequence": "additional"},
    ],
    "member": "1",
    "container-title": ["Harbour Letters"],
    "abstract": "<jats:title>Abstract</jats:title><jats:sec><jats:title>Aims</jats:title>"
    "<jats:p>Fog dims lamps (<jats:italic>p</jats:italic> &lt; 0.05).</jats:p></jats:sec>",
    "reference": [{"key": "r1", "article-title": "An Older Lamp", "year": "1999"}],
    "issued": {"date-parts": [[2016, 5]]},
    "ISSN": ["1111-2222", "3333-4444"],
    "URL": "https://doi.org/10.1234/harbour.11",
    "resource": {"primary": {"URL": "https://example.org/harbour/11"}},
}
PREPRINT = {
    "DOI": "10.21203/lantern.5",
    "type": "posted-content",
    "title": ["Counting Lanterns"],
    "institution": [{"name": "Lamp Archive"}],
    "publisher": "Quay Press",
    "posted": {"date-parts": [[2021, 1, 4]]},
    "issued": {"date-parts": [[None]]},
    "prefix": "10.21203",
}
FOR_A_DOI = {
    "DOI": "10.1234/walks.2",
    "type": "proceedings-article",
    "title": "A Long Look at Short Walks",
    "container-title": "Proceedings of the Walks",
    "author": [{"given": "Cora", "family": "Finch"}],
    "issued": {"date-parts": [[2018, 7, 3]]},
    "member": "1",
}
EXAMPLES = (
    json.dumps(
        {
            "status": "ok",
            "message-type": "work-list",
            "message": {"facets": {}, "total-results": 2, "items": [WORK, PREPRINT],
                        "items-per-page": 20, "query": {"start-index": 0, "search-terms": "x"}},
        }
    ).encode(),
    json.dumps({"status": "ok", "message-type": "work", "message": WORK}, indent=1).encode(),
    "\n".join(map(json.dumps, (WORK, FOR_A_DOI, PREPRINT))).encode(),
)  # fmt: skip
