"""Tables with a header -> Records: one paper a row, cells parted by commas, semicolons or tabs.

Scopus, Web of Science, Dimensions, PubMed, IEEE Xplore, Zotero, Rayyan and ASReview export such
tables; a column is known by its name, wherever it stands. Quoting is that of RFC 4180 (2005). A
table with a column `footnote` is one of ours (`rag.bibliography.table`), read letter for letter.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from rag.readers.fields import field, make_record, named_arxiv_id, names_in_list, read_month
from rag.readers.reader import Reader
from rag.readers.source import Head, Line, Source
from rag.readers.tex import clean, plain
from rag.types import BadRecord, Publication, Record

MARK = "footnote"  # the column that only our tables have: "read", "note", or both
_DELIMITERS = "\t;,|"
_FIRST_LINES = 8  # the header is among them, under `sep=;` or whence the table was exported
_MAX_ROW_CHARACTERS = 500_000  # a quotation mark open for longer is a stray one
_NO_NAME = re.compile(r"[^\w\s()./:#&-]")

# What a column is called, in letters and digits only; the better one first. Two capital letters are
# the field tags of Web of Science.
_COLUMNS = {
    "title": "title articletitle documenttitle papertitle primarytitle displayname ti",
    "abstract": "abstract abstractnote abstracttext ab",
    "authors": "authorfullnames af authors author authornames creators "
    "authorshipsauthordisplayname au",
    "year": "year publicationyear publishedyear pubyear py date publicationdate published "
    "coverdate citation source",  # of PubMed and Embase: "Journal of Lamps (2020) 4:2 (12-34)"
    "month": "month publishedmonth",
    "url": "url link urls",
    "doi": "doi di",
    "arxiv_id": "arxivid arxiv extra",
    "pmid": "pmid pubmedid idspmid pm",
    "openalex_id": "openalexid openalex id",
    "s2_id": "s2id semanticscholarid",
    "key": "citationkey citekey bibtexkey",
    "tags": "tags manualtags keywords authorkeywords de",
    "kind": "kind itemtype documenttype documentidentifier dt publicationtype type pt",
    "venue": "venue sourcetitle publicationtitle journal journalbook journaltitle so booktitle "
    "conferencetitle containertitle primarylocationsourcedisplayname",
    "volume": "volume bibliovolume vl",
    "issue": "issue issuenumber biblioissue is number",
    "pages": "pages pagination",
    "first_page": "pagestart startpage bp firstpage bibliofirstpage",
    "last_page": "pageend endpage ep lastpage bibliolastpage",
    "article": "artno articlenumber ar",
    "publisher": "publisher pu",
    "place": "place location publishercity pi",
    "edition": "edition",
    "isbn": "isbn isbns bn",
    "issn": "issn issns sn",
    "editors": "editors editor bookeditors be",
}
_OURS = {"key": "key", "notes": "notes", MARK: MARK}  # columns that mean something else elsewhere
_KINDS = {
    kind: csl
    for csl, kinds in {
        "article-journal": "article journalarticle researcharticle review letter editorial note "
        "articleinpress ieeejournals ieeemagazines ieeeearlyaccessarticles j",
        "paper-conference": "conferencepaper proceedingspaper proceeding proceedings inproceedings "
        "articleproceedingspaper meetingabstract ieeeconferences c",
        "book": "book monograph editedbook b",
        "chapter": "bookchapter booksection chapter",
        "thesis": "thesis dissertation",
        "report": "report technicalreport techreport",
        "article": "preprint",
        "webpage": "webpage",
        "dataset": "dataset",
    }.items()
    for kind in kinds.split()
}
_ID_IN_BRACKETS = re.compile(r"\(\d+\)$")  # of an author, in Scopus
_ITEM = re.compile(r"'([^']*)'|\"([^\"]*)\"")  # of a list as Python prints it
_BETWEEN_TAGS = re.compile(r"[;,|](?![^()]{0,200}\))")  # but not within brackets
_ESCAPED = re.compile(r"\\(.)")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class _Header:
    delimiter: str
    columns: dict[str, int]  # what is known -> where it stands
    width: int  # how many cells it has
    line: int  # where it stands

    @property
    def is_ours(self) -> bool:
        return MARK in self.columns


def _header(lines: Iterable[str]) -> _Header | None:
    """The header among the first lines of a table: it names a title and something more."""
    told = ""
    for number, text in islice(enumerate(lines, start=1), _FIRST_LINES):
        if text.lower().startswith("sep=") and len(text.strip()) == 5:
            told = text.strip()[4]
        found = [_columns(number, text, d) for d in told or _DELIMITERS if d in text[:5_000]]
        best = max(found, key=lambda header: len(header.columns), default=None)
        if best and "title" in best.columns and len(best.columns) > 1:
            return best
    return None


def _columns(number: int, text: str, delimiter: str) -> _Header:
    cells = [_name(cell) for cell in _cells(text[:50_000], delimiter)]
    places = {cell: place for place, cell in reversed(list(enumerate(cells))) if cell}
    known = dict(_COLUMNS)
    if MARK in places:
        known |= _OURS
    columns = {
        column: next(places[name] for name in names.split() if name in places)
        for column, names in known.items()
        if any(name in places for name in names.split())
    }
    return _Header(delimiter, columns, len(cells), number)


def _name(cell: str) -> str:
    """A name as `_COLUMNS` has it; "" for what is none, as source code."""
    if _NO_NAME.search(cell):
        return ""
    return "".join(c for c in cell[:100].casefold() if c.isalnum())


def read_table(lines: Iterable[Line]) -> Iterator[Record | BadRecord]:
    """A Record for each good row under the header, a BadRecord for each bad one."""
    waiting = iter(lines)
    start = list(islice(waiting, _FIRST_LINES))
    header = _header(line.text or "" for line in start)
    if header is None:
        return
    rows = _Rows(header, deque(start[header.line :]), waiting)
    for number, row in rows.read():
        if isinstance(row, str):
            yield BadRecord(number, row)
        else:
            yield _record(number, row, header)


@dataclass(slots=True)
class _Rows:
    """Takes lines for rows; where a quotation mark is astray, only its own line is lost."""

    header: _Header
    ahead: deque[Line]  # lines that were looked at, but belong to no row yet
    rest: Iterator[Line]

    def read(self) -> Iterator[tuple[int, list[str] | str]]:
        """Each row with the number of its first line, or why it is none."""
        while self._reach(0):
            line = self.ahead[0]
            row: list[str] | str
            used = 1
            if line.text is None:
                row = "the line is longer than any record"
            elif '"' in line.text:
                row, used = self._quoted(line.text)
            else:
                row = self._checked(line.text.split(self.header.delimiter))
            for _ in range(used):
                self.ahead.popleft()
            if any(map(str.strip, row)):
                yield line.number, row

    def _reach(self, place: int) -> bool:
        """Whether there is a line so many places ahead."""
        while len(self.ahead) <= place:
            line = next(self.rest, None)
            if line is None:
                return False
            self.ahead.append(line)
        return True

    def _quoted(self, text: str) -> tuple[list[str] | str, int]:
        """The row that begins with a line, and how many lines it takes."""
        delimiter = self.header.delimiter
        reader = csv.reader(self._following(), delimiter=delimiter, strict=True)
        try:
            cells = next(reader)
            if self._fits(cells):
                return cells, reader.line_num
        except (csv.Error, StopIteration):
            pass
        # Quotation marks that do not follow the rule: those of Web of Science are but characters.
        simple = text.split(delimiter)
        cells = simple if delimiter == "\t" and self._fits(simple) else _cells(text, delimiter)
        has_stray = text.count('"') % 2 == 1 and not self._fits(cells)
        return "its quotation marks do not match" if has_stray else self._checked(cells), 1

    def _following(self) -> Iterator[str]:
        place = length = 0
        while self._reach(place):
            text = self.ahead[place].text
            if text is None or (length := length + len(text) + 1) > _MAX_ROW_CHARACTERS:
                return
            yield text + "\n"
            place += 1

    def _fits(self, cells: list[str]) -> bool:
        """Whether a row has the cells of the header; some programs add an empty one."""
        width = self.header.width
        return len(cells) >= width and not any(cells[width:])

    def _checked(self, cells: list[str]) -> list[str] | str:
        """The row, though some programs leave out the last cells where they are empty."""
        width = self.header.width
        if self._fits(cells) or width / 2 <= len(cells) < width or not any(map(str.strip, cells)):
            return cells
        return f"the row has {len(cells)} cells where the header has {width}"


def _cells(text: str, delimiter: str) -> list[str]:
    """The cells of one line, however it is quoted."""
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return text.split(delimiter)


def _record(number: int, row: list[str], header: _Header) -> Record | BadRecord:
    cells = {name: row[at] for name, at in header.columns.items() if at < len(row)}
    if header.is_ours:
        cells = {name: _unguarded(cell) for name, cell in cells.items()}
    cells = defaultdict(str, cells)
    names = _list if header.is_ours else _names
    flags = cells[MARK].split()
    kind = cells["kind"]
    pages = cells["pages"] or "-".join(filter(None, (cells["first_page"], cells["last_page"])))
    publication = Publication(
        kind=field(kind, plain) if header.is_ours else _KINDS.get(_name(kind), ""),
        month=read_month(cells["month"]),
        pages=pages or cells["article"],
        editors=tuple(names(cells["editors"])),
        **{
            name: cells[name]
            for name in "venue volume issue publisher place edition isbn issn".split()
        },
    )
    return make_record(
        number,
        title=cells["title"],
        abstract=cells["abstract"],
        authors=names(cells["authors"]),
        year=cells["year"],
        url=cells["url"],
        doi=cells["doi"],
        arxiv_id=named_arxiv_id(cells["arxiv_id"]) or cells["arxiv_id"],
        pmid=cells["pmid"],
        openalex_id=cells["openalex_id"],
        s2_id=cells["s2_id"],
        publication=publication,
        tags=_list(cells["tags"]) if header.is_ours else _tags(cells["tags"]),
        key=cells["key"],
        notes=cells["notes"],
        is_read="read" in flags,
        is_note="note" in flags,
        read=plain if header.is_ours else clean,
    )


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; `read_table` undoes it."""
    return f"'{cell}" if cell[:1] in tuple("=+-@\t\r") or _GUARDED.match(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


def listed(values: Iterable[str]) -> str:
    """Values in one cell, parted by semicolons; those in a value follow a backslash."""
    return "; ".join(re.sub(r"([\\;])", r"\\\1", value) for value in values)


def _list(cell: str) -> list[str]:
    """The values of a cell that `listed` wrote."""
    values = re.findall(r"(?:\\.|[^\\;])+", cell, re.DOTALL)
    return [_ESCAPED.sub(r"\1", value).strip() for value in values]


def _names(cell: str) -> list[str]:
    """Names of authors in one cell, as each program parts them."""
    cell = cell.strip()
    if items := _items(cell):
        names = items
    elif ";" in cell or "|" in cell:
        names = re.split("[;|]", cell)
    elif " and " in cell:
        names = cell.split(" and ")
    elif all(" " in part.strip() for part in cell.split(",")):  # "Ada Quill, Bo Reed", "Quill A"
        names = cell.removesuffix("." if cell.count(".") == 1 else "\n").split(",")
    else:
        names = [cell]
    names = [_ID_IN_BRACKETS.sub("", name.strip()).strip() for name in names if name.strip()]
    return names_in_list(names)


def _tags(cell: str) -> list[str]:
    return _items(cell) or _BETWEEN_TAGS.split(cell)


def _items(cell: str) -> list[str]:
    """The values of a list in a cell, as ASReview and other programs in Python print it."""
    is_list = cell.startswith(("['", '["')) and cell.endswith("]")
    return [item or other for item, other in _ITEM.findall(cell)] if is_list else []


def _is_table(head: Head) -> bool:
    return not head.is_binary and _header(head.text.split("\n", _FIRST_LINES)) is not None


def _read(source: Source) -> Iterator[Record | BadRecord]:
    yield from read_table(source.lines())


READER = Reader("tables (CSV, TSV) with a header", _is_table, _read)
