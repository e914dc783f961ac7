"""BibTeX and BibLaTeX -> Records; the only import of bibtexparser.

(O. Patashnik, BibTeXing, 1988; P. Lehman and others, The biblatex Package, 2024, section 2.)
Entries are parsed one by one, from each `@type{key,` at the start of a line or after a closing
bracket, so that one which is never closed takes no other with it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Any
from urllib.parse import unquote

from rag.errors import ReadError
from rag.names import Name, read_name, write_name
from rag.readers.fields import (
    MAX_ABSTRACT_CHARACTERS,
    MONTHS,
    OWN_KIND,
    make_record,
    named_arxiv_id,
    read_month,
)
from rag.readers.line_records import MAX_GROUP_CHARACTERS, Group, grouped
from rag.readers.reader import Reader
from rag.readers.source import Head, Line, Source
from rag.readers.tex import clean, plain
from rag.tex_escapes import unescaped
from rag.types import BadRecord, Publication, Record

_MAX_VALUE_CHARACTERS = 4 * MAX_ABSTRACT_CHARACTERS  # of TeX; more is not read as such
_MAX_NAME_CHARACTERS = 2_000
_MAX_MARKS = 100_000  # of an entry; the parser takes a microsecond or more for each
# An abbreviation (@string) may name others, and each may double the one before it.
_MAX_MACROS = 50_000
_MAX_MACRO_CHARACTERS = 2_000
_MAX_HEADER_LINES = 10  # above the first entry, where some programs put their name

_START = re.compile(
    r"(?:^|(?<=[})]))\s*(?=@(?:(?:comment|preamble)\s*[{(]"
    r"|\w+\s*(?:\{[^{}\",=@]{0,200}(?:[,=]|$)|\((?:\s*$|[^{}()\",=@]{0,200}[,=]))))",
    re.IGNORECASE,
)
_DAMAGED_START = re.compile(r"\s*@\w+\s*[{(]")
_ENTRY = re.compile(
    r"^[ \t]*@[a-z]+\s{0,9}[{(]\s{0,99}[^\s{}\",=@]{0,200}\s{0,99},?"
    r"\s{0,99}[a-z][\w-]{0,40}\s{0,99}=",
    re.IGNORECASE | re.MULTILINE,
)
_INNER_AT = re.compile(r"\n[ \t]*(?=@\w*[ \t]*[{(])")  # no start of an entry: those were split off
_KEYLESS = re.compile(r"\s*@(?!string)\w+\s*[{(](?=\s*\w+\s*=)", re.IGNORECASE)
_ESCAPED_BRACE = re.compile(r"\\\\(?=[{}])")
_UNOPENED = re.compile(r"^\s*@(?:article|book|in\w+|\w+thesis|\w*report|misc|online|unpublished)\b",
                       re.IGNORECASE)  # fmt: skip
_VALUE = re.compile(r"(\\.|[{}\"#])", re.DOTALL)
_NEXT_FIELD = re.compile(r"\s*([A-Za-z][\w-]*)\s*=\s*([\w.-]*)\s*")
_AND = re.compile(r"(\\.|[{}]|\sand(?=\s))", re.IGNORECASE | re.DOTALL)
_COMMA = re.compile(r"(\\.|[{}]|,)", re.DOTALL)
_SEMICOLON = re.compile(r"(\\.|[{}]|;)", re.DOTALL)
_GIVEN_AND_GROUP = re.compile(r"([^{}]*[^{}\s])\s+\{([^{}\\]*\s[^{}\\]*)\}")
_WRAPPED_ADDRESS = re.compile(r"\\(?:url|path|nolinkurl)\s*(?=\{)|[{}]|\\(?=[_%&#$~])")
_TILDE = re.compile(r"\\textasciitilde\b|\$\\sim\$|\\~")
_BRACE = re.compile(
    r"(\\\{|\\(?:textbraceleft|lbrace)\b(?:\{\})?)|\\\}|\\(?:textbraceright|rbrace)\b(?:\{\})?"
)
_UNVEIL = {0xE200: "{", 0xE201: "}"}
_PMID_NOTE = re.compile(r"\s*PMID:?\s*(\d{1,9})\s*", re.IGNORECASE)
_NO_NOTE = re.compile(r"\s*(?:cited by|\[online; accessed)", re.IGNORECASE)
_TIE = re.compile(r"(?<!\\)~")

_NO_PAPERS = ("control", "set", "xdata", "ieeetranbstctl", "jabref-meta")
_KINDS = {  # entry type: kind
    "article": "article-journal",
    "inproceedings": "paper-conference",
    "conference": "paper-conference",
    "incollection": "chapter",
    "inbook": "chapter",
    "suppbook": "chapter",
    "book": "book",
    "mvbook": "book",
    "collection": "book",
    "proceedings": "book",
    "booklet": "book",
    "manual": "book",
    "phdthesis": "thesis",
    "mastersthesis": "thesis",
    "thesis": "thesis",
    "techreport": "report",
    "report": "report",
    "unpublished": "manuscript",
    "online": "webpage",
    "electronic": "webpage",
    "www": "webpage",
    "dataset": "dataset",
    "software": "software",
    "patent": "patent",
}


@dataclass(frozen=True, slots=True)
class _Entry:
    line: int
    type: str  # lower case
    key: str
    fields: Mapping[str, str]  # by their names in lower case; values as TeX, without enclosing


def read_tex(text: str) -> str:
    """A value as text: letter for letter if Footnote escaped it, else what its TeX stands for."""
    if len(text) > _MAX_VALUE_CHARACTERS:
        return text  # too long for any field of a record
    kept = unescaped(text)
    if kept is not None:
        return kept
    text = _TIE.sub(" ", text.replace("---", "—").replace("--", "–"))
    text = clean(_BRACE.sub(_veiled, text))
    return re.sub("[{}]", "", text).translate(_UNVEIL)


def _veiled(brace: re.Match[str]) -> str:
    """A brace that is to be printed, in disguise; the others only group."""
    return "\ue200" if brace[1] else "\ue201"


def _is_bibtex(head: Head) -> bool:
    """Whether an entry with a field is found, and little but comments stands above the first."""
    if head.is_binary:
        return False
    above = 0
    for line in head.text.splitlines():
        if _START.match(line) or _DAMAGED_START.match(line):
            return _ENTRY.search(head.text) is not None
        above += bool(line.strip("\x00 \t\ufeff")) and not line.lstrip().startswith("%")
        if above > _MAX_HEADER_LINES:
            return False
    return False


def _read(source: Source) -> Iterator[Record | BadRecord]:
    parents = _parents(source)
    for entry in _entries(source):
        if isinstance(entry, BadRecord):
            yield entry
        elif entry.type not in _NO_PAPERS:
            parent = parents.get(entry.fields.get("crossref", "").strip().lower())
            yield _record(entry, parent if parent and parent.line != entry.line else None)


def _parents(source: Source) -> dict[str, _Entry]:
    """The entries that others name by `crossref`, by their keys in lower case."""
    named = re.compile(r"\bcrossref\s{0,9}=\s{0,9}[{\"]\s{0,9}([^\s{},\"]{1,200})", re.IGNORECASE)
    try:
        keys = {m[1].lower() for line in source.lines() for m in named.finditer(line.text or "")}
        entries = _entries(source) if keys else iter(())
        return {
            e.key.lower(): e for e in entries if isinstance(e, _Entry) and e.key.lower() in keys
        }
    except ReadError:
        return {}  # said when the entries before the fault have been read


def _entries(source: Source) -> Iterator[_Entry | BadRecord]:
    macros = {month: month for month in MONTHS}
    for group in grouped(_pieces(source.lines()), _START.match):
        if isinstance(group, BadRecord):
            yield group
        else:
            yield from _blocks(group, macros)


def _pieces(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, cut before each entry that starts within one."""
    for line in lines:
        if line.text is None or "@" not in line.text:
            yield line
        else:
            yield from (Line(line.number, piece) for piece in _START.split(line.text))


