"""RIS and the tagged format of Web of Science -> Records; the only import of rispy.

(Research Information Systems, RIS Format Specifications, 2001 and 2011; Clarivate, Web of Science
Core Collection Field Tags, 2021.) A record is handed to the library by itself, with its tags where
the library looks for them, so that one without its end, or with odd spaces, is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from rag.names import Name, write_name
from rag.readers.fields import (
    OWN_KIND,
    field,
    make_record,
    named_arxiv_id,
    names_in_list,
    read_arxiv_id,
    read_doi,
    read_month,
)
from rag.readers.line_records import Group, are_mostly, grouped
from rag.readers.reader import Reader
from rag.readers.source import Head, Source
from rag.readers.tex import clean, plain
from rag.types import BadRecord, Publication, Record

_MAX_HEADER_LINES = 20  # above the first record, where a database may put its name

_TAG = re.compile(r"\s{0,2}([A-Z][A-Z0-9])  -[ \t]?(.*)", re.DOTALL)
_ODD_TAG = re.compile(r"\s{0,2}([A-Z][A-Z0-9])[ \t]{0,4}-(?:[ \t]+|$)(.*)", re.DOTALL)
_START = re.compile(r"\s{0,2}TY[ \t]{0,4}-\s*[A-Za-z]{2,10}\s*$")
_END = re.compile(r"\s{0,2}ER[ \t]{0,4}-\s*$")
_WOS_START = re.compile(r"PT [A-Z][\w ]{0,40}$")
_WOS_TAG = re.compile(r"[A-Z][A-Z0-9](?: |$)")
_WOS_END = re.compile(r"E[RF]\s*$")
_WOS_LINE = re.compile(r"(?:FN|VR) \S|EF\s*$|[A-Z][A-Z0-9](?: |$)|   |\s*$")
_WOS_TAGS = {
    "SO": "JF", "DI": "DO", "BP": "SP", "AR": "C7", "DE": "KW", "PU": "PB", "PI": "CY", "BN": "SN",
    "PD": "DA", "PM": "AN", "BE": "A2", "AF": "AU", "CA": "CN",
}  # fmt: skip
_WOS_TYPES = {"J": "JOUR", "C": "CPAPER", "B": "BOOK", "P": "PAT", "S": "CHAP"}
_KINDS = {  # reference type: kind
    "JOUR": "article-journal",
    "EJOUR": "article-journal",
    "JFULL": "article-journal",
    "ABST": "article-journal",
    "INPR": "article-journal",
    "CPAPER": "paper-conference",
    "CONF": "paper-conference",
    "BOOK": "book",
    "EBOOK": "book",
    "EDBOOK": "book",
    "CHAP": "chapter",
    "ECHAP": "chapter",
    "THES": "thesis",
    "RPRT": "report",
    "UNPB": "article",
    "MANSCPT": "manuscript",
    "ELEC": "webpage",
    "WEB": "webpage",
    "BLOG": "post-weblog",
    "DATA": "dataset",
    "COMP": "software",
    "PAT": "patent",
    "MGZN": "article-magazine",
    "NEWS": "article-newspaper",
}
_OWN = "footnote "  # begins the user fields (U1) that Footnote writes
_NO_NOTE = re.compile(
    r"(?:Cited By|Export Date|(?:Total )?Times Cited|Cited Reference Count|References:|"
    r"Correspondence Address|Copyright)",
    re.IGNORECASE,
)
_ISSN = re.compile(r"\s*(\d{4}[-\s]?\d{3}[\dXx])(?![\d-])")
_DAY = re.compile(r"\d{4}/\d\d/\d\d")  # of the early view, where EndNote has the edition
_IN_RECORD = ("TI", "T1", "AU", "A1", "AB", "N2", "PY", "Y1")


def _is_ris(head: Head) -> bool:
    """Whether a record begins within the first lines, and its next line is tagged as well.

    Where the first record is damaged, another begins later, and most lines are tagged.
    """
    if head.is_binary:
        return False
    lines = _filled(head)
    for i, (line, following) in enumerate(pairwise(lines)):
        if _START.match(line) and _ODD_TAG.match(following):
            return i < _MAX_HEADER_LINES or are_mostly(lines, _ODD_TAG.match)
    return _is_wos(lines)


def _filled(head: Head) -> list[str]:
    """Its lines that are not blank."""
    return [line for line in head.text.lstrip("\ufeff\x00").splitlines() if line.strip()]


def _is_wos(lines: list[str]) -> bool:
    """Whether lines are tagged, a record among them, as Web of Science does."""
    starts = (i for i, line in enumerate(lines) if _WOS_START.match(line))
    first = next(starts, None)
    if first is None or len(lines) < 4:
        return False
    is_whole = first < 4 and all(map(_WOS_LINE.match, lines[:_MAX_HEADER_LINES]))
    return is_whole or (next(starts, None) is not None and are_mostly(lines, _WOS_LINE.match))


def _read(source: Source) -> Iterator[Record | BadRecord]:
    is_wos = _is_wos(_filled(source.head))
    for group in grouped(source.lines(), (_WOS_START if is_wos else _START).match):
        if isinstance(group, BadRecord):
            yield group
        elif is_wos:
            yield from _records(group, _wos_fields, _WOS_TAG, _WOS_END)
        else:
            yield from _records(group, _parsed, _ODD_TAG, _END)


def _records(
    group: Group,
    parsed: Callable[[list[str]], Mapping[str, list[str]]],
    tagged: re.Pattern[str],
    ends: re.Pattern[str],
) -> Iterator[Record | BadRecord]:
    """The record of a group; tags after its end belong to one whose beginning is lost."""
    lines = [line.removeprefix("\ufeff") for line in group.lines]
    end = next((i for i, line in enumerate(lines) if ends.match(line)), len(lines))
    yield _record(group.line, parsed(lines[:end]))
    behind = range(end + 1, len(lines))
    lost = next((i for i in behind if tagged.match(lines[i]) and not ends.match(lines[i])), None)
    if lost is not None and any(line.lstrip()[:2] in _IN_RECORD for line in lines[lost:]):
        yield BadRecord(group.line + lost, "the record does not begin with its type (TY or PT)")


class _Everything:
    """A list of all tags there are."""

    def __contains__(self, tag: object) -> bool:
        return True


class _Same(dict[str, str]):
    """A map of each tag to itself."""

    def __missing__(self, tag: str) -> str:
        return tag


@cache
def _parser() -> Any:
    """A parser of rispy that keeps each line of each tag, under the tag."""
    from rispy import RisParser

    class Parser(RisParser):  # type: ignore[misc]
        def parse_line(self, line: str) -> tuple[str | None, str]:
            match = _TAG.match(line)
            return (match[1], match[2]) if match else (None, line.strip())

    return Parser(mapping=_Same(), list_tags=_Everything(), delimiter_tags_mapping={})


def _parsed(lines: list[str]) -> Mapping[str, list[str]]:
    """The lines of a record by their tags, spaced as they should be or as its first line is."""
    if not _TAG.match(lines[0]):
        lines = [_ODD_TAG.sub(r"\1  - \2", line) for line in lines]
    kind = lines[0].partition("-")[2].strip()
    found = _parser().parse_lines(iter([f"TY  - {kind}", *lines[1:], "ER  - "]))[0]
    return {**found, "TY": [kind]}


def _wos_fields(lines: list[str]) -> Mapping[str, list[str]]:
    """The same of a record of Web of Science, by the tags that RIS has for its tags."""
    from rispy import WokParser

    parser = WokParser(mapping=_Same(), list_tags=_Everything())
    found = parser.parse_lines(iter([*filter(str.strip, lines), "ER"]))[0]
    told = {
        tag: values for tag, values in found.items() if tag not in ("ID", "AU", "C1", "SE", "RI")
    }
    fields = {_WOS_TAGS.get(tag, tag): values for tag, values in told.items() if tag}
    fields["KW"] = [" ".join(found.get("DE", []))]  # a line ends wherever it is full
    fields["TY"] = [_WOS_TYPES.get(field(found["PT"]), "")]
    fields.setdefault("AU", found.get("AU", []))
    fields["SN"] = [*found.get("BN", []), *found.get("SN", [])]
    return fields


def _record(line: int, tags: Mapping[str, list[str]]) -> Record | BadRecord:
    def lines(*names: str) -> list[str]:
        """The lines of the first of these tags that has any."""
        return next((tags[n] for n in names if any(map(str.strip, tags.get(n, ())))), [])

    def text(*names: str) -> str:
        return " ".join(" ".join(lines(*names)).split())

    def first(*names: str) -> str:
        """The first line of what some databases say again and again."""
        return next(filter(None, map(str.strip, lines(*names))), "")

    own = _own(tags.get("U1", []))
    read = plain if own else clean
    kind = own.get("kind", _KINDS.get(text("TY").upper(), ""))
    numbers = [number for number in lines("SN") if number.strip()]
    serials = [n if own else match[1] for n in numbers if (match := _ISSN.match(n))]
    urls = _urls([*tags.get("UR", []), *tags.get("L1", []), *tags.get("L2", [])])
    arxiv = next((url for url in urls if "arxiv.org/" in url and read_arxiv_id(url)[0]), "")
    date = text("DA", "PY", "Y1")
    return make_record(
        line,
        title=text("TI", "T1", "CT", "BT"),
        abstract=own.get("about") or text("AB", "N2"),
        authors=_authors(tags, is_own=bool(own)),
        year=text("PY", "Y1", "DA"),
        url=next((url for url in sorted(urls, key=_is_doi) if url != arxiv), ""),
        doi=next((doi for doi in (*lines("DO"), text("M3"), *urls) if read_doi(doi)), ""),
        arxiv_id=arxiv or named_arxiv_id(f"{text('M1')} {text('AN')} {text('C7')}"),
        pmid=_pmid(tags, f"{text('DB')} {text('DP')} {text('UT')}"),
        openalex_id=own.get("openalex"),
        s2_id=own.get("s2"),
        publication=Publication(
            kind=kind if OWN_KIND.fullmatch(kind) else "",
            venue=text("JF", "T2", "JO", "BT", "JA", "J2"),
            volume=text("VL"),
            issue=text("IS"),
            pages=_pages(text("SP"), text("EP")) or text("C7"),
            publisher=first("PB", "PU"),
            place=first("CY", "PI"),
            edition=text("ET") if own or not _DAY.fullmatch(text("ET")) else "",
            month=_month(date),
            isbn=next((n for n in numbers if not _ISSN.match(n.strip())), ""),
            issn=next(iter(serials), ""),
            editors=tuple(_editors(tags, is_own=bool(own))),
        ),
        tags=tags.get("KW", []) if own else _keywords(tags.get("KW", [])),
        key=text("ID") if own or any(map(str.isalpha, text("ID"))) else "",
        notes=_notes(tags),
        is_read=own.get("read") == "yes",
        is_note="about" in own,
        read=read,
    )


def _own(lines: list[str]) -> dict[str, str]:
    """What Footnote wrote into the user fields; empty for a record that another program wrote."""
    pairs = (line.removeprefix(_OWN).split(" ", 1) for line in lines if line.startswith(_OWN))
    return {pair[0]: pair[1].strip() if len(pair) > 1 else "" for pair in pairs}


def _authors(tags: Mapping[str, list[str]], *, is_own: bool) -> Iterator[str]:
    names = [name.strip() for name in [*tags.get("A1", []), *tags.get("AU", [])]]
    yield from map(_name, names if is_own else names_in_list(list(filter(None, names))))
    for group in tags.get("CN", []) if "PT" in tags else []:
        yield write_name(Name(group, is_group=True))


def _editors(tags: Mapping[str, list[str]], *, is_own: bool) -> Iterator[str]:
    """The editors, but not those in one line whom Ovid takes from the references."""
    names = [*tags.get("A2", []), *tags.get("ED", [])]
    yield from map(
        _name,
        names
        if is_own
        else names_in_list(
            [name.strip() for name in names if name.strip() and name.count(",") < 4]
        ),
    )


def _name(text: str) -> str:
    """`Family, Given, Suffix` as BibTeX orders it; what ends with a comma is a group."""
    text = text.strip()
    if text.endswith(","):
        return write_name(Name(text.removesuffix(","), is_group=True))
    family, _, rest = text.partition(",")
    given, _, suffix = rest.rpartition(",") if "," in rest else (rest, "", "")
    return write_name(Name(family.strip(), given.strip(), suffix.strip()))


def _urls(lines: list[str]) -> list[str]:
    return [
        url for line in lines for url in re.split(r"[\s]+|;\s*(?=https?:)", line[:4_000]) if url
    ]


def _is_doi(url: str) -> bool:
    return read_doi(url) is not None


def _keywords(lines: list[str]) -> list[str]:
    return [part.strip("* ") for line in lines for part in line.split(";")]


def _notes(tags: Mapping[str, list[str]]) -> str:
    """Research notes; and others, where no database told the record and its own notes."""
    is_told = any(map(str.strip, [*tags.get("AN", []), *tags.get("DB", [])]))
    told = [] if is_told else [n for n in tags.get("N1", []) if not _NO_NOTE.match(n)]
    return "\n".join([*tags.get("RN", []), *told])


def _pages(start: str, end: str) -> str:
    if f"{start} {end}".lower() == "no specified":  # of "No Pagination Specified", in Ovid
        return ""
    return f"{start}-{end}" if start and end and end != start and "-" not in start else start


def _month(date: str) -> int | None:
    """The month of `2021/05/03`, of `2021-05`, or of a text with its name."""
    parts = re.split(r"[/-]", date)
    if len(parts) > 1 and parts[1].strip().isdigit():
        return read_month(parts[1].strip())
    named = re.search(
        r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", date.lower()
    )
    return read_month(named[0]) if named else None


def _pmid(tags: Mapping[str, list[str]], database: str) -> str:
    """A PubMed number among the accession numbers of databases; Embase has it in C5."""
    number = "".join(tags.get("AN", []) or tags.get("C5", [])).strip()
    is_pubmed = re.search(r"pubmed|medline|WOS:|\bNLM\b", f"{number} {database}", re.IGNORECASE)
    return number if is_pubmed or number.upper().startswith("PMID") else ""


READER = Reader("RIS", _is_ris, _read)
