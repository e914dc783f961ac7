"""Reading files in tests: their records, and what refuses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import ReadError
from rag.readers import read_records
from rag.types import BadRecord, Record


def good(path: Path) -> list[Record]:
    """The records of a file in which no record is bad."""
    found = list(read_records(path))
    assert not [r for r in found if isinstance(r, BadRecord)]
    return [r for r in found if isinstance(r, Record)]


def refusal(path: Path) -> str:
    """The one sentence, or two, that refuse a file."""
    with pytest.raises(ReadError) as error:
        list(read_records(path))
    assert error.value.path == path
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def until_error(path: Path) -> tuple[list[Record | BadRecord], str]:
    """What came before an error, and the error."""
    read: list[Record | BadRecord] = []
    try:
        for record in read_records(path):
            read.append(record)
    except ReadError as error:
        return read, str(error)
    raise AssertionError("the file was read to its end")
