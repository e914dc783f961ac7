"""JSON Lines of our own form, an array of the same, and objects printed over several lines."""

from __future__ import annotations

import json

TITLE = "Slow Rivers: Measuring Drift in Sensor Networks"
ABSTRACT = (
    "Gauges in a river drift by a hand's breadth a year. We fit the drift of 12 gauges by their "
    "neighbours and lower the error by 7.5 percent."
)


def paper(**fields: object) -> dict[str, object]:
    return {"title": TITLE, "abstract": ABSTRACT, **fields}


def jsonl(*objects: object) -> str:
    return "".join(json.dumps(o) + "\n" for o in objects)


FULL = paper(
    authors=["Fern, Ada", "{Harbour Survey, North}", "Bo Reed"],
    year=2021,
    url="https://example.org/rivers",
    doi="10.1234/ab.5",
    arxiv_id="2101.00001v2",
    pmid="123456",
    openalex_id="W2741809807",
    s2_id="CorpusId:77",
    publication={"kind": "article-journal", "venue": "Gauges", "pages": "1-9", "month": 4},
    tags=["rivers", "to read"],
    key="fern2021slow",
    notes="first line\n\n  second $5 line",
    is_read=True,
    tex=False,
)
EXAMPLES = (
    jsonl(FULL, paper(title="Bread without Yeast", year="in 1999", tex=True), paper()).encode(),
    json.dumps([paper(id="2101.00001"), paper(title="Damp Stones", authors="A. Fern; B. Reed")],
               ensure_ascii=False).encode("utf-16"),
    "\n".join(json.dumps(o, indent=2) for o in (FULL, paper(title="G\\'erard's {Lamp}"))).encode(),
    b"\xef\xbb\xbf\r\n" + jsonl(paper(), {"abstract": "It has no title."}, paper(title="Z"))
    .replace("\n", "\r\n").encode(),
)  # fmt: skip
