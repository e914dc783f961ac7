"""One open library with everything a face needs."""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from weakref import WeakKeyDictionary

from rag.answer_json import dump_answer, load_answer
from rag.assistant import Assistant, Reply, clean_question, understand
from rag.config import Config, load_config
from rag.conversations import AnswerRecord
from rag.draft import Draft, as_record
from rag.errors import LibraryError, RagError
from rag.folder import DATABASE, SETTINGS, FolderLock, make_writable
from rag.index import ChunkIndex
from rag.ingest import AddReport, Ingest, Progress
from rag.library import Library
from rag.no_model import NO_MODEL
from rag.pace import Rates
from rag.sample import EXAMPLE_QUESTIONS, SAMPLE_TAG, sample_records
from rag.search import Searcher, similar_papers
from rag.types import (
    EVERYTHING,
    Answer,
    Checker,
    Embedder,
    Llm,
    Paper,
    Parts,
    Passage,
    Question,
    Scope,
    Turn,
)
from rag.wiring.choosing import choose_model, measure_model, save_model
from rag.wiring.parts import open_checker, open_embedder, open_llm
from rag.wordmatch import WordMatcher

if TYPE_CHECKING:
    from models.speed import Speed
    from models.stopping import Stopper

_LONGEST_TITLE = 120  # characters of a question that name its conversation
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that the library keeps, and the day it was written."""

    answer: Answer
    on: date


class Desk:
    """One open library with everything a face needs; parts that load slowly load when used."""

    def __init__(self, folder: Path, config: Config, lock: FolderLock, library: Library) -> None:
        self.folder = folder
        self.config = config
        self.library = library
        self.index = ChunkIndex(library, config.index.write_seconds)
        self._lock = lock
        self._loading = threading.RLock()
        self._starting = threading.RLock()  # the model is built while the embedder loads
        self._embedder: Embedder | None = None
        self._llm: Llm | None = None
        self._choosing = threading.Lock()  # held while another model is chosen
        self._users: Counter[Llm] = Counter()  # answers that work with a model
        self._retired: set[Llm] = set()  # models to be closed by the last of them
        self._rates: WeakKeyDictionary[Llm, Rates] = WeakKeyDictionary()  # of the last answers
        self.parts = Parts()  # an ablation switches some of them off
        self._closing = False
        self._background: list[threading.Thread] = []

    # -- parts

    @property
    def embedder(self) -> Embedder:
        with self._loading:
            if self._embedder is None:
                self._embedder = open_embedder(self.config)
            return self._embedder

    @property
    def llm(self) -> Llm:
        with self._starting:
            if self._closing:
                raise LibraryError(self.folder, "This library has been closed. Open it again.")
            if self._llm is None:
                self._llm = open_llm(self.config)
            return self._llm

    @cached_property
    def checker(self) -> Checker | None:
        """The trained checker of sentences; None where the rules decide alone."""
        return open_checker(self.config)

    @cached_property
    def ingest(self) -> Ingest:
        return Ingest(
            self.library,
            self.index,
            lambda: self.embedder,
            self.config.models.embedder,
            self.config.chunks.max_tokens,
        )

    @property
    def searcher(self) -> Searcher:
        self.ingest.require_same_embedding()
        return Searcher(self.library, self.index, self.embedder, self._matcher, self.config.search)

    @cached_property
    def _matcher(self) -> WordMatcher:
        return WordMatcher(self.embedder)

    def warm_up(self) -> None:
        """Load the models and mend the index in the background: the first answer is quick."""
        self.start_model()
        self._in_background(
            lambda: self.embedder.encode(["warm up"]),
            lambda: self.index.sync(cancelled=lambda: self._closing),
            lambda: self.checker and self.checker.judge([("warm", "up")]),
        )

    def start_model(self) -> None:
        """Load the chat model in the background, for instance while the embedder loads."""
        self._in_background(lambda: self.llm.count_tokens("warm up"))

    def _in_background(self, *steps: Callable[[], object]) -> None:
        def work() -> None:
            for step in steps:
                if not self._closing:
                    # The first question says what is wrong, where somebody reads it.
                    with suppress(Exception):
                        step()

        thread = threading.Thread(target=work, daemon=True)
        self._background.append(thread)
        thread.start()

    @contextmanager
    def ablated(self, config: Config, parts: Parts) -> Iterator[None]:
        """Search and answer with other settings and without some parts until the block ends.

        Library and models stay as they are, whatever the settings say of them.
        """
        before = self.config, self.parts
        self.config, self.parts = config, parts
        try:
            yield
        finally:
            self.config, self.parts = before

    @contextmanager
    def answering_with(self, llm: Llm) -> Iterator[None]:
        """Answer with another chat model until the block ends; who opened it closes it."""
        before, self._llm = self._llm, llm
        try:
            yield
        finally:
            self._llm = before

    def check(self) -> Iterator[tuple[str, str | None]]:
        """(part, what is wrong with it or None) for each part of the library and its models."""
        yield "database", "; ".join(self.library.quick_check()) or None
        state = self.index.state()
        yield "index", None if state in ("ready", "empty") else f"{state}: run 'footnote rebuild'"
        try:
            self.ingest.require_same_embedding()
            yield "vectors", None
        except RagError as error:
            yield "vectors", str(error)
        if self.checker is not None:
            self.checker.judge([("a source", "a sentence")])
            yield "checker", self.checker.error
        if self.config.models.llm == NO_MODEL:
            return
        try:
            self.llm.count_tokens("a word")
            yield "model", None
        except Exception as error:  # whatever a model may raise, its message is for the user
            yield "model", str(error)

    # -- what a person does

    def ask(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        conversation: str | None = None,
        scope: Scope = EVERYTHING,
    ) -> Reply:
        """Begin to answer a question of a conversation, from the papers in the scope.

        None begins a new conversation.
        """
        arrived = time.perf_counter()
        understand(question, turns, self.config.answer)  # refused before anything is loaded
        return self._assistant(self._keep).ask(question, turns, conversation, arrived, scope)

    def ask_once(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        scope: Scope = EVERYTHING,
        *,
        keep: bool = True,
    ) -> Reply:
        """Answer a question outside of any conversation; `keep` keeps its record all the same."""
        arrived = time.perf_counter()
        understand(question, turns, self.config.answer)  # refused before anything is loaded
        assistant = self._assistant(
            (lambda answer, _: self._keep(answer, None)) if keep else (lambda answer, _: None)
        )
        return assistant.ask(question, turns, arrived=arrived, scope=scope)

    def summarize(
        self,
        topic: str,
        papers: int | None = None,
        conversation: str | None = None,
        scope: Scope = EVERYTHING,
    ) -> Reply:
        """Begin a summary of what the papers in the scope say about a topic.

        It is kept in the conversation; None keeps it outside of any.
        """
        arrived = time.perf_counter()
        clean_question(topic, self.config.answer.max_question_characters)
        assistant = self._assistant(lambda answer, _: self._keep(answer, conversation))
        most = papers or self.config.summary.papers
        return assistant.summarize(topic, most, conversation, arrived, scope)

    def search(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        count: int = 10,
        scope: Scope = EVERYTHING,
    ) -> tuple[Question, list[Passage]]:
        """The question as understood, and the best papers in the scope for it."""
        asked = replace(understand(question, turns, self.config.answer), scope=scope)
        return asked, self.searcher.search(asked.standalone, count, scope)

    def similar(self, paper_id: str, count: int = 8) -> list[Paper]:
        """The papers nearest to a paper, nearest first; none when the library does not have it."""
        return similar_papers(self.library, self.index, paper_id, count)

    def add(
        self,
        paths: Sequence[Path],
        on_progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> AddReport:
        """Add the papers of files."""
        return self.ingest.add_files(paths, on_progress, cancelled)

    def bring_sample(self) -> int:
        """Add the sample library; return how many papers it has."""
        return self.ingest.add_records(sample_records(), "the sample library")

    def remove(self, paper_ids: Iterable[str]) -> int:
        """Remove papers; return how many there were."""
        ids = list(paper_ids)
        chunks = self.library.chunks_of(ids)
        removed = self.library.remove(ids)
        self.index.remove(chunks)
        return removed

    def edit(self, paper_id: str, draft: Draft) -> Paper:
        """Let a paper say what somebody wrote of it; its id stays.

        Raises DraftError with what is wrong field by field, RagError when the paper is gone.
        """
        paper = self.library.paper(paper_id)
        if paper is None:
            raise RagError("This paper is not in the library any more.")
        record = as_record(draft, paper, lambda r: self.library.find_same(r, but=paper_id))
        self.ingest.edit(paper, record)
        return self.library.paper(paper_id) or paper

    def remove_sample(self) -> int:
        return self.remove([p.id for p in self.library.tagged(SAMPLE_TAG)])

    def rebuild(
        self, embed: bool = False, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> None:
        """Make the index anew; with `embed`, chunks and vectors too."""
        if embed:
            self.ingest.embed_again(on_progress)
        else:
            self.index.rebuild(lambda done, total: on_progress(Progress(done, total, "indexing")))

    def example_questions(self) -> tuple[str, ...]:
        """Questions that this library can answer."""
        papers = self.library.papers(limit=400)
        if not papers:
            return ()
        if all(SAMPLE_TAG in p.tags for p in papers):
            return EXAMPLE_QUESTIONS[:_EXAMPLES]
        own = [p for p in papers if SAMPLE_TAG not in p.tags and p.abstract]
        named = [p.title.split(":")[0] for p in own if 3 <= p.title.find(":") <= 30]
        questions = [f"What is {name} and what was found?" for name in named]
        questions += [f"What is known about {p.title.rstrip('.?!')}?" for p in own]
        step = max(1, len(named or questions) // _EXAMPLES)
        examples = questions[::step][:_EXAMPLES]
        if any(SAMPLE_TAG in p.tags for p in papers):
            examples += EXAMPLE_QUESTIONS[: _EXAMPLES - len(examples)]
        return tuple(examples)

    def answers(self, conversation: str) -> list[Answer]:
        """The answers of an earlier conversation, oldest first, without any that cannot be read."""
        return [kept.answer for kept in self.kept_in(conversation)]

    def kept_in(self, conversation: str) -> list[Kept]:
        """The same, each with the day it was written."""
        return _readable(self.library.conversations.records(conversation))

    def kept(self, answer_id: str) -> Kept | None:
        """One answer of any conversation or of none; None when it is not there to be read."""
        record = self.library.conversations.record(answer_id)
        return next(iter(_readable([record] if record else [])), None)

    def use_model(self, name_or_path: str) -> str:
        """Answer with another model from the next question on; what it is called, or `none`.

        It is loaded, and saved in the library's settings, before it takes the place of the other;
        answers under way end with the model they began with, which is closed after the last one.
        Raises ModelError or RagError, and then nothing has changed.
        """
        from models.process import LlmProcess

        with self._choosing:
            setting, name = choose_model(name_or_path)
            if setting == self.config.models.llm:
                return name
            models = replace(self.config.models, llm=setting)
            llm = open_llm(replace(self.config, models=models))
            try:
                if isinstance(llm, LlmProcess):
                    llm.load()
                save_model(self.folder, setting)
            except BaseException:
                llm.close()
                raise
            with self._starting:
                old, self._llm = self._llm, llm
                self.config = replace(self.config, models=models)
                if old is not None:
                    self._retired.add(old)
                    self._close_retired()
            return name

    def measure_model(
        self,
        name_or_path: str,
        stopper: Stopper,
        on_progress: Callable[[int, bool], None] = lambda done, waits: None,
    ) -> Speed:
        """Have a model read and write for some seconds, and keep how fast it was.

        It waits while an answer is being written. Raises ModelError, also when it is stopped.
        """
        from models.process import LlmProcess

        with self._starting:
            answering = self._llm if isinstance(self._llm, LlmProcess) else None
            if answering is not None:
                self._users[answering] += 1
        try:
            return measure_model(name_or_path, self.config, stopper, answering, on_progress)[1]
        finally:
            if answering is not None:
                self._give_back(answering)

    def remove_model(self, name: str) -> Path:
        """Delete a pulled or built model; where it was. Raises ModelError for the one in use."""
        from models.catalog import Catalog

        with self._choosing:
            return Catalog.open().remove(name, self.config.models.llm)

    def _assistant(self, keep: Callable[[Answer, str], None]) -> Assistant:
        searcher = self.searcher
        with self._starting:
            assistant = Assistant(
                searcher, self.llm, self.config, keep, self.parts, self.checker, self._rates
            )
            self._lend(self.llm, assistant)
        return assistant

    def _lend(self, llm: Llm, user: object) -> None:
        """Keep a model open until `user`, which works with it, is no more."""
        self._users[llm] += 1
        # An answer that is given up in the middle has no end of its own, but this one.
        weakref.finalize(user, self._give_back, llm).atexit = False

    def _give_back(self, llm: Llm) -> None:
        with self._starting:
            self._users[llm] -= 1
            self._close_retired()

    def _close_retired(self) -> None:
        # In the middle of this the same thread may find another answer given up, and come here.
        for llm in list(self._retired):
            if not self._users[llm] and llm in self._retired:
                self._retired.discard(llm)
                llm.close()

    def _keep(self, answer: Answer, conversation: str | None) -> None:
        self.library.conversations.keep(
            answer.id,
            dump_answer(answer),
            conversation=conversation,
            title=answer.question.text[:_LONGEST_TITLE],
        )

    def close(self) -> None:
        """End the model's process and let go of the folder."""
        self._closing = True
        with self._starting:
            for llm in (self._llm, *self._retired):
                if llm is not None:
                    llm.close()  # ends its loading too
        for thread in self._background:
            thread.join()  # a process that ends while torch loads is aborted
        self.index.close()
        self.library.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


