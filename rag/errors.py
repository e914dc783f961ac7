"""What can go wrong with a library, told in sentences that say what to do next.

RagError
├── ConfigError         a key or a value of config.yaml
├── ReadError           a file that cannot be read as papers
│   └── UnknownFormat     it is in no format that Footnote reads
├── QuestionError       an empty question, or one too long to be one
├── DraftError          a paper as somebody edited it; `.faults` says what is wrong where
├── EvaluationError     a set of questions or pairs that cannot be scored
├── IndexFailure        the vector index cannot be used; it can always be rebuilt
└── LibraryError        a data folder; `.path` names it
    ├── LibraryBusy       another Footnote owns it
    ├── LibraryDamaged    its database cannot be read
    ├── LibraryReadOnly   it cannot be written
    ├── LibraryFull       the disk is full
    └── EmbedderMismatch  its vectors were made by another embedder or chunking
"""

from __future__ import annotations

from pathlib import Path


class RagError(Exception):
    """The base of every error of `rag`; its message is fit for a user."""


class ConfigError(RagError):
    """A setting is unknown or has the wrong kind of value."""


class ReadError(RagError):
    """A file that cannot be read as papers."""

    def __init__(self, path: Path | str, message: str) -> None:
        super().__init__(message)
        self.path = Path(path)


class UnknownFormat(ReadError):
    """A file in no format that Footnote reads; in a folder or an archive, one to be passed over.

    `reason` leaves out the formats, which need not be said twice.
    """

    def __init__(self, path: Path | str, reason: str, formats: str = "") -> None:
        super().__init__(path, f"{reason} {formats}".rstrip())
        self.reason = reason


class QuestionError(RagError):
    """A question that cannot be asked."""


class DraftError(RagError):
    """What somebody wrote of a paper cannot be kept; `faults` has a sentence for each field."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class EvaluationError(RagError):
    """A set of questions or pairs that cannot be scored here."""


class IndexFailure(RagError):
    """The vector index failed; the papers are safe and `footnote rebuild` makes it anew."""


class LibraryError(RagError):
    """Something is wrong with a data folder."""

    def __init__(self, path: Path | str, message: str) -> None:
        super().__init__(message)
        self.path = Path(path)


class LibraryBusy(LibraryError):
    """Another process owns the data folder."""


class LibraryDamaged(LibraryError):
    """The database of the data folder cannot be read."""


class LibraryReadOnly(LibraryError):
    """The data folder cannot be written."""


class LibraryFull(LibraryError):
    """There is no room left on the disk of the data folder."""


class EmbedderMismatch(LibraryError):
    """The vectors of the library were made in another way than the configuration asks for."""
