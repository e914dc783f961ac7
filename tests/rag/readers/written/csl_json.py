"""CSL-JSON as reference managers, document converters and web services write it."""

from __future__ import annotations

import json
from typing import Any

ZOTERO: list[dict[str, Any]] = [
    {
        "id": "http://zotero.org/users/1/items/ABCD2345",
        "type": "article-journal",
        "abstract": "Mosses keep a record of <i>damp</i> winters.",
        "container-title": "Journal of Stones &amp; Mosses",
        "DOI": "10.1234/Moss.7",
        "ISSN": "1234-5678, 8765-4321",
        "issue": "2",
        "language": "en",
        "note": "PMID: 7654321\narXiv: 2003.04567v3 [q-bio]\nCitation Key: lund2020moss\naloud",
        "page": "12-34",
        "source": "DOI.org (Crossref)",
        "title": "Does <i>Bryum</i> Remember? H<sub>2</sub>O and Stones",
        "URL": "https://example.org/moss",
        "volume": "7",
        "author": [
            {"family": "Lund", "given": "Zoë"},
            {"family": "Berg", "given": "Jan", "non-dropping-particle": "van den"},
            {"family": "Roy", "given": "Gil", "dropping-particle": "de", "suffix": "Jr."},
            {"literal": "Moss Survey, North"},
        ],
        "accessed": {"date-parts": [["2024", 1, 2]]},
        "issued": {"date-parts": [["2020", 5, 1]]},
    },
    {
        "id": "http://zotero.org/users/1/items/WXYZ2345",
        "type": "article",
        "number": "arXiv:2101.00001",
        "publisher": "arXiv",
        "title": "Counting Lanterns with Sparse Regression",
        "author": [{"family": "Reed", "given": "Bo"}],
        "issued": {"date-parts": [["2021", 1]]},
        "citation-key": "reed2021counting",
    },
]
PANDOC = [
    {
        "id": "fern2019",
        "type": "chapter",
        "title": "Bread without Yeast",
        "author": [{"family": "Fern", "given": "Ada"}],
        "editor": [{"family": "Sand", "given": "Anders"}],
        "container-title": "Loaves",
        "publisher": "Oven Press",
        "publisher-place": "Harbour",
        "edition": 2,
        "ISBN": "978-3-16-148410-0",
        "keyword": "bread, flour",
        "annote": "Lent to Cora.",
        "issued": [{"year": "2019", "month": 11}],
    }
]
MENDELEY = [
    {
        "id": "ITEM-1",
        "type": "paper-conference",
        "title": "A Long Look at Short Walks",
        "author": [{"dropping-particle": "", "family": "Finch", "given": "Cora", "suffix": ""}],
        "issued": {"raw": "2018-07-03"},
        "container-title": "Proceedings of the Walks",
        "keyword": ["gait", "weather"],
    },
    {"id": "ITEM-2", "type": "webpage", "title": "Tides", "issued": {"literal": "spring of 1998"}},
]
EXAMPLES = (
    json.dumps(ZOTERO, indent="\t", ensure_ascii=False).encode(),
    json.dumps({"items": [*ZOTERO, *PANDOC]}).encode(),
    json.dumps(PANDOC + MENDELEY, indent=2).encode("utf-8-sig"),
    b'[\n{"id": "quill2021", "type": "article", "title": "Costs $5 to $10 {x}", "author": '
    b'[{"literal": "Lamp Group"}], "issued": {"date-parts": [[2021, 3]]}, "custom": '
    b'{"footnote": {"notes": "mine\\nall mine", "publication": {"kind": ""}}}}\n]\n',
)