def _blocks(group: Group, macros: dict[str, str]) -> Iterator[_Entry | BadRecord]:
    """The entries of a group, as a rule one; what it defines goes into `macros`."""
    from bibtexparser import model

    text = _INNER_AT.sub(" ", "\n".join(group.lines))
    text = _ESCAPED_BRACE.sub(r"\\\\ ", text)  # for the parser, that brace would not count
    if keyless := _KEYLESS.match(text):
        text = f"{keyless[0]},{text[keyless.end() :]}"
    if sum(map(text.count, '{}",=\n')) > _MAX_MARKS:
        yield BadRecord(group.line, f"the entry has more than {_MAX_MARKS:,} brackets and commas")
        return
    try:
        blocks = _split(text)
    except Exception:  # the library lets its own faults out as they are
        yield BadRecord(group.line, "the entry cannot be read")
        return
    for block in blocks:
        line = group.line + (block.start_line or 0)
        if isinstance(block, model.DuplicateFieldKeyBlock | model.DuplicateBlockKeyBlock):
            block = block.ignore_error_block
        if isinstance(block, model.String):
            if len(macros) < _MAX_MACROS:
                value = dict(_values("", block.value, macros))[""]
                macros[block.key.lower()] = value[:_MAX_MACRO_CHARACTERS]
        elif isinstance(block, model.Entry):
            yield _Entry(line, block.entry_type.lower(), block.key, _fields(block, macros))
        elif isinstance(block, model.ParsingFailedBlock):
            if not (block.raw or "").lower().startswith(("@comment", "@preamble")):
                yield BadRecord(line, _reason(str(getattr(block.error, "abort_reason", ""))))
        elif isinstance(block, model.ImplicitComment):
            for number, text in enumerate(block.comment.split("\n"), start=line):
                if _UNOPENED.match(text):
                    yield BadRecord(number, "the entry has no opening bracket after its type")


