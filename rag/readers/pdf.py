"""PDF -> a Record: title and abstract from the text of the first pages, read in a child process.

A PDF says where each letter stands, and not what it is, so that the title is told by the size of
its letters, and the abstract by the headings round it. (PDF: ISO 32000-2:2020.)
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from rag.errors import ReadError
from rag.readers.fields import make_record
from rag.readers.reader import Reader
from rag.readers.source import Head, Source
from rag.types import BadRecord, Record

_MAX_BYTES = 100 << 20
_SECONDS = 20  # for one file; a usual one takes less than one
_MIN_LETTERS = 50  # on the first pages; fewer are the stamp on a scan
_CHILD = Path(__file__).with_name("pdf_child.py")
_FAULTS = {
    "encrypted": "is encrypted; save a copy without a password",
    "too large": "needs too much memory to be read; save its first pages as a PDF of their own",
    "too slow": f"takes longer than {_SECONDS} seconds to be read; save its first pages as a PDF "
    "of their own",
    "damaged": "is a PDF that is cut short or damaged; fetch it again",
    "no text": "holds no text (a scan?); run OCR on it first",
}

_NUMBER = r"(?:(?:\d|I)[. \t]{1,4})?"
_STARTS = "A|An|As|At|By|For|Here|How|In|It|Many|Most|On|Our|Recent|The|There|These|This|To|We|What"
_HEADING = re.compile(
    rf"^[ \t]*{_NUMBER}(?:(?:Abstract|A[ \t]?B[ \t]?S[ \t]?T[ \t]?R[ \t]?A[ \t]?C[ \t]?T)"
    rf"(?:[ \t]*[.:—–-]+|[ \t]*$|[ \t]+(?=(?:{_STARTS})\b))|(?:Summary|SUMMARY)[ \t]*[.:]?[ \t]*$)",
    re.MULTILINE,
)
_END = re.compile(
    rf"^[ \t]*(?:{_NUMBER}(?:Introduction|I[ \t]?NTRODUCTION|Contents$|CONTENTS$)"
    r"|[1I]\.?[ \t]+[A-Z]|\*?(?:Key[ -]?[Ww]ords|KEY[ -]?WORDS|Index Terms|CCS C(?:oncepts|ONCEPTS)"
    r"|ACM Reference|Categories and Subject|General Terms|Highlights$|JEL |PACS |Mathematics "
    r"Subject|Author [Ss]ummary|Graphical [Aa]bstract|©|Copyright|Correspond(?:ing|ence)|arXiv:))",
    re.MULTILINE,
)
_MAX_ABSTRACT = 5_000  # characters; where none of these ends it, it ends with a sentence before
_STAMP = re.compile(
    r"arXiv:\s?(?P<id>\d{4}\.\d{4,5}v\d{1,3}|[a-z-]{2,20}(?:\.[A-Z]{2})?/\d{7}v\d{1,3})\s{0,3}"
    r"\[[\w.-]{2,20}\](?:\s{0,3}\d{1,2} [A-Z][a-z]{2} (?P<year>\d{4}))?"
)
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]{1,200}")
_YEAR = re.compile(r"(?:©|\(c\)|Copyright|Published)[^\n\d]{0,40}((?:19|20)\d\d)\b")
_NO_TITLE = re.compile(
    r"(?i)(?:untitled|microsoft word|pii:|doi:|arxiv|abstract|open access|preprint|volume|vol\.|"
    r"(?:title|manuscript|document\d*|slide 1)$|(?:journal|proceedings|transactions|annals)\b|"
    r"(?:original |research |review |full )?(?:article|paper|research|letter|communication)$)"
    r"|.*\.(?:docx?|tex|dvi|pdf|indd|rtf|qxd|ps)$"
)
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
_CUT_WORD = re.compile(r"([\w-]{0,40}[^\W\d_])(?:-|\u00ad)[ \t]*\n[ \t]*(?=[a-zß-ÿ])")
_SENTENCE_END = re.compile(r"[.!?](?=\s)")


@dataclass(frozen=True, slots=True)
class PdfText:
    """What the child process found in a PDF."""

    pages: tuple[str, ...]  # of the first pages
    lines: tuple[tuple[float, str], ...]  # of the first page, each with its size in points
    metadata: dict[str, str] = field(default_factory=dict)


def pdf_record(text: PdfText) -> Record | BadRecord:
    """The paper that a PDF holds, as far as its first pages tell."""
    first = _plain(text.pages[0]) if text.pages else ""
    stamp = _STAMP.search(first)
    year = _YEAR.search(first)
    places = "\n".join((first, *text.metadata.values()))
    dois = dict.fromkeys(doi.rstrip(".,;:)]}").lower() for doi in _DOI.findall(places))
    return make_record(
        1,
        title=_title(text, first),
        abstract=find_abstract("\n".join(map(_plain, text.pages))),
        authors=_authors(text.metadata.get("Author", ""), first),
        year=(stamp and stamp["year"]) or (year and year[1]),
        doi=next(iter(dois)) if len(dois) == 1 else "",  # of several, most belong to others
        arxiv_id=stamp["id"] if stamp else "",
    )


def _title(text: PdfText, first: str) -> str:
    """The title of the metadata if the page has it, else the largest text, else the metadata's."""
    known = " ".join(text.metadata.get("Title", "").split())
    known = known if len(known.split()) > 1 and not _NO_TITLE.match(known) else ""
    if known and _key(known) in _key(first):
        return known
    sizes = [size for size, line in text.lines for _ in range(len(line.split()))]
    blocks = [block for block in _blocks(text.lines) if _is_title(block[1])]
    if blocks:
        size, block = max(blocks, key=lambda block: (round(block[0], 1), len(block[1].split()) > 1))
        if size > 1.08 * median(sizes):
            return block
    start = first.strip().split("\n")[0]
    return known or (start if _HEADING.search(first) and _is_title(start) else "")


