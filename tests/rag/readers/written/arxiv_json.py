"""Lines of the arXiv metadata snapshot, and of smaller copies of it."""

from __future__ import annotations

import json

SNAPSHOT = {
    "id": "0704.0001",
    "submitter": "Ada Quill",
    "authors": "A. Quill, B. Marsh and C. Finch",
    "title": "Counting Lanterns\n  with Sparse Regression",
    "comments": "9 pages",
    "journal-ref": "J.Lamps D76:013009,2007",
    "doi": "10.1234/Lamps.7",
    "report-no": None,
    "categories": "astro-ph.CO cs.LG",
    "license": None,
    "abstract": "  We count lanterns at 20$^\\circ$C,\nwith \\emph{sparse} regression.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2008 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Quill", "Ada", ""], ["Marsh", "Ben", "Jr.", "Harbour U."],
                       ["Lamp Collaboration", "", ""]],
}  # fmt: skip
OLD = {
    "id": "hep-th/9901001",
    "title": "Strings of Lamps",
    "authors": 'Zo\\"e Lund (Harbour University), Lamp Collaboration and B. Reed',
    "categories": "hep-th",
    "abstract": "Lamps hang on strings.",
}
SMALL = {
    "id": "2101.00001",
    "title": "Does Moss Remember?",
    "authors": ["Zoë Lund", "Bo Reed"],
    "categories": ["q-bio.PE"],
    "abstract": "Mosses keep a record of damp winters.",
    "year": 2021,
}
EXAMPLES = (
    "\n".join(map(json.dumps, (SNAPSHOT, OLD))).encode(),
    "\n".join(json.dumps(o, ensure_ascii=False) for o in (SMALL, SMALL, OLD)).encode(),
    json.dumps([SNAPSHOT, SMALL], indent=4).encode(),
)
