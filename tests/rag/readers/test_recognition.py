"""A recogniser is never fooled: each format's files are read by its own reader, others by none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag import readers
from rag.errors import UnknownFormat
from rag.readers import files_in, read_records, records
from rag.readers.reader import Reader
from rag.readers.source import decoded, encoding_of
from rag.types import Record
from tests.rag.readers.fuzzing import FORMATS, examples_of, zipped

NAMES = {  # modules of several formats have no reader of their own
    "arxiv_json": "arXiv metadata",
    "crossref": "Crossref",
    "csl_json": "CSL-JSON",
    "jsonl": "JSON Lines",
    "openalex": "OpenAlex",
    "semantic_scholar": "Semantic Scholar",
}
BINARY = ("pdf", "zotero")


def name_of(subject: str) -> str:
    return NAMES.get(subject) or str(getattr(readers, subject).READER.name)


def text_of(content: bytes) -> str:
    return decoded(content).removeprefix("\ufeff")


DRESSES: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "mark": lambda c: text_of(c).encode("utf-8-sig"),
    "mark and blank lines": lambda c: ("\n \n" + text_of(c)).encode("utf-8-sig"),
    "blank lines": lambda c: b"\n\n  \n" + c if encoding_of(c) in ("utf-8", "iso8859-1") else c,
    "CRLF": lambda c: text_of(c).replace("\n", "\r\n").encode("utf-8-sig"),
    "CR": lambda c: text_of(c).replace("\n", "\r").encode("utf-8-sig"),
    "UTF-16": lambda c: text_of(c).encode("utf-16"),
    "UTF-16, big end first": lambda c: ("\ufeff" + text_of(c)).encode("utf-16-be"),
    "gzip": gzip.compress,
    "zip": lambda c: zipped({"a/b": c}),
    "gzip in zip": lambda c: zipped({"a/b": gzip.compress(c)}),
}
PACKED = ("as it is", "gzip", "zip", "gzip in zip")


def reader_of(path: Path) -> Reader:
    (file,) = files_in(path)
    with file.opened() as source:
        return readers._reader(source)


def told(path: Path) -> list[tuple[str, str] | None]:
    (file,) = files_in(path)
    return [(r.title, r.abstract) if isinstance(r, Record) else None for r in records(file)]


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("subject", FORMATS)
def test_each_is_read_by_its_own(subject: str, dress: str, tmp_path: Path) -> None:
    """And says the same, however it is encoded or packed."""
    if subject in BINARY and dress not in PACKED:
        return
    for number, content in enumerate(examples_of(subject)):
        plain, dressed = tmp_path / f"{number}", tmp_path / f"{number}-dressed"
        plain.write_bytes(content)
        dressed.write_bytes(DRESSES[dress](content))
        assert reader_of(dressed).name == name_of(subject)
        assert told(dressed) == told(plain)


def test_every_reader_has_its_files() -> None:
    assert {reader.name for reader in readers._READERS} == set(map(name_of, FORMATS))


def test_a_reader_that_takes_all_is_seen(tmp_path: Path, monkeypatch) -> None:
    greedy = Reader("greedy", lambda head: True, lambda source: iter(()))
    monkeypatch.setattr(readers, "_READERS", (greedy, *readers._READERS))
    with pytest.raises(AssertionError):
        test_each_is_read_by_its_own("ris", "as it is", tmp_path)
    with pytest.raises(pytest.fail.Exception):
        test_what_lists_no_papers("log", tmp_path)


SENTENCE = "The keeper walked to the harbour in the rain, and nobody had lit the lamp. "
STATEMENT = "".join(
    f"2021-05-{d:02},Harbour Bakery,-{d}.50,EUR,{100 - d}.00\n" for d in range(1, 29)
)
OTHERS = {
    "prose": "The Lamp\n\n" + "\n\n".join(SENTENCE * 5 for _ in range(9)),
    "letter": f"Dear Ada,\n\n{SENTENCE * 3}\n\nYours,\nBo\n",
    "Markdown": f"# Lamps\n\n- one\n- two\n\n```\nmake run\n```\n\n{SENTENCE}\n\n[a]: http://a.b\n",
    "code": Path(__file__).read_text(encoding="utf-8"),
    "C": '#include <stdio.h>\n\nint main(void) {\n  printf("%d\\n", 3);\n  return 0;\n}\n' * 9,
    "CSS": "@media print { a { color: red; } }\n@import url(a.css);\n.title { top: 0 }\n" * 9,
    "JavaScript": "@decorator({a: 1})\nclass A { title = {b: 2}; }\nexport default [A];\n" * 9,
    "TeX": "\\documentclass{article}\n\\title{Lamps}\n\\begin{document}\n\\begin{abstract}\n"
           f"{SENTENCE * 4}\n\\end{{abstract}}\n\\cite{{a}}\n\\end{{document}}\n",
    "log": "".join(f"2021-05-03 10:{m:02}:01 INFO lamp - title: {m} seen\n" for m in range(60)),
    "log of a server": '10.0.0.1 - - [03/May/2021:10:00:00 +0000] "GET /a HTTP/1.1" 200 12\n' * 50,
    "mail": f"From: a@example.org\nTo: b@example.org\nSubject: Lamps\nDate: Mon, 3 May 2021\n\n"
            f"{SENTENCE * 3}\n",
    "INI": "[lamp]\ntitle = Lamps\nyear = 2021\n\n[moss]\ntitle = Moss\n",
    "YAML": "title: Lamps\nversion: 2\nsteps:\n  - name: light\n    run: make\n",
    "subtitles": "".join(f"{n}\n00:00:0{n},0 --> 00:00:0{n},9\n{SENTENCE}\n\n" for n in range(9)),
    "calendar": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Lamps\nEND:VEVENT\nEND:VCALENDAR\n",
    "diff": "--- a/lamp.py\n+++ b/lamp.py\n@@ -1,2 +1,2 @@\n-title = 1\n+title = 2\n" * 5,
    "HTML": f"<!DOCTYPE html><html><head><title>Lamps</title></head><body><p>{SENTENCE}</p></body>",
    "SVG": '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><title>Lamp</title></svg>',
    "RSS": '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><item><title>A'
           "</title><description>b</description></item></channel></rss>",
    "Atom of a blog": '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:a</id><title>Blog</title>'
                      "<entry><id>urn:b</id><title>A</title><summary>b</summary></entry></feed>",
    "XML of other records": "<xml><records><record><name>a</name></record></records></xml>",
    "package": json.dumps({"name": "lamp", "version": "1.0.0", "dependencies": {}}, indent=2),
    "notebook": json.dumps({"cells": [{"cell_type": "code", "source": ["title"]}], "nbformat": 4}),
    "map": json.dumps({"type": "FeatureCollection", "features": [{"properties": {"title": "x"}}]}),
    "schema": json.dumps({"$schema": "http://a.b/c", "title": "A thing", "type": "object"}),
    "posts": json.dumps([{"userId": 1, "id": 2, "body": "text"}] * 5),
    "events": "\n".join(json.dumps({"time": n, "level": "info", "msg": "lamp"}) for n in range(50)),
    "bank statement": "Date,Description,Amount,Currency,Balance\n" + STATEMENT,
    "bank statement, German": "Buchungstag;Text;Betrag\n" + "03.05.2021;Bäckerei;-3,50\n" * 30,
    "sensors": "time,lamp,volts\n" + "".join(f"{n},{n % 3},{n / 7:.3f}\n" for n in range(99)),
    "sensors, of tabs": "time\tvolts\n" + "".join(f"{n}\t{n / 7:.3f}\n" for n in range(99)),
    "people": "name,email,year\n" + "Ada Quill,ada@example.org,1990\n" * 20,
    "PGM": "P2\n4 4\n255\n" + "0 12 255 7\n" * 4,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_lists_no_papers(name: str, tmp_path: Path) -> None:
    """It is refused as unknown, in UTF-16 too."""
    path = tmp_path / "input"
    for encoding in ("utf-8", "utf-16"):
        path.write_bytes(OTHERS[name].encode(encoding))
        with pytest.raises(UnknownFormat):
            list(read_records(path))
