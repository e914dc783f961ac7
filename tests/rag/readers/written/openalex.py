"""Works of OpenAlex: one page of its API, lines of its snapshot, and a line of an older one."""

from __future__ import annotations

import json
from typing import Any

WORK: dict[str, Any] = {
    "id": "https://openalex.org/W2741809807",
    "doi": "https://doi.org/10.1234/Lamps.3",
    "title": "Lamps &amp; <i>Fog</i>",
    "display_name": "Lamps &amp; <i>Fog</i>",
    "publication_year": 2018,
    "publication_date": "2018-02-13",
    "ids": {
        "openalex": "https://openalex.org/W2741809807",
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/29456894",
    },
    "primary_location": {
        "landing_page_url": "https://doi.org/10.1234/lamps.3",
        "source": {
            "display_name": "Harbour Letters",
            "issn_l": "2167-8359",
            "host_organization_name": "Quay Press",
            "type": "journal",
        },
    },
    "locations": [
        {"landing_page_url": "https://doi.org/10.1234/lamps.3"},
        {"landing_page_url": "https://arxiv.org/abs/1702.00012", "source": {"type": "repository"}},
    ],
    "type": "article",
    "type_crossref": "journal-article",
    "authorships": [
        {"author_position": "first", "author": {"display_name": "Ada Quill"}},
        {"author": {"display_name": None}, "raw_author_name": "B. Marsh"},
    ],
    "biblio": {"volume": "6", "issue": "4", "first_page": "e4375", "last_page": "e4375"},
    "keywords": [{"display_name": "Fog"}, {"display_name": "Lamp"}],
    "primary_topic": {"display_name": "Coasts", "field": {"display_name": "Earth Science"}},
    "abstract_inverted_index": {"We": [0], "light": [1], "lamps": [2, 6], "in": [3], "fog,": [4],
                                "and": [5]},
}  # fmt: skip
PREPRINT = {
    "id": "https://openalex.org/W99",
    "display_name": "Counting Lanterns",
    "publication_year": 2021,
    "publication_date": "2021-01-01",
    "type": "preprint",
    "primary_location": {
        "landing_page_url": "http://arxiv.org/abs/2101.00001v2",
        "source": {"display_name": "arXiv (Cornell University)", "type": "repository"},
    },
    "authorships": [],
    "abstract_inverted_index": None,
}
OLDER = {
    "id": "W7",
    "display_name": "Bread without Yeast",
    "publication_year": 2001,
    "host_venue": {"display_name": "Loaves", "publisher": "Oven Press", "issn": ["1111-2222"]},
    "authorships": [{"author": {"display_name": "Cora Finch"}}],
    "abstract_inverted_index": {"IndexLength": 2, "InvertedIndex": {"Bread": [0], "rises.": [1]}},
}
EXAMPLES = (
    json.dumps({"meta": {"count": 2, "page": 1}, "results": [WORK, PREPRINT], "group_by": []})
    .encode(),
    "\n".join(map(json.dumps, (WORK, OLDER, PREPRINT))).encode(),
    json.dumps(WORK, indent=2).encode(),
)  # fmt: skip
