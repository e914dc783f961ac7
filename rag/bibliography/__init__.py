"""Papers -> what a manuscript cites them by: BibTeX, RIS, CSL-JSON, CSV, formatted references."""

from rag.bibliography.bibtex import bibtex
from rag.bibliography.formats import Format, write
from rag.bibliography.references import (
    Style,
    reference,
    reference_in,
    references,
    who_and_what,
)
from rag.bibliography.ris import ris

__all__ = [
    "Format",
    "Style",
    "bibtex",
    "reference",
    "reference_in",
    "references",
    "ris",
    "who_and_what",
    "write",
]
