"""Files -> records -> chunks, sentences -> vectors -> library -> index; resumable, idempotent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.chunks import make_chunks, split_sentences
from rag.errors import ConfigError, EmbedderMismatch, IndexFailure, LibraryError, ReadError
from rag.folder import require_space
from rag.identity import title_key
from rag.index import ChunkIndex
from rag.library import Library, NewPaper
from rag.readers import read_records
from rag.types import BadRecord, Embedder, Paper, Record

_LEAST_CHUNK = 32  # tokens; fewer hold no title and sentence
BATCH = 64  # papers in one transaction: large enough to embed well, small enough to lose little
# Raised when chunks or sentences are made differently, so that old vectors are not mixed with new.
CHUNKING_VERSION = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long work is."""

    done: int
    total: int
    stage: str  # "adding papers", "indexing"


@dataclass(slots=True)
class FileReport:
    """What came of one file; counted up while the file is read."""

    path: Path
    read: int = 0
    ids: list[str] = field(default_factory=list)  # of the papers that were added
    duplicates: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    error: str | None = None  # why the file could not be read, or not to its end

    @property
    def added(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class AddReport:
    """What came of adding files."""

    files: tuple[FileReport, ...] = ()
    stopped: bool = False
    index_error: str | None = None

    @property
    def read(self) -> int:
        return sum(f.read for f in self.files)

    @property
    def ids(self) -> list[str]:
        """Of the papers that were added: to remove them is to undo the adding."""
        return [paper_id for f in self.files for paper_id in f.ids]

    @property
    def added(self) -> int:
        return len(self.ids)

    @property
    def duplicates(self) -> int:
        return sum(f.duplicates for f in self.files)

    @property
    def bad(self) -> int:
        return sum(len(f.bad) for f in self.files)

    @property
    def failed(self) -> bool:
        """Whether anything did not go as asked; a few bad records in a file are no failure."""
        return (
            self.stopped
            or self.index_error is not None
            or any(f.error or 0 < f.read == len(f.bad) for f in self.files)
        )

    def to_json(self) -> dict[str, object]:
        """The report as `footnote add --json` prints it."""
        return {
            "read": self.read,
            "added": self.added,
            "duplicates": self.duplicates,
            "bad": self.bad,
            "stopped": self.stopped,
            "index_error": self.index_error,
            "files": [
                {
                    "path": _printable(str(f.path)),
                    "read": f.read,
                    "added": f.added,
                    "duplicates": f.duplicates,
                    "bad": [{"line": b.line, "reason": b.reason} for b in f.bad],
                    "error": f.error,
                }
                for f in self.files
            ],
        }

    def sentence(self) -> str:
        """What was read, added and skipped, for a person."""
        parts = [f"{_count(self.added, 'paper')} added"]
        if self.duplicates:
            parts.append(f"{self.duplicates:,} already there or repeated")
        if self.bad:
            parts.append(f"{self.bad:,} skipped as unusable")
        return f"Read {_count(self.read, 'record')}: {', '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _no_progress(_: Progress) -> None:
    pass


def _never() -> bool:
    return False


def embedding(embedder: str, max_tokens: int) -> str:
    """How vectors are made, in one line: those of another line are not to be mixed with them."""
    return f"{embedder} / {max_tokens} / {CHUNKING_VERSION}"


@dataclass(slots=True)
class Ingest:
    """Adds papers to one library; the embedder is only made when there is something new."""

    library: Library
    index: ChunkIndex
    embedder: Callable[[], Embedder]
    embedder_name: str
    max_tokens: int
    _fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        self._fingerprint = embedding(self.embedder_name, self.max_tokens)

    def require_same_embedding(self) -> None:
        """EmbedderMismatch unless the library's vectors were made the way they would be now."""
        made_by = self.library.get_meta("embedding")
        if made_by not in (None, self._fingerprint):
            raise EmbedderMismatch(
                self.library.folder,
                f"The library's vectors were made with {made_by} (embedder / tokens a chunk / "
                f"chunking version), but the settings ask for {self._fingerprint}. Run "
                "'footnote rebuild --embed' to make them anew, or set models.embedder and "
                "chunks.max_tokens back.",
            )

    def add_files(
        self,
        paths: Sequence[Path],
        on_progress: Callable[[Progress], None] = _no_progress,
        cancelled: Callable[[], bool] = _never,
    ) -> AddReport:
        """Add every paper of these files that the library does not have yet.

        A file that cannot be read is reported and does not stop the others. Ctrl-C, or `cancelled`,
        ends the work between two batches; what was added stays. Raises LibraryError.
        """
        self.require_same_embedding()
        tally = _Tally(paths, on_progress)
        stopped = False
        index_error: str | None = None
        try:
            for path in paths:
                tally.start(path)
                self._add_file(path, tally, cancelled)
                if cancelled():
                    stopped = True
                    break
            index_error = None if stopped else self._sync(on_progress)
        except KeyboardInterrupt:
            stopped = True
        return AddReport(tuple(tally.reports), stopped, index_error)

    def add_records(
        self,
        records: Sequence[Record],
        source: str,
        on_progress: Callable[[Progress], None] = _no_progress,
    ) -> int:
        """Add records that do not come from a file; return how many were new."""
        self.require_same_embedding()
        new = [r for r in records if self.library.find_same(r) is None]
        added, done = 0, 0
        for batch in _batches(new):
            added += len(self._store(batch, source))
            done += len(batch)
            on_progress(Progress(done, len(new), "adding papers"))
        error = self._sync(on_progress)
        if error:
            raise IndexFailure(error)
        return added

    def edit(self, paper: Paper, record: Record) -> None:
        """Let a paper of the library say what the record says, and the index follow.

        Raises LibraryError; IndexFailure when only the index could not follow.
        """
        parts: NewPaper | None = None
        if (record.title, record.abstract) != (paper.title, paper.abstract):
            self.require_same_embedding()
            (parts,) = self._prepare([record], "")
        old = self.library.chunks_of([paper.id]) if parts else []
        self.library.edit(paper.id, record, parts)
        if parts:
            self.index.remove(old)
            self.index.sync()

    def _add_file(self, path: Path, tally: _Tally, cancelled: Callable[[], bool]) -> None:
        pending: dict[str, Record] = {}

        def store() -> None:
            if pending:
                tally.stored(
                    self._store(list(pending.values()), _printable(path.name)), len(pending)
                )
                pending.clear()

        try:
            for record in read_records(path):
                if isinstance(record, BadRecord):
                    tally.bad(record)
                    continue
                key = title_key(record.title)
                if key in pending:  # let the library decide whether they are the same
                    store()
                if self.library.find_same(record) is None:
                    pending[key] = record
                else:
                    tally.stored([], 1)
                if len(pending) >= BATCH:
                    store()
                    if cancelled():
                        return
        except ReadError as error:
            tally.failed(str(error))
        store()

    def _store(self, records: Sequence[Record], source: str) -> list[str]:
        require_space(self.library.folder)
        papers = self._prepare(records, source)
        if self.library.get_meta("embedding") is None:
            self.library.set_meta(embedding=self._fingerprint)
        return self.library.add(papers)

    def _prepare(self, records: Sequence[Record], source: str) -> list[NewPaper]:
        """Cut and embed: one call of the embedder a batch, since it sorts by length itself."""
        embedder = self.embedder()
        if not _LEAST_CHUNK <= self.max_tokens <= embedder.max_tokens:
            raise ConfigError(
                f"chunks.max_tokens is {self.max_tokens}, but must be from {_LEAST_CHUNK} to "
                f"{embedder.max_tokens}, which is what {embedder.name} reads."
            )
        sentences = [tuple(split_sentences(r.abstract)) for r in records]
        chunks = [
            tuple(make_chunks(r.title, r.abstract, s, embedder.count_tokens, self.max_tokens))
            for r, s in zip(records, sentences, strict=True)
        ]
        texts = [c.text for cs in chunks for c in cs]
        texts += [
            r.abstract[s.start : s.end]
            for r, ss in zip(records, sentences, strict=True)
            for s in ss
        ]
        vectors = embedder.encode(texts)
        next_chunk, next_sentence = 0, sum(map(len, chunks))
        papers = []
        for record, cs, ss in zip(records, chunks, sentences, strict=True):
            papers.append(
                NewPaper(
                    record, source,
                    cs, vectors[next_chunk : next_chunk + len(cs)],
                    ss, vectors[next_sentence : next_sentence + len(ss)],
                )
            )  # fmt: skip
            next_chunk += len(cs)
            next_sentence += len(ss)
        return papers

    def _sync(self, on_progress: Callable[[Progress], None]) -> str | None:
        try:
            self.index.sync(lambda done, total: on_progress(Progress(done, total, "indexing")))
        except (IndexFailure, LibraryError) as error:
            return str(error)
        return None

    def embed_again(self, on_progress: Callable[[Progress], None] = _no_progress) -> int:
        """Cut and embed every paper of the library as the settings say now; return how many.

        Interrupted, it leaves a library that says it must be run again.
        """
        total = self.library.counts().papers
        self.library.set_meta(embedding="an unfinished 'footnote rebuild --embed'")
        done = 0
        while papers := self.library.papers(limit=BATCH, offset=done):
            records = [Record(p.title, p.abstract) for p in papers]
            prepared = self._prepare(records, "")
            self.library.replace_parts({p.id: n for p, n in zip(papers, prepared, strict=True)})
            done += len(papers)
            on_progress(Progress(done, total, "embedding"))
        self.library.set_meta(embedding=self._fingerprint)
        self.index.rebuild(lambda done, total: on_progress(Progress(done, total, "indexing")))
        return total


class _Tally:
    """Counts file by file, and tells the progress."""

    def __init__(self, paths: Sequence[Path], on_progress: Callable[[Progress], None]) -> None:
        self._paths = paths
        self._on_progress = on_progress
        self._total: int | None = None  # records of all files; counted when it begins to matter
        self._done = 0
        self.reports: list[FileReport] = []

    def start(self, path: Path) -> None:
        self.reports.append(FileReport(path))

    def bad(self, record: BadRecord) -> None:
        report = self.reports[-1]
        report.read += 1
        report.bad.append(record)
        self._advance(1)

    def stored(self, new: list[str], of: int) -> None:
        report = self.reports[-1]
        report.read += of
        report.ids += new
        report.duplicates += of - len(new)
        if new and self._total is None:
            self._total = sum(map(_count_records, self._paths))
        self._advance(of)

    def failed(self, error: str) -> None:
        self.reports[-1].error = error

    def _advance(self, by: int) -> None:
        self._done += by
        if self._total is not None:
            self._on_progress(Progress(min(self._done, self._total), self._total, "adding papers"))


def _count_records(path: Path) -> int:
    """How many records a file holds, for the progress bar; what is wrong with it is told later."""
    try:
        return sum(1 for _ in read_records(path))
    except ReadError:
        return 0


def _printable(name: str) -> str:
    """A file name as text: a name that is not UTF-8 could not be stored."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), BATCH):
        yield records[start : start + BATCH]
