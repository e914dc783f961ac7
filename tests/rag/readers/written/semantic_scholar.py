"""Papers of Semantic Scholar: of its Graph API, of its datasets, of citations, of old dumps."""

from __future__ import annotations

import json
from typing import Any

GRAPH: dict[str, Any] = {
    "paperId": "649DEF34f8be52c8b66281af98ae884c09aef38b",
    "corpusId": 1234,
    "externalIds": {
        "MAG": "2112796928",
        "ArXiv": "2101.00001",
        "DOI": "10.1234/Tide.9",
        "CorpusId": 1234,
        "PubMed": "29456894",
    },
    "url": "https://www.semanticscholar.org/paper/649def34",
    "title": "Tidepool: Names of Marine Species",
    "abstract": "Names of marine species are written in many ways.",
    "venue": "Tides",
    "year": 2019,
    "publicationTypes": ["JournalArticle", "Review"],
    "publicationDate": "2019-09-02",
    "journal": {"name": "Journal of Tides", "volume": "40", "pages": "116 - 135"},
    "fieldsOfStudy": ["Biology", "Computer Science"],
    "tldr": {"model": "m", "text": "It is about tides."},
    "authors": [{"authorId": "1", "name": "Cora Finch"}, {"authorId": None, "name": "B. Marsh"}],
}
DATASET = {
    "corpusid": 77,
    "externalids": {"ACL": None, "ArXiv": "2003.04567", "DOI": None, "CorpusId": "77"},
    "url": "https://www.semanticscholar.org/paper/77",
    "title": "Does Moss Remember?",
    "authors": [{"authorId": "9", "name": "Zoë Lund"}],
    "venue": "arXiv.org",
    "publicationvenueid": None,
    "year": 2020,
    "s2fieldsofstudy": [{"category": "Biology", "source": "s2-fos-model"}],
    "publicationtypes": None,
    "publicationdate": "2020-03-09",
    "journal": {"name": "ArXiv", "volume": "abs/2003.04567", "pages": None},
}
TALK = {
    "paperId": "0" * 40,
    "title": "A Long Look at Short Walks",
    "year": 2018,
    "venue": "Walks",
    "publicationTypes": ["JournalArticle", "Conference"],
}
OLD = {
    "id": "a" * 40,
    "title": "Bread without Yeast",
    "paperAbstract": "Bread rises by patience alone.",
    "authors": [{"name": "Ada Fern", "ids": ["5"]}],
    "year": 2001,
    "doi": "10.1234/bread",
    "journalName": "Loaves",
}
EXAMPLES = (
    json.dumps({"total": 2, "offset": 0, "data": [GRAPH, TALK]}).encode(),
    "\n".join(json.dumps(o) for o in (DATASET, OLD, DATASET)).encode(),
    json.dumps({"offset": 0, "data": [{"contexts": [], "citedPaper": TALK},
                                      {"isInfluential": True, "citingPaper": GRAPH}]},
               indent=1).encode(),
    json.dumps([GRAPH, None, TALK]).encode(),
)  # fmt: skip
