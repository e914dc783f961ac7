"""The formats in which papers are taken out of the library; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum

from rag.bibliography.bibtex import bibtex
from rag.bibliography.csl_json import csl_json
from rag.bibliography.markdown import markdown
from rag.bibliography.references import Style, references
from rag.bibliography.ris import ris
from rag.bibliography.table import csv_table
from rag.readers.jsonl import json_line
from rag.types import Paper


class Format(StrEnum):
    """A format, by the name that a person gives it."""

    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"
    CSV = "csv"
    MARKDOWN = "markdown"
    JSON_LINES = "jsonl"  # the one that loses nothing
    APA = "apa"
    IEEE = "ieee"
    NATURE = "nature"
    VANCOUVER = "vancouver"

    @property
    def ending(self) -> str:
        """What names of its files end with, without the first dot."""
        return f"{self}.txt" if self.style else _FILES[self][0]

    @property
    def media_type(self) -> str:
        return "text/plain" if self.style else _FILES[self][1]

    @property
    def label(self) -> str:
        """What it is called where a person chooses one."""
        return _STYLES[self.style] if self.style else _FILES[self][2]

    @property
    def style(self) -> Style | None:
        """The style of formatted references; None for a format of data."""
        return next((style for style in Style if style.value == self.value), None)

    @classmethod
    def of_file(cls, name: str) -> Format | None:
        """The format that a file's name ends like; None where it tells none."""
        return next((f for f in cls if name.lower().endswith(f".{f.ending}")), None)


# Ending, media type and label.
_FILES = {
    Format.BIBTEX: ("bib", "application/x-bibtex", "BibTeX"),
    Format.RIS: ("ris", "application/x-research-info-systems", "RIS"),
    Format.CSL_JSON: ("json", "application/vnd.citationstyles.csl+json", "CSL-JSON"),
    Format.CSV: ("csv", "text/csv", "CSV"),
    Format.MARKDOWN: ("md", "text/markdown", "Markdown"),
    Format.JSON_LINES: ("jsonl", "application/jsonl", "JSON Lines"),
}
_WRITERS: dict[Format, Callable[[Sequence[Paper]], str]] = {
    Format.BIBTEX: bibtex,
    Format.RIS: ris,
    Format.CSL_JSON: csl_json,
    Format.CSV: csv_table,
    Format.MARKDOWN: markdown,
}
_STYLES = {
    Style.APA: "APA",
    Style.IEEE: "IEEE",
    Style.NATURE: "Nature",
    Style.VANCOUVER: "Vancouver",
}


def write(papers: Iterable[Paper], format: Format) -> Iterator[str]:
    """The text of a file in this format, in pieces.

    JSON Lines and numbered references hold one paper in memory, the others hold all of them.
    """
    if format.style:
        return (f"{line}\n" for line in references(papers, format.style))
    if format is Format.JSON_LINES:
        return map(json_line, papers)
    return iter([_WRITERS[format](list(papers))])
