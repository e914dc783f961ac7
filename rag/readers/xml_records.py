"""The records of an XML file, each cut out of the text and parsed by itself.

So a file of any length is read in little memory, a record that is not well-formed stops no other,
and nothing outside of the records is ever interpreted: no DTD, no entity that a file declares,
nothing that another file holds. (Extensible Markup Language 1.0, fifth edition, W3C 2008.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from html.entities import html5
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from rag.readers.source import Head, encoding_of
from rag.types import BadRecord

MAX_RECORD_CHARACTERS = 10_000_000
_MAX_DEPTH = 100  # of elements in a record; those of the formats nest less than 20 deep
_MAX_ELEMENTS = 200_000  # of a record; a paper of five thousand authors has a fifth of that
_MAX_ATTRIBUTES = 100  # of an element
_MAX_TOKEN = 200  # characters of a tag that begins or ends a record
_WINDOW = 1_000_000  # what opens a comment, and is not closed within so many characters, is text
_ROOT_WITHIN = 1 << 16  # bytes of a head; a DOCTYPE before its root element fits

_DOCTYPE_END = r"[^\[>]*(?:>|\[.*?\]\s*>)"
_ENDS = {
    "<!--": re.compile(r".*?-->", re.DOTALL),
    "<![CDATA[": re.compile(r".*?\]\]>", re.DOTALL),
    "<!DOCTYPE": re.compile(_DOCTYPE_END, re.DOTALL),
}
_ROOT = re.compile(
    r"(?:[\s\ufeff]|<\?.*?\?>|<!--.*?-->|<!DOCTYPE" + _DOCTYPE_END + r")*+<(?:[\w.-]{1,40}:)?"
    r"([\w.-]{1,40})",
    re.DOTALL,
)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(#[0-9]{1,8}|#x[0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});")
_POWER = re.compile(r"[-+−–]?\d+")


@dataclass(frozen=True, slots=True)
class XmlRecord:
    """One record; the names of its elements and attributes are without prefixes."""

    line: int  # where it starts in its file, from 1
    element: Element


def root_of(head: Head) -> str:
    """The name of a file's outermost element, without its prefix; "" for what is no XML."""
    start = head.raw[:_ROOT_WITHIN]
    match = _ROOT.match(start.decode(encoding_of(start), errors="replace"))
    return match[1] if match else ""


def text_of(element: Element | None) -> str:
    """What an element says: 10<sup>5</sup> is 10^5, other mark-up goes; "" for None."""
    if element is None:
        return ""
    text = element.text or ""
    for child in element:  # at most _MAX_DEPTH deep
        inner = text_of(child)
        is_raised = child.tag == "sup" or "superscript" in child.get("face", "")
        if is_raised and text[-1:].isdigit() and _POWER.fullmatch(inner):
            text += "^"
        text += inner + (child.tail or "")
    return text


def xml_records(texts: Iterable[str], names: Collection[str]) -> Iterator[XmlRecord | BadRecord]:
    """The elements of these names, which stand beside each other, in a text that comes in pieces.

    A record that is not well-formed, too large or not closed is a BadRecord, and so is the end of
    a file that is cut short. HTML's names of characters (`&eacute;`) are known.
    """
    cutter = _Cutter(names)
    for text in texts:
        yield from map(_read, cutter.cut(text))
    yield from map(_read, cutter.cut("", is_last=True))


@dataclass(frozen=True, slots=True)
class _Cut:
    """The text of one record."""

    line: int
    text: str