def _blocks(lines: tuple[tuple[float, str], ...]) -> Iterator[tuple[float, str]]:
    """Lines of one size that follow each other, with that size."""
    size, parts = 0.0, list[str]()
    for points, line in (*lines, (-1.0, "")):
        if parts and abs(points - size) > 0.04 * size:
            yield size, " ".join(_plain("\n".join(parts)).split())
            parts = []
        size = points
        parts.append(line.strip("\n"))


def _is_title(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return (
        letters >= 6 and len(text) <= 400 and letters > len(text) / 2 and not _NO_TITLE.match(text)
    )


def find_abstract(text: str) -> str:
    """What stands under the heading of an abstract, up to the next one; "" where there is none."""
    heading = _HEADING.search(text)
    if not heading:
        return ""
    rest = text[heading.end() :].lstrip()
    end = _END.search(rest)
    if end and end.start() < _MAX_ABSTRACT:
        return rest[: end.start()]
    ends = [match.end() for match in _SENTENCE_END.finditer(rest[: _MAX_ABSTRACT // 2])]
    return rest[: ends[-1]] if ends else ""


def _authors(told: str, first: str) -> list[str]:
    """The authors of the metadata, if the page names each of them."""
    names = re.split(r"\s*[;,]\s*|\s+and\s+", told.strip())
    return names if all(" " in name and _key(name) in _key(first) for name in names) else []


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _plain(text: str) -> str:
    """Text without ligatures, and with the words whole that the end of a line had cut."""
    text = text.translate(_LIGATURES).replace("\r", "\n")
    return _CUT_WORD.sub(lambda m: m[1] + ("-" if "-" in m[1] else ""), text)


def _ask_child(content: bytes) -> dict[str, Any]:
    """What the child says of a PDF; a fault where it does not come back in time, or at all."""
    with subprocess.Popen(
        [sys.executable, "-P", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        try:
            told, _ = child.communicate(content, timeout=_SECONDS)
            answer = json.loads(told)
        except subprocess.TimeoutExpired:
            return {"fault": "too slow"}
        except ValueError:  # it died: of the limit on its time, or of one on its memory
            return {"fault": "too slow" if child.returncode == -signal.SIGXCPU else "too large"}
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
    return answer if isinstance(answer, dict) else {"fault": "damaged"}


def _is_pdf(head: Head) -> bool:
    return b"%PDF-" in head.raw[:1024]


def _read(source: Source) -> Iterator[Record | BadRecord]:
    answer = _ask_child(source.content(_MAX_BYTES))
    fault = answer.get("fault")
    if not fault and sum(map(str.isalnum, "".join(answer["pages"]))) < _MIN_LETTERS:
        fault = "no text"
    if fault:
        raise ReadError(source.path, f"{source.name} {_FAULTS[fault]}.")
    lines = tuple((float(size), str(line)) for size, line in answer["lines"])
    yield pdf_record(PdfText(tuple(answer["pages"]), lines, answer["metadata"]))


READER = Reader("PDF", _is_pdf, _read, is_single=True)
