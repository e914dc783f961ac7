"""Files -> Records. The format is told by what a file holds, never by its name.

A format is a module with a `READER`, or, where files are JSON, one of `json_formats`. They share
`files`, which finds and opens, `source`, which decodes, `line_records`, `json_records` and
`xml_records`, which cut into records, `tex` and `markup`, which make text of mark-up, and `fields`,
which makes the Record.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from rag.errors import ReadError, UnknownFormat
from rag.readers import (
    arxiv_atom,
    bibtex,
    endnote_xml,
    json_formats,
    listing,
    medline,
    pdf,
    plain_text,
    pubmed_xml,
    ris,
    table,
    zotero,
)
from rag.readers.files import FoundFile, files_in, is_archive, is_office
from rag.readers.reader import Reader
from rag.readers.source import Source
from rag.types import BadRecord, Record

__all__ = ["FoundFile", "count_records", "files_in", "read_records", "records"]

# The surest first: a file is read by the first that recognises it.
_READERS = (
    pdf.READER,
    zotero.READER,
    pubmed_xml.READER,
    arxiv_atom.READER,
    endnote_xml.READER,
    *json_formats.READERS,
    bibtex.READER,
    ris.READER,
    medline.READER,
    table.READER,
    plain_text.READER,
    listing.READER,
)
_PACKED = {
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x1f\x8b": "gzip, twice",
}


def records(file: FoundFile) -> Iterator[Record | BadRecord]:
    """The records of a file in its order; a bad one is told and does not stop the others.

    Raises ReadError, while looped over, for a file that is missing or broken, UnknownFormat for one
    in no known format; records that came before it are good.
    """
    with file.opened() as source:
        yield from _reader(source).read(source)


def read_records(path: Path) -> Iterator[Record | BadRecord]:
    """The records of all files of a path; ReadError at the first file that cannot be read."""
    return chain.from_iterable(map(records, files_in(path)))


def count_records(file: FoundFile) -> int:
    """How many records a file holds, for a progress bar; what is wrong with it is told later."""
    count = 0
    try:
        with file.opened() as source:
            reader = _reader(source)
            if reader.is_single:
                return 1
            for _ in reader.read(source):
                count += 1
    except ReadError:
        pass
    return count


def _reader(source: Source) -> Reader:
    head = source.head
    start = head.raw[:64]
    packed = next((kind for magic, kind in _PACKED.items() if start.startswith(magic)), None)
    if is_archive(start):
        packed = "zip, in another archive"
    elif head.raw[257:262] == b"ustar":
        packed = "tar"
    if packed:
        raise ReadError(source.path, f"{source.name} is packed by {packed}; unpack it first.")
    found = next((reader for reader in _READERS if reader.recognises(head)), None)
    if found is None:
        formats = ", ".join(reader.name for reader in _READERS)
        raise UnknownFormat(
            source.path,
            _refusal(source),
            f"Footnote reads {formats}, each plain, as .gz or in a .zip.",
        )
    return found


def _refusal(source: Source) -> str:
    """Why a file is read by no reader, and what to do."""
    head = source.head
    start = head.text.lstrip()[:1]
    if is_office(head.raw[:64]):
        reason = "is a document of an office program"
    elif head.is_binary:
        reason = "is not text"
    elif not head.text.strip("\x00 \t\n\f"):
        reason = "holds only blanks"
    elif head.is_markup:
        reason = "is the source of a web page; open it in a browser and save the page as text"
    elif start == "<":
        reason = "is XML of a kind that does not list papers"
    elif start in "[{":
        reason = "begins like JSON, but is of no kind that lists papers"
    else:
        reason = "does not read as a list of papers"
    return f"{source.name} {reason}."