def _split(text: str) -> list[Any]:
    return list(_splitter()(text).split().blocks)


@cache
def _splitter() -> Any:
    from bibtexparser.splitter import Splitter

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it warns of is told here
    return Splitter


def _reason(said: str) -> str:
    if said.startswith("Unexpected"):
        return "the entry is not closed by a bracket"
    if said.startswith("Expected comma after entry key"):
        return "the entry has no comma after its key"
    return "a field of the entry lacks its name, its = or the comma before it"


def _fields(entry: Any, macros: Mapping[str, str]) -> dict[str, str]:
    """The values by their names; the first where there are several."""
    fields: dict[str, str] = {}
    size = 0
    for field in entry.fields:
        for name, value in _values(field.key.lower(), field.value, macros):
            size += len(value)
            if size > 2 * MAX_GROUP_CHARACTERS:  # that abbreviations have become
                return fields
            fields.setdefault(name, value)
    return fields


def _values(name: str, value: str, macros: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The value of a field, put together; and those of fields that no comma parts from it."""
    parts, depth, is_quoted, is_closed = list[str](), 0, False, False
    for piece in _VALUE.split(value):
        if depth == 0 and not is_quoted:
            if piece == "{":
                depth = 1
            elif piece == '"':
                is_quoted = True
            elif is_closed and (following := _NEXT_FIELD.fullmatch(piece)):
                yield name, _joined(parts)
                name = following[1].lower()
                parts, is_closed = [macros.get(following[2].lower(), following[2])], False
            elif piece.strip(" \t\n#"):
                parts.append(macros.get(piece.strip().lower(), piece.strip()))
        elif piece == '"' and is_quoted and depth == 0:
            is_quoted, is_closed = False, True
        else:
            depth = max(0, depth + (piece == "{") - (piece == "}"))
            is_closed = depth == 0 and not is_quoted
            if not is_closed:
                parts.append(piece)
    yield name, _joined(parts)


def _joined(parts: list[str]) -> str:
    """Parts put together, as many as an entry may have characters."""
    ends = accumulate(map(len, parts))
    return "".join(p for p, end in zip(parts, ends, strict=True) if end <= MAX_GROUP_CHARACTERS)


def _record(entry: _Entry, parent: _Entry | None) -> Record | BadRecord:
    fields = _inherited(entry.fields, parent.fields) if parent else entry.fields

    def first(*names: str) -> str:
        return next((fields[name] for name in names if fields.get(name, "").strip()), "")

    notes = first("annote", "annotation")
    note, howpublished = first("note"), first("howpublished")
    is_address = re.match(r"\s*(?:\\url|https?:)", howpublished) is not None
    url = _address(first("url", "link", "ee") or (howpublished if is_address else ""))
    pmid = _PMID_NOTE.fullmatch(note)
    named = named_arxiv_id(f"{note} {howpublished} {first('number')}")
    if note and not notes and not pmid and not named and not _NO_NOTE.match(note):
        notes = note
    keywords = first("keywords", "keyword")  # in braces twice, in Web of Science
    pages = first("pages", "eid", "article-number")
    is_book = _KINDS.get(entry.type) == "book"  # which may tell its parts what they stand in
    in_book = () if is_book else ("booktitle",)
    about = first("footnoteabout")
    kind = read_tex(first("footnotekind"))
    eprint, eprint_type = _eprint(first)
    return make_record(
        entry.line,
        title=_title(read_tex(_unbraced(first("title"))), read_tex(first("subtitle"))),
        abstract=read_tex(_unbraced(first("abstract") or about)),
        authors=_names(first("author")),
        year=first("year") or first("date"),
        url=url,
        doi=unquote(_address(first("doi"))),
        arxiv_id=(eprint if eprint_type == "arxiv" else "") or first("arxivid") or named,
        pmid=first("pmid") or (eprint if eprint_type == "pubmed" else "")
        or (pmid[1] if pmid else ""),
        openalex_id=first("openalexid"),
        s2_id=first("s2id"),
        publication=Publication(
            kind=kind if OWN_KIND.fullmatch(kind) else _kind(entry.type, fields),
            venue=_plain(first("journaltitle", "journal", *in_book))
            or ("" if is_address or named else _plain(howpublished)),
            volume=_plain(first("volume")),
            issue=_plain(first("number", "issue")),
            pages=_plain(re.sub(r"(?<!-)--(?!-)", "-", pages)),
            publisher=_plain(first("publisher", "school", "institution", "organization")),
            place=_plain(first("address", "location")),
            edition=_plain(first("edition")),
            month=_month(first("month"), first("date")),
            isbn=_plain(first("isbn")),
            issn=_plain(first("issn")),
            editors=tuple(_names(first("editor"))),
        ),
        tags=_tags(_unbraced(keywords) if "unique-id" in fields else keywords),
        key=entry.key,
        notes="\n".join(map(read_tex, notes.split("\n"))),
        is_read=first("readstatus").strip().lower() == "read",
        is_note=bool(about and not first("abstract")),
        read=plain,
    )  # fmt: skip


def _inherited(fields: Mapping[str, str], parent: Mapping[str, str]) -> dict[str, str]:
    """The fields of an entry with those of the volume that it stands in."""
    given = {k: v for k, v in parent.items() if k not in ("title", "subtitle", "author", "abstract",
             "doi", "url", "pages", "keywords", "annote", "annotation", "note")}  # fmt: skip
    given.setdefault("booktitle", parent.get("title", ""))
    return given | dict(fields)


def _kind(entry_type: str, fields: Mapping[str, str]) -> str:
    """The kind of an entry; what stands on arXiv in no other place is a preprint."""
    is_preprint = (
        "primaryclass" in fields
        or fields.get("pubstate", "").strip() == "preprint"
        or fields.get("eprinttype", "").strip().lower() == "arxiv"
    )
    if entry_type in ("misc", "online", "unpublished") and is_preprint:
        return "article"
    return _KINDS.get(entry_type, "")


def _eprint(first: Any) -> tuple[str, str]:
    """The number of an e-print, and of which archive; arXiv's where none is told."""
    number, archive = _address(first("eprint")), first("archiveprefix", "eprinttype").strip()
    category = first("primaryclass", "eprintclass").strip()
    if re.fullmatch(r"\d{7}(?:v\d+)?", number) and category:
        number = f"{category}/{number}"
    return number, archive.lower() or "arxiv"


def _title(title: str, subtitle: str) -> str:
    return f"{title}: {subtitle}" if title and subtitle else title


def _plain(value: str) -> str:
    return read_tex(_unbraced(value))


def _month(month: str, date: str) -> int | None:
    """A month in a number, or in a text with a name such as `10--14 June`; else that of a date."""
    named = re.search(rf"(?<![a-z])(?:{'|'.join(MONTHS)})", month[:100].lower())
    dated = re.match(r"\s*\d{4}-(\d\d)", date)
    return read_month(named[0] if named else month.strip()) or read_month(dated[1] if dated else "")


def _tags(value: str) -> Iterator[str]:
    """Keywords with `;` between them, or else with `,`; braces keep one together."""
    parts = _outside(_SEMICOLON, value)
    for part in parts if len(parts) > 1 else _outside(_COMMA, value):
        yield plain(read_tex(_unbraced(part.strip())))


def _names(value: str) -> list[str]:
    """Authors by the rules of BibTeX; `others` is none."""
    names = (" ".join(name.split()) for name in _outside(_AND, value))
    return [
        _name(n) for n in names if n and n.lower() != "others" and len(n) <= _MAX_NAME_CHARACTERS
    ]


def _name(tex: str) -> str:
    if (inner := _unbraced(tex)) != tex:
        return write_name(
            Name(plain(read_tex(inner)).replace("{", "").replace("}", ""), is_group=True)
        )
    parts = [plain(read_tex(_unbraced(part.strip()))) for part in _outside(_COMMA, tex)]
    if len(parts) > 1:
        return write_name(read_name(", ".join(parts)))
    if in_groups := _GIVEN_AND_GROUP.fullmatch(tex):  # "Ada {von der Quill}"
        return write_name(Name(plain(in_groups[2]), plain(in_groups[1])))
    return plain(read_tex(tex))


def _outside(separator: re.Pattern[str], value: str) -> list[str]:
    """A value, cut where a separator stands outside of braces."""
    parts, depth = [list[str]()], 0
    for i, piece in enumerate(separator.split(value)):
        if i % 2 and depth == 0 and piece[0] not in "{}\\":
            parts.append([])
        else:
            depth = max(0, depth + (piece == "{") - (piece == "}"))
            parts[-1].append(piece)
    return ["".join(part) for part in parts]


def _unbraced(value: str) -> str:
    """A value without the braces round all of it."""
    value = value.strip()
    if not (value.startswith("{") and value.endswith("}")):
        return value
    depth = 0
    for match in re.finditer(r"\\.|[{}]", value, re.DOTALL):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0 and match.end() < len(value):
            return value
    return value[1:-1] if depth == 0 else value


def _address(value: str) -> str:
    """The first of the addresses or identifiers in a value, without the TeX round it."""
    text = _WRAPPED_ADDRESS.sub("", _TILDE.sub("~", value[:4_000])).split()
    return text[0] if text else ""


READER = Reader("BibTeX", _is_bibtex, _read)