class _Cutter:
    """Finds where records start and end, and passes over comments, CDATA and DOCTYPEs.

    What opens one of these and is closed nowhere near is taken for text, so that it hides no
    record. Each character is looked at a few times at most, whatever a file holds.
    """

    def __init__(self, names: Collection[str]) -> None:
        tag = r"(?:[\w.-]{1,40}:)?(?:" + "|".join(map(re.escape, names)) + ")"
        self._token = re.compile(
            rf"(?P<aside>{'|'.join(map(re.escape, _ENDS))})"
            rf"|(?P<start><{tag}(?=[\s/>]))|</{tag}\s{{0,40}}>"
        )
        self._text = ""
        self._at = 0  # what stands before it in the text was looked at
        self._start: int | None = None  # of the record that is open
        self._start_line = 1
        self._counted, self._line = 0, 1  # a place in the text, and the line that it is in
        self._dropped = 0  # characters that came before the text
        self._unclosed = dict.fromkeys(_ENDS, 0)  # up to which character of all none is closed

    def cut(self, piece: str, is_last: bool = False) -> Iterator[_Cut | BadRecord]:
        """The records that end in this piece."""
        self._drop()
        self._text += piece
        while match := self._token.search(self._text, self._at):
            if match["aside"] == "<!DOCTYPE" and self._start is not None:
                self._at = match.end()  # in a record it is none, and hides no end of it
                continue
            if match["aside"]:
                end = self._end_of(match, is_last)
                if end is None:  # it is still to come
                    self._at = match.start()
                    break
                self._at = end
                continue
            self._at = match.end()
            if self._start is not None:
                yield self._ended(match.end(), is_closed=not match["start"])
            if match["start"]:
                self._start, self._start_line = match.start(), self._line_at(match.start())
        else:
            self._at = max(self._at, len(self._text) - _MAX_TOKEN)
        if self._start is not None and (
            is_last or len(self._text) - self._start > MAX_RECORD_CHARACTERS
        ):
            yield self._ended(len(self._text), is_closed=False)
        elif is_last and self._text.rfind("<") > self._text.rfind(">"):
            line = self._line_at(len(self._text))
            yield BadRecord(line, "the file ends within a tag; it is cut short")

    def _ended(self, end: int, *, is_closed: bool) -> _Cut | BadRecord:
        """The record that was open."""
        start, self._start = self._start or 0, None
        if end - start > MAX_RECORD_CHARACTERS:
            limit = MAX_RECORD_CHARACTERS // 1_000_000
            reason = f"the record is longer than {limit} million characters"
            return BadRecord(self._start_line, reason)
        if not is_closed:
            return BadRecord(self._start_line, "the record is not closed by its end tag")
        return _Cut(self._start_line, self._text[start:end])

    def _end_of(self, match: re.Match[str], is_last: bool) -> int | None:
        """Where a comment ends, or where its mark does if none ends it; None if not known yet."""
        kind = match["aside"]
        if self._dropped + match.end() < self._unclosed[kind]:
            return match.end()
        limit = match.end() + _WINDOW
        found = _ENDS[kind].match(self._text, match.end(), limit)
        if found:
            return found.end()
        if len(self._text) < limit and not is_last:
            return None
        self._unclosed[kind] = self._dropped + limit
        return match.end()

    def _drop(self) -> None:
        """Forgets the text that is done with."""
        end = self._at if self._start is None else self._start
        self._line_at(end)
        self._text = self._text[end:]
        self._dropped += end
        self._at -= end
        self._counted = 0
        if self._start is not None:
            self._start = 0

    def _line_at(self, place: int) -> int:
        """The line of a place that is not before the last one asked for."""
        self._line += self._text.count("\n", self._counted, place)
        self._counted = place
        return self._line


class _Refused(Exception):
    """What is well-formed and still not read."""


def _read(cut: _Cut | BadRecord) -> XmlRecord | BadRecord:
    if isinstance(cut, BadRecord):
        return cut
    try:
        return XmlRecord(cut.line, _parsed(cut.text))
    except expat.ExpatError as error:
        what, where = expat.errors.messages.get(error.code, "?"), cut.line + error.lineno - 1
        return BadRecord(cut.line, f"the record is not well-formed XML: {what} in line {where}")
    except _Refused as error:
        return BadRecord(cut.line, str(error))


def _parsed(text: str) -> Element:
    """The element that a text is."""
    parser, builder = expat.ParserCreate(), TreeBuilder()
    depth = elements = 0

    def start(tag: str, attributes: list[str]) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > _MAX_DEPTH:
            raise _Refused("the elements of the record are nested too deeply")
        if elements > _MAX_ELEMENTS or len(attributes) > 2 * _MAX_ATTRIBUTES:
            raise _Refused("the record has more elements or attributes than any paper has")
        names = [name.rpartition(":")[2] for name in attributes[::2]]
        builder.start(tag.rpartition(":")[2], dict(zip(names, attributes[1::2], strict=True)))

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(":")[2])

    parser.buffer_text = parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    # What XML forbids, as control characters, is common in what reference managers write.
    parser.Parse(_REFERENCE.sub(_character, _NO_XML.sub("", text)), True)
    return builder.close()


def _character(match: re.Match[str]) -> str:
    """The character that HTML knows by a name; XML's own references stay, if XML allows them."""
    name = match[1]
    if name[0] == "#":
        code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
        return "" if code > 0x10FFFF or _NO_XML.match(chr(code)) else match[0]
    known = html5.get(f"{name};", "&")
    return match[0] if known in "&<>\"'" else known
