"""A labelled set or an earlier run on disk -> its lines; what is wrong with it as a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources.abc import Traversable
from typing import TypeVar

from rag.errors import EvaluationError

_Made = TypeVar("_Made")


_REASONS: dict[type[Exception], str] = {
    UnicodeDecodeError: "it is no text in UTF-8; save it as such",
    FileNotFoundError: "there is no such file; check its name and folder",
    NotADirectoryError: "a part of that path is a file, not a folder; check it",
    IsADirectoryError: "it is a folder; name the file in it",
    PermissionError: "you may not; change its permissions",
}


def read_text(path: Traversable, what: str) -> str:
    """The text of a file; EvaluationError says why `what`, as in "the questions in", has none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = _REASONS.get(type(error), "the system refuses it; check its name and its disk")
        raise EvaluationError(f"Cannot read {what} {path}: {reason}.") from error


def read_lines(path: Traversable, what: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1; errors as in `read_text`."""
    # Not `splitlines`: it cuts at U+2028 and the like, which JSON allows inside a text.
    for number, line in enumerate(read_text(path, what).split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")


def read_objects(
    path: Traversable, what: str, wanted: str, make: Callable[[dict[str, object]], _Made]
) -> Iterator[tuple[int, _Made]]:
    """What `make` makes of the JSON object on each line, with the line's number.

    `make` says with a KeyError which key is missing and with a TypeError what is wrong with one;
    EvaluationError then names the line, and `wanted`: what it should have been.
    """
    for number, line in read_lines(path, what):
        try:
            item = json.loads(line)
            if not isinstance(item, dict):
                raise TypeError("it is no JSON object")
            made = make(item)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            why = "it is not JSON"
            if isinstance(error, KeyError):
                why = f"it has no {error.args[0]}"
            elif isinstance(error, TypeError):
                why = str(error)
            raise EvaluationError(f"{path}, line {number} is not {wanted} ({why}).") from error
        yield number, made
