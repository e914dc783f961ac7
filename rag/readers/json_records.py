"""A file of JSON -> its objects, whether they stand line by line, in an array, or in a wrapper.

Objects are read one by one, so that an array of any size needs little memory, and so that a broken
one costs only itself: what follows it is found again by its structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rag.readers.source import MAX_LINE_CHARACTERS, Source
from rag.types import BadRecord

# Under these names a service's reply, or a manager's export, wraps its list of records: Crossref,
# OpenAlex, Semantic Scholar, Zotero.
_LISTS = frozenset({"items", "results", "data", "papers", "works", "recommendedPapers"})
_WRAPPED = "message"  # Crossref's; it holds a list under one of those names, or is one record
_CHARACTERS = 1 << 16  # that are looked at at once; more where an object is longer
_BLANKS = re.compile("[\x00\ufeff\\s,]*")
_SPACES = re.compile(r"\s*")
_START = re.compile(r'\{\s{0,99}"|\[\s{0,99}\{')  # of an object, or of a list of them
_START_OR_LINE = re.compile(r'\n|\{\s{0,99}"|\[[ \t]{0,99}\{')
_LINE = re.compile(r"\n")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_NEAR_END = (
    20  # characters; what is wrong so near to the end of a text may be whole in a longer one
)
_FREE_WASTE = 20_000_000  # characters that may be read in vain, besides as many as the file has
_FAILURE_COST = 200  # of each failure, besides what was read of it
_SPENT_LINE = 1 << 20
_DEEPEST = 10  # brackets round a record


def json_objects(
    source: Source, is_record: Callable[[dict[str, Any]], bool]
) -> Iterator[tuple[int, dict[str, Any]] | BadRecord]:
    """Each object with the line where it starts, and a BadRecord for what is none.

    `is_record` tells records from their wrappers and their parts. Raises ReadError.
    """
    texts = source.texts()
    pieces = (text[i : i + _CHARACTERS] for text in texts for i in range(0, len(text), _CHARACTERS))
    return _Scan(pieces, is_record).objects()


def json_objects_of(
    text: str, is_record: Callable[[dict[str, Any]], bool]
) -> Iterator[tuple[int, dict[str, Any]] | BadRecord]:
    """The same of a text, such as the beginning of a file."""
    return _Scan([text], is_record).objects()


class _Failure(Exception):
    """There is no value where one is looked for; says why."""

    def __init__(self, told: str, at: int = 0, is_deep: bool = False) -> None:
        super().__init__(told)
        self.at = at  # in characters from the start of the file
        self.is_deep = is_deep


class _Scan:
    """Reads values from a text that grows at its end, and is cut at its start behind the reader."""

    def __init__(self, texts: Iterable[str], is_record: Callable[[dict[str, Any]], bool]) -> None:
        self._texts = iter(texts)
        self._is_record = is_record
        self._text = ""
        self._start = 0  # of what is being read
        self._dropped = 0  # characters before the text
        self._line, self._counted = 1, 0  # the line in which the character `_counted` stands
        self._open = ""  # the brackets of wrappers and arrays round it
        self._characters = _FREE_WASTE  # read so far, and
        self._wasted = 0  # those of them that were read in vain

    def objects(self) -> Iterator[tuple[int, dict[str, Any]] | BadRecord]:
        position, failure = 0, None
        while (position := self._first(position)) < len(self._text):
            found = self._text[position]
            if found in "]}":  # one that was never opened does no harm
                if self._open.endswith("[" if found == "]" else "{"):
                    self._open = self._open[:-1]
                position += 1
            elif found == "[" and self._peek(position + 1) in ("{", "]"):
                self._open += "["
                position += 1
            elif found == "{":
                line = self._line_of(position)
                try:
                    value, end = self._value(position)
                    failure = None
                except _Failure as error:
                    value, end, failure = None, position, error
                if value is not None and self._is_record(value):
                    yield line, value
                elif len(self._open) < _DEEPEST and (
                    inner := self._pairs(position + 1, self._open + "{")
                ):
                    self._open, end = inner
                elif failure is None:
                    yield line, value
                else:
                    yield BadRecord(line, f"the record is not valid JSON: {failure}")
                    end = self._after(position, failure)
                position = end
            elif self._open.endswith("{"):  # what a wrapper says behind its list
                self._open, position = self._pairs(position, self._open) or ("", position)
            else:
                line = self._line_of(position)
                yield BadRecord(line, "what stands here is not a JSON object in curly brackets")
                position = self._search(_START_OR_LINE, position + 1)
        if self._open and failure is None:
            yield BadRecord(self._line_of(position), "the file ends before its list does")

    def _pairs(self, position: int, opened: str) -> tuple[str, int] | None:
        """From within an object: into its list of records, or behind the end of a known wrapper.

        Gives the brackets that are open there, and where that is; None where neither is found.
        """
        while True:
            position = self._end_of(_BLANKS, position)
            if self._peek(position) == "}" and opened == self._open:
                return opened[:-1], self._end_of(_SPACES, position) + 1
            try:
                name, position = self._value(position)
                position = self._end_of(_SPACES, position)
                if not isinstance(name, str) or self._peek(position) != ":":
                    return None
                position = self._end_of(_SPACES, position + 1)
                start = self._peek(position)
                if name in _LISTS and start == "[" and self._peek(position + 1) in ("{", "]"):
                    return opened + "[", position + 1
                if name == _WRAPPED and start == "{":
                    return opened, position
                _, position = self._value(position)
            except _Failure:
                return None

    def _value(self, position: int) -> tuple[Any, int]:
        """The value that starts there, and where it ends; raises _Failure."""
        if self._wasted > self._characters:
            return self._value_in_line(position)
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, position)
            except json.JSONDecodeError as error:
                is_text = error.msg.startswith("Unterminated")
                if not is_text and error.pos < len(self._text) - _NEAR_END:
                    raise self._failed(position, error.pos, self._told(error)) from None
                if self._grow():
                    continue
                if len(self._text) - position > MAX_LINE_CHARACTERS:
                    limit = MAX_LINE_CHARACTERS // 1_000_000
                    told = f"it is longer than {limit} million characters, or not closed"
                elif is_text:
                    told = "a quotation mark is missing"
                else:
                    told = (
                        "a bracket is missing"
                        if error.pos >= len(self._text)
                        else self._told(error)
                    )
                raise self._failed(position, len(self._text), told) from None
            except RecursionError:
                told = "its brackets are nested too deeply"
                raise self._failed(position, position, told, is_deep=True) from None
            # A number may go on where the text goes on.
            if end < len(self._text) or not isinstance(value, int | float) or not self._grow():
                return value, end

    def _value_in_line(self, position: int) -> tuple[Any, int]:
        """The same, where so much was read in vain that only short lines are worth a try."""
        while (
            (end := self._text.find("\n", position)) < 0
            and len(self._text) < position + _SPENT_LINE
            and self._grow()
        ):
            pass
        end = min(end if end >= 0 else len(self._text), position + _SPENT_LINE)
        try:
            value, length = _DECODER.raw_decode(self._text[position:end])
        except (json.JSONDecodeError, RecursionError):
            raise _Failure("it is damaged, as is too much of the file before it") from None
        return value, position + length

    def _failed(self, start: int, end: int, told: str, is_deep: bool = False) -> _Failure:
        self._wasted += end - start + len(self._text) // 16 + _FAILURE_COST
        return _Failure(told, self._dropped + end, is_deep)

    def _told(self, error: json.JSONDecodeError) -> str:
        line = self._line + self._text.count("\n", self._counted, error.pos)
        return f"{error.msg[:1].lower()}{error.msg[1:]} in line {line}"

    def _after(self, start: int, failure: _Failure) -> int:
        """Where the next record may start, behind a broken one."""
        if failure.is_deep and (end := self._closing(start)) is not None:
            return end
        margin = self._margin(start)
        position = start + 1
        while self._wasted <= self._characters and not failure.is_deep:
            position = self._begin(self._search(_START, position))
            if position == len(self._text):
                return position
            if margin is not None and self._margin(position) == margin:
                return position  # it begins a line just as the broken one did
            before = self._text[max(0, position - 200) : position].rstrip()[-1:]
            try:
                value, end = self._value(position)
            except _Failure:
                position += 1
                continue
            is_beside = before not in (":", "[") or self._margin(position) == ""
            if isinstance(value, dict) and is_beside and self._is_record(value):
                return position
            # Else a part of the broken one; a list that reaches the fault may hold what follows.
            is_whole = isinstance(value, dict) or self._dropped + end < failure.at
            position = end if is_whole else position + 1
        return self._search(_LINE, position)

    def _closing(self, start: int) -> int | None:
        """Behind the bracket that closes the one at `start`, however many lie between."""
        while self._grow():
            pass
        depth = 0
        for token in _TOKEN.finditer(self._text, start):
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            if depth == 0:
                return token.end()
        self._wasted += 10 * (len(self._text) - start)
        return None

    def _margin(self, position: int) -> str | None:
        """What stands before it on its line, if that is blank."""
        before = self._text[self._text.rfind("\n", 0, position) + 1 : position]
        return before if not before.strip("\ufeff \t") else None

    def _first(self, position: int) -> int:
        """The first that is no blank and no comma; what lies before it is dropped."""
        while True:
            position = self._begin(self._end_of(_BLANKS, position))
            if position < len(self._text) or not self._grow():
                return position

    def _peek(self, position: int) -> str:
        """The first character from there that is no blank; "" at the end."""
        position = self._end_of(_SPACES, position)
        return self._text[position : position + 1]

    def _end_of(self, blanks: re.Pattern[str], position: int) -> int:
        """Where these blanks end that begin there."""
        while True:
            match = blanks.match(self._text, position)
            assert match is not None  # it matches the empty text as well
            position = match.end()
            if position < len(self._text) or not self._grow():
                return position

    def _search(self, pattern: re.Pattern[str], position: int) -> int:
        """Where the pattern is found first, or the end of the file; what lies before is dropped."""
        while True:
            if match := pattern.search(self._text, position):
                return match.start()
            position = self._begin(max(position, len(self._text) - 128))  # it may be cut in two
            if not self._grow():
                return len(self._text)

    def _line_of(self, position: int) -> int:
        """The line of a character; those before it are not asked for any more."""
        if position > self._counted:
            self._line += self._text.count("\n", self._counted, position)
            self._counted = position
        return self._line

    def _begin(self, position: int) -> int:
        """Drops what lies well before the position; gives where it stands then."""
        if position > max(_CHARACTERS, len(self._text) // 2):
            far = max(0, position - 1000)
            cut = max(far, self._text.rfind("\n", far, position))
            self._line_of(cut)
            self._text = self._text[cut:]
            self._dropped += cut
            self._counted -= cut
            position -= cut
        self._start = position
        return position

    def _grow(self) -> bool:
        """Reads on, as much again; False at the end, or where an object is longer than any."""
        length = len(self._text) - self._start
        if length > MAX_LINE_CHARACTERS:
            return False
        wanted = min(max(length, _CHARACTERS), MAX_LINE_CHARACTERS + 1 - length)
        more = list[str]()
        while wanted > 0 and (text := next(self._texts, "")):
            more.append(text)
            wanted -= len(text)
            self._characters += len(text)
        self._text += "".join(more)
        return bool(more)


def _integer(digits: str) -> int | None:
    """A number; None for one that no field of a paper has, which Python refuses to read."""
    return int(digits) if len(digits) < 20 else None


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer)  # a stray tab in a text is no fault
