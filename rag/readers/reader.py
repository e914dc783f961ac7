"""What a format is to the rest: how a file of it is told, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.readers.source import Head, Source
from rag.types import BadRecord, Record


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. A file is given to the first reader that recognises its beginning."""

    name: str  # as a message calls it: "BibTeX"
    recognises: Callable[[Head], bool]
    # Raises ReadError for what makes the rest of the file unreadable; records before it are good.
    read: Callable[[Source], Iterator[Record | BadRecord]]
    is_single: bool = False  # a file of it holds one paper, and takes a while to read