def _readable(records: Iterable[AnswerRecord]) -> list[Kept]:
    kept = []
    for record in records:
        with suppress(ValueError):  # another version wrote it
            kept.append(Kept(load_answer(record.json), date.fromtimestamp(record.asked)))
    return kept


def kept_answer(library: Library, answer_id: str | None) -> Kept | None:
    """An answer, or the newest one, for a bibliography: its papers as they are known now."""
    conversations = library.conversations
    record = conversations.record(answer_id) if answer_id else conversations.newest()
    for kept in _readable([record] if record else []):
        evidence = kept.answer.evidence
        sources = tuple(
            replace(source, paper=library.paper(source.paper.id) or source.paper)
            for source in evidence.sources
        )
        return replace(
            kept, answer=replace(kept.answer, evidence=replace(evidence, sources=sources))
        )
    return None


def open_desk(folder: Path, config: Config | None = None, *, holder: str = "footnote") -> Desk:
    """Open the library in a folder, making it when it is not there, and become its owner.

    Raises LibraryError (busy, damaged, read-only, full) and ConfigError.
    """
    make_writable(folder)
    config = config or load_config(*settings_files(folder))
    lock = FolderLock(folder, holder)
    try:
        return Desk(folder, config, lock, Library.open(folder))
    except BaseException:
        lock.close()
        raise


def open_to_read(folder: Path) -> Library:
    """The library in a folder, to look at only: needs no ownership and changes nothing."""
    if not (folder / DATABASE).is_file():
        raise LibraryError(
            folder,
            f"There is no library in {folder} yet. Make one with 'footnote add FILE', or name "
            "another folder with --library.",
        )
    return Library.open(folder, read_only=True)


def settings_files(folder: Path, extra: Path | None = None) -> list[Path]:
    """The files that override the default settings of a library, the strongest last."""
    own = folder / SETTINGS
    return ([own] if own.is_file() else []) + ([extra] if extra else [])


def status(library: Library, index: ChunkIndex, config: Config) -> dict[str, object]:
    """What a library holds and what it would answer with, as `footnote status --json` prints it."""
    counts = library.counts()
    return {
        "papers": counts.papers,
        "chunks": counts.chunks,
        "sentences": counts.sentences,
        "sample_papers": len(library.tagged(SAMPLE_TAG)),
        "embedder": config.models.embedder,
        "llm": config.models.llm,
        "index": index.state(),
        "path": str(library.folder),
    }
