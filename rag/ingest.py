"""Files -> records -> chunks, sentences -> vectors -> library -> index; resumable, idempotent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from itertools import chain
from pathlib import Path

from rag.chunks import make_chunks, split_sentences
from rag.errors import (
    ConfigError,
    EmbedderMismatch,
    IndexFailure,
    LibraryError,
    RagError,
    ReadError,
    UnknownFormat,
)
from rag.folder import require_space
from rag.identity import identities
from rag.index import ChunkIndex
from rag.library import Change, Library, NewPaper
from rag.merging import as_record, folded, merged, no_tag, same_one
from rag.readers import FoundFile, count_records, files_in, records
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

    path: Path  # on disk: of an archive, for its members
    name: str  # as a message calls it
    read: int = 0
    ids: list[str] = field(default_factory=list)  # of the papers that were added
    updated: list[str] = field(default_factory=list)  # for each record that told more, the id
    duplicates: int = 0
    without_abstract: int = 0  # records of papers that still have none: for citing alone
    bad: list[BadRecord] = field(default_factory=list)
    error: str | None = None  # why the file could not be read, or not to its end
    skipped: str | None = None  # why nobody expected it to be read

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
    def updated(self) -> int:
        return sum(len(f.updated) for f in self.files)

    @property
    def duplicates(self) -> int:
        return sum(f.duplicates for f in self.files)

    @property
    def without_abstract(self) -> int:
        return sum(f.without_abstract for f in self.files)

    @property
    def bad(self) -> int:
        return sum(len(f.bad) for f in self.files)

    @property
    def skipped(self) -> int:
        """Files of folders and archives that hold no papers."""
        return sum(f.skipped is not None for f in self.files)

    @property
    def failed(self) -> bool:
        """Whether anything did not go as asked; a few bad records in a file are no failure."""
        return (
            self.stopped
            or self.index_error is not None
            or any(f.error or 0 < f.read == len(f.bad) for f in self.files)
        )

    def to_json(self) -> dict[str, object]:
        """The report as `footnote add --json` prints it and `--report` keeps it."""
        return {
            "read": self.read,
            "added": self.added,
            "updated": self.updated,
            "duplicates": self.duplicates,
            "without_abstract": self.without_abstract,
            "bad": self.bad,
            "stopped": self.stopped,
            "index_error": self.index_error,
            "files": [
                {
                    "path": printable(str(f.path)),
                    "name": f.name,
                    "read": f.read,
                    "added": f.added,
                    "added_ids": f.ids,
                    "updated": len(f.updated),
                    "updated_ids": f.updated,
                    "duplicates": f.duplicates,
                    "without_abstract": f.without_abstract,
                    "bad": [{"line": b.line, "reason": b.reason} for b in f.bad],
                    "error": f.error,
                    "skipped": f.skipped,
                }
                for f in self.files
            ],
        }

    def sentence(self) -> str:
        """What was read, added and skipped, for a person."""
        parts = [f"{_count(self.added, 'paper')} added"]
        if self.updated:
            parts.append(f"{self.updated:,} updated")
        if self.duplicates:
            parts.append(f"{self.duplicates:,} already there or repeated")
        if self.bad:
            parts.append(f"{self.bad:,} skipped as unusable")
        unread = sum(f.error is not None for f in self.files)
        more = f" {_count(unread, 'file')} could not be read." if unread else ""
        return f"Read {_count(self.read, 'record')}: {', '.join(parts)}.{more}"


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
        """Add every paper of these files, folders and archives, and update those that are there.

        A file that cannot be read is reported and does not stop the others. Ctrl-C, or `cancelled`,
        ends the work between two batches; what was added stays. Raises LibraryError.
        """
        self.require_same_embedding()
        tally = _Tally(paths, on_progress)
        stopped = False
        index_error: str | None = None
        try:
            for file in chain.from_iterable(map(files_in, paths)):
                tally.start(file)
                self._add_file(file, tally, cancelled)
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
        self.require_same_embedding()
        texts = {f.name: getattr(record, f.name) for f in fields(record) if f.name != "line"}
        became = replace(paper, **texts)
        settles = {name for name, value in texts.items() if value != getattr(paper, name)}
        settles |= {no_tag(tag) for tag in paper.tags if tag not in record.tags}
        if not self._update([self._change(paper, became, frozenset(settles))]):
            raise RagError("This paper is not in the library any more.")
        self.index.sync()

    def _add_file(self, file: FoundFile, tally: _Tally, cancelled: Callable[[], bool]) -> None:
        batch = _Batch()

        def store() -> None:
            tally.stored(self._store(batch.new, file.source), len(batch.new))
            with suppress(IndexFailure):  # it is made anew when all is added
                self._update([d.change for d in batch.described if d.change is not None])
            news = [d.paper_id for d in batch.described if d.is_news]
            tally.updated(news, len(batch.described))
            batch.clear()

        try:
            for record in records(file):
                if isinstance(record, BadRecord):
                    tally.bad(record)
                    continue
                if batch.may_hold(record):  # let the library decide whether they are the same
                    store()
                same = self.library.find_all_same(record)
                if same:
                    batch.described.append(self._described(same, record, file.source))
                else:
                    batch.new.append(record)
                if not (record.abstract or any(paper.abstract for paper in same)):
                    tally.without_abstract()
                batch.remember(record, *same)
                if batch.is_full:
                    store()
                    if cancelled():
                        return
        except ReadError as error:
            is_skipped = isinstance(error, UnknownFormat) and not file.is_named
            tally.failed(error, is_skipped=is_skipped)
        store()

    def _described(self, same: Sequence[Paper], record: Record, source: str) -> _Described:
        """What one more description makes of the papers that it is of."""
        paper, *others = same_one(record, same)
        settled = self.library.settled(paper.id)
        known = [(other, self.library.settled(other.id)) for other in others]
        whole, settled = folded(paper, known, settled)
        became = merged(whole, record, settled)
        ids = (paper.id, *(other.id for other in others))
        if became.key and not self.library.is_key_free(became.key, *ids):
            became = replace(became, key=paper.key)
        is_news = bool(others) or became != paper
        became = replace(became, sources=tuple(sorted({*became.sources, source})))
        if became == paper and not others:
            return _Described(paper.id, None, is_news)
        settled |= frozenset({"key"} if became.key == record.key else ())
        change = self._change(paper, became, settled)
        change = replace(change, absorbed=ids[1:])
        return _Described(paper.id, change, is_news)

    def _change(self, paper: Paper, became: Paper, settles: frozenset[str]) -> Change:
        """With other chunks where the texts have changed."""
        is_reworded = (paper.title, paper.abstract) != (became.title, became.abstract)
        parts = self._prepare([as_record(became)], "")[0] if is_reworded else None
        return Change(became, paper, parts, settles=settles)

    def _update(self, changes: Sequence[Change]) -> list[str]:
        if not changes:
            return []
        require_space(self.library.folder)
        stale = [change.paper.id for change in changes if change.parts is not None]
        stale += [paper_id for change in changes for paper_id in change.absorbed]
        chunks = self.library.chunks_of(stale)
        updated = self.library.update(changes)
        kept = set(self.library.chunks_of(stale))  # of a paper that was edited meanwhile
        self.index.remove([chunk for chunk in chunks if chunk not in kept])
        return updated

    def _store(self, records: Sequence[Record], source: str) -> list[str]:
        if not records:
            return []
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


@dataclass(frozen=True, slots=True)
class _Described:
    """A record of a paper that the library has."""

    paper_id: str
    change: Change | None  # None where the paper stays what it is
    is_news: bool  # it says more of the paper than that one more file describes it


class _Batch:
    """What one transaction will store: new papers, and papers that have changed."""

    def __init__(self) -> None:
        self.new: list[Record] = []
        self.described: list[_Described] = []
        self._identities: set[str] = set()

    @property
    def is_full(self) -> bool:
        return len(self.new) + len(self.described) >= BATCH

    def may_hold(self, record: Record) -> bool:
        return not self._identities.isdisjoint(_told(record))

    def remember(self, *described: Record | Paper) -> None:
        for one in described:
            self._identities.update(_told(one))

    def clear(self) -> None:
        self.new, self.described = [], []
        self._identities = set()


def _told(one: Record | Paper) -> list[str]:
    """What no two papers share."""
    return [*identities(one), *([f"key:{one.key}"] if one.key else [])]


class _Tally:
    """Counts file by file, and tells the progress."""

    def __init__(self, paths: Sequence[Path], on_progress: Callable[[Progress], None]) -> None:
        self._paths = paths
        self._on_progress = on_progress
        self._total: int | None = None  # records of all files; counted when it begins to matter
        self._done = 0
        self._has_told_formats = False  # once is enough, of however many files in no known one
        self.reports: list[FileReport] = []

    def start(self, file: FoundFile) -> None:
        self.reports.append(FileReport(file.path, file.name))

    def bad(self, record: BadRecord) -> None:
        report = self.reports[-1]
        report.read += 1
        report.bad.append(record)
        self._advance(1)

    def without_abstract(self) -> None:
        self.reports[-1].without_abstract += 1

    def stored(self, new: list[str], of: int) -> None:
        report = self.reports[-1]
        report.read += of
        report.ids += new
        report.duplicates += of - len(new)
        self._advance(of, counts=bool(new))

    def updated(self, ids: list[str], of: int) -> None:
        report = self.reports[-1]
        report.read += of
        report.updated += ids
        report.duplicates += of - len(ids)
        self._advance(of)

    def failed(self, error: ReadError, *, is_skipped: bool) -> None:
        report = self.reports[-1]
        told = str(error)
        if isinstance(error, UnknownFormat):
            if is_skipped or self._has_told_formats:
                told = error.reason
            else:
                self._has_told_formats = True
        if is_skipped:
            report.skipped = told
        else:
            report.error = told

    def _advance(self, by: int, counts: bool = False) -> None:
        if counts and self._total is None:
            files = chain.from_iterable(map(files_in, self._paths))
            self._total = sum(map(count_records, files))
        self._done += by
        if self._total is not None:
            self._on_progress(Progress(min(self._done, self._total), self._total, "adding papers"))


def printable(name: str) -> str:
    """A file name as text: a name that is not UTF-8 could not be stored."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    for start in range(0, len(records), BATCH):
        yield records[start : start + BATCH]
