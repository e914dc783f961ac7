"""Saved pages of paper listings -> Records: titles and abstracts take turns as plain text.

Nothing tells a title from an abstract but their shape, so blocks are sorted by length and by
sentence ends, and one block of look-ahead settles what lies between. A block is a line, or a
paragraph where the page separates its blocks by blank lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from statistics import median

from rag.readers.fields import MAX_ABSTRACT_CHARACTERS, MAX_TITLE_CHARACTERS
from rag.readers.reader import Reader
from rag.readers.source import Head, Line, Source
from rag.readers.tex import clean
from rag.types import BadRecord, Record

_SHORT = 120  # characters; a shorter block is a heading unless it ends as a sentence does
_SENTENCE = 60  # characters; a shorter block is a heading even if it ends as a sentence does
_LONG = 300  # characters; a longer block is no title if it holds more than one sentence
_VERY_LONG = 600  # characters; no title is longer
_MIN_RECORDS = 2  # one heading over one paragraph is a note or a letter, not a listing
_MIN_MATCHED = 0.8  # records for each long block, or for two blocks; prose has long ones in rows
_NOISE_BLOCKS = 10  # pairs of blocks that a page may have round its papers
_MIN_PAPER_LIKE = 0.75  # share of records that are words throughout
_MIN_LETTERS = 0.88  # letters and spaces in an abstract; 0.97 is usual, source code has 0.6 to 0.9
_MIN_MEDIAN_TITLE = 20  # characters; the headings of prose are shorter than titles of papers
_MIN_MEDIAN_ABSTRACT = 200  # characters
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s|$)")
_ENDS_SENTENCE = re.compile(r"[.!?…。][\"'”’)\]]*$")
_TITLE = re.compile(r"[\"'“‘(\[¿$]?\w.*[^.,:;=~\-|>]")
_ABSTRACT_START = re.compile(r"[\"'“‘(\[$]{0,2}(?:[A-Z0-9]|[^\W\d_a-z])|[a-z]+[A-Z]")
_GLUED_BUTTON = re.compile(r"^Subscribe(?=[A-Z0-9\"'“(\[$])")


class Layout(Enum):
    """What separates the blocks of a page."""

    LINES = "lines"
    PARAGRAPHS = "paragraphs"


class _Shape(Enum):
    HEADING = "heading"
    EITHER = "either"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    text: str
    shape: _Shape


def looks_like_listing(head: str) -> Layout | None:
    """How the blocks of a page are laid out, or None where its first part is no listing."""
    lines = [Line(i, text) for i, text in enumerate(head.splitlines(), start=1)]
    found = {layout: _plausible_records(lines, layout) for layout in Layout}
    best = max(Layout, key=lambda layout: (found[layout], layout is Layout.PARAGRAPHS))
    return best if found[best] >= _MIN_RECORDS else None


def read_listing(lines: Iterable[Line], layout: Layout) -> Iterator[Record | BadRecord]:
    """A Record for each title with an abstract, a BadRecord for what has only one of the two."""
    reader = _Pairing()
    for block, following in _with_next(_blocks(lines, layout)):
        if isinstance(block, BadRecord):
            yield block
        else:
            shape = following.shape if isinstance(following, _Block) else None
            yield from reader.add(block, shape)
    yield from reader.finish()


class _Pairing:
    """Puts titles and abstracts together, block by block."""

    def __init__(self) -> None:
        self._title: _Block | None = None
        self._abstract: list[str] = []
        self._any_title = False

    def add(self, block: _Block, following: _Shape | None) -> Iterator[Record | BadRecord]:
        """Takes the next block; `following` is the shape of the one after it."""
        if self._is_title(block, following):
            yield from self.finish()
            self._title, self._abstract = block, []
        elif self._title is None:
            if block.shape is _Shape.BODY:
                yield BadRecord(block.line, "a text without a title above it")
        else:
            self._abstract.append(block.text)

    def finish(self) -> Iterator[Record | BadRecord]:
        """What the blocks so far make of the last title."""
        title, self._title = self._title, None
        if title is None:
            return
        if self._abstract:
            yield self._record(title)
            self._any_title = True
        elif self._any_title and len(title.text) >= _MIN_MEDIAN_TITLE:
            yield BadRecord(title.line, "a title without an abstract under it")
        # Otherwise it is the noise of a page: a button, a date, a name above the first title.

    def _is_title(self, block: _Block, following: _Shape | None) -> bool:
        if block.shape is _Shape.BODY:
            return False
        if self._title is None or (block.shape is _Shape.EITHER and not self._abstract):
            # The long title under the noise, or the short abstract under its title.
            return self._title is None or following is _Shape.BODY
        if self._abstract and following is not _Shape.BODY and _ENDS_SENTENCE.search(block.text):
            return False  # "Code is available at ...": the last line of an abstract
        return block.shape is _Shape.HEADING or following is _Shape.BODY

    def _record(self, title: _Block) -> Record | BadRecord:
        heading = title.text if self._any_title else _GLUED_BUTTON.sub("", title.text)
        abstract = " ".join(self._abstract)
        if len(heading) > MAX_TITLE_CHARACTERS or len(abstract) > MAX_ABSTRACT_CHARACTERS:
            return BadRecord(title.line, "a text too long to be an abstract")
        heading, abstract = clean(heading), clean(abstract)
        if not any(c.isalnum() for c in heading) or not any(c.isalnum() for c in abstract):
            return BadRecord(title.line, "a title or an abstract without a letter")
        return Record(title=heading, abstract=abstract, line=title.line)


def _plausible_records(lines: Iterable[Line], layout: Layout) -> int:
    """How many records a page holds if it is laid out so; 0 where they do not look like papers."""
    records = [r for r in read_listing(lines, layout) if isinstance(r, Record)]
    blocks = [b for b in _blocks(lines, layout) if isinstance(b, _Block)]
    bodies = sum(block.shape is _Shape.BODY for block in blocks)
    if not records or len(records) < _MIN_MATCHED * max(bodies, len(blocks) / 2 - _NOISE_BLOCKS):
        return 0
    if sum(map(_is_paper_like, records)) < _MIN_PAPER_LIKE * len(records):
        return 0
    if median(len(r.title) for r in records) < _MIN_MEDIAN_TITLE:
        return 0
    return len(records) if median(len(r.abstract) for r in records) >= _MIN_MEDIAN_ABSTRACT else 0


def _is_paper_like(record: Record) -> bool:
    """Whether a record is words throughout: no code, no mark-up, no list, no clipped sentence."""
    letters = sum(c.isalpha() or c == " " for c in record.abstract)
    return (
        _TITLE.fullmatch(record.title) is not None
        and _ABSTRACT_START.match(record.abstract) is not None
        and _ENDS_SENTENCE.search(record.abstract[-20:]) is not None
        and letters >= _MIN_LETTERS * len(record.abstract)
    )


def _blocks(lines: Iterable[Line], layout: Layout) -> Iterator[_Block | BadRecord]:
    """The blocks of a page; a paragraph too long to be an abstract is cut where that shows."""
    first, parts, length = 0, list[str](), 0
    for line in lines:
        text = "" if line.text is None else line.text.strip("\x00 \t\r\f\v\ufeff\xa0")
        ends = not text or layout is Layout.LINES or length > 2 * MAX_ABSTRACT_CHARACTERS
        if parts and ends:
            yield _block(first, " ".join(parts))
            parts, length = [], 0
        if line.text is None:
            yield BadRecord(line.number, "a line too long to be a title or an abstract")
        elif text:
            first = first if parts else line.number
            parts.append(text)
            length += len(text)
    if parts:
        yield _block(first, " ".join(parts))


def _block(line: int, text: str) -> _Block:
    ends_sentence = _ENDS_SENTENCE.search(text[-20:]) is not None
    sentences = len(_SENTENCE_END.findall(text[:5_000]))
    if len(text) >= _VERY_LONG or (len(text) >= _LONG and (sentences > 1 or ends_sentence)):
        shape = _Shape.BODY
    elif len(text) < _SENTENCE or (len(text) < _SHORT and not ends_sentence):
        shape = _Shape.HEADING
    elif len(text) >= _SHORT and sentences > 1 and ends_sentence:
        shape = _Shape.BODY
    else:
        shape = _Shape.EITHER
    return _Block(line, text, shape)


def _with_next(
    blocks: Iterable[_Block | BadRecord],
) -> Iterator[tuple[_Block | BadRecord, _Block | BadRecord | None]]:
    """Each block with the one after it."""
    previous: _Block | BadRecord | None = None
    for block in blocks:
        if previous is not None:
            yield previous, block
        previous = block
    if previous is not None:
        yield previous, None


def _is_listing(head: Head) -> bool:
    return not (head.is_markup or head.is_binary) and looks_like_listing(head.text) is not None


def _read(source: Source) -> Iterator[Record | BadRecord]:
    layout = looks_like_listing(source.head.text)
    assert layout is not None  # the file was recognised by it
    yield from read_listing(source.lines(), layout)


READER = Reader("a saved paper listing", _is_listing, _read)
