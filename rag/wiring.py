"""config -> real parts: the only composer, and the only module of `rag` that imports `models`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from rag.answer_json import dump_answer, load_answer
from rag.assistant import Assistant, Reply, clean_question, understand
from rag.config import Config, load_config
from rag.errors import LibraryError, RagError
from rag.folder import DATABASE, SETTINGS, FolderLock, make_writable
from rag.index import ChunkIndex
from rag.ingest import AddReport, Ingest, Progress
from rag.library import Library
from rag.no_model import NO_MODEL, NoModel
from rag.sample import EXAMPLE_QUESTIONS, SAMPLE_TAG, sample_records
from rag.search import Searcher
from rag.types import Answer, Checker, Embedder, Llm, Parts, Passage, Question, Turn
from rag.wordmatch import WordMatcher

_LONGEST_TITLE = 120  # characters of a question that name its conversation
_EXAMPLES = 4


def stay_offline() -> None:
    """Switch off every look-up and report of the libraries below; call before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["ANONYMIZED_TELEMETRY"] = "False"
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def settings_files(folder: Path, extra: Path | None = None) -> list[Path]:
    """The files that override the default settings of a library, the strongest last."""
    own = folder / SETTINGS
    return ([own] if own.is_file() else []) + ([extra] if extra else [])


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
            self.index.sync,
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
        self, question: str, turns: Sequence[Turn] = (), conversation: str | None = None
    ) -> Reply:
        """Begin to answer a question of a conversation; None begins a new one."""
        arrived = time.perf_counter()
        understand(question, turns, self.config.answer)  # refused before anything is loaded
        assistant = Assistant(
            self.searcher, self.llm, self.config, self._keep, self.parts, self.checker
        )
        return assistant.ask(question, turns, conversation, arrived)

    def ask_once(self, question: str, turns: Sequence[Turn] = (), *, keep: bool = True) -> Reply:
        """Answer a question outside of any conversation; `keep` keeps its record all the same."""
        arrived = time.perf_counter()
        understand(question, turns, self.config.answer)  # refused before anything is loaded
        assistant = Assistant(
            self.searcher,
            self.llm,
            self.config,
            (lambda answer, _: self._keep(answer, None)) if keep else (lambda answer, _: None),
            self.parts,
            self.checker,
        )
        return assistant.ask(question, turns, arrived=arrived)

    def summarize(
        self, topic: str, papers: int | None = None, conversation: str | None = None
    ) -> Reply:
        """Begin a summary of what the papers say about a topic.

        It is kept in the conversation; None keeps it outside of any.
        """
        arrived = time.perf_counter()
        clean_question(topic, self.config.answer.max_question_characters)
        assistant = Assistant(
            self.searcher,
            self.llm,
            self.config,
            lambda answer, _: self._keep(answer, conversation),
            self.parts,
            self.checker,
        )
        return assistant.summarize(
            topic, papers or self.config.summary.papers, conversation, arrived
        )

    def search(
        self, question: str, turns: Sequence[Turn] = (), count: int = 10
    ) -> tuple[Question, list[Passage]]:
        """The question as understood, and the best papers for it."""
        asked = understand(question, turns, self.config.answer)
        return asked, self.searcher.search(asked.standalone, count)

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
        own = [p for p in papers if SAMPLE_TAG not in p.tags]
        named = [p.title.split(":")[0] for p in own if 3 <= p.title.find(":") <= 30]
        questions = [f"What is {name} and what was found?" for name in named]
        questions += [f"What is known about {p.title.rstrip('.?!')}?" for p in own]
        step = max(1, len(named or questions) // _EXAMPLES)
        return tuple(questions[::step][:_EXAMPLES])

    def answers(self, conversation: str) -> list[Answer]:
        """The answers of an earlier conversation, oldest first, without any that cannot be read."""
        answers = []
        for record in self.library.answer_records(conversation):
            with suppress(ValueError):  # another version wrote it
                answers.append(load_answer(record))
        return answers

    def _keep(self, answer: Answer, conversation: str | None) -> None:
        self.library.save_answer(
            answer.id,
            dump_answer(answer),
            conversation=conversation,
            title=answer.question.text[:_LONGEST_TITLE],
        )

    def close(self) -> None:
        """End the model's process and let go of the folder."""
        self._closing = True
        for thread in self._background:
            thread.join()  # a process that ends while torch loads is aborted
        with self._starting:
            if self._llm is not None:
                self._llm.close()
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


def open_embedder(config: Config) -> Embedder:
    """The embedder that the settings name."""
    from models.catalog import Catalog
    from models.embedder import SentenceEmbedder

    model = Catalog.open().find(config.models.embedder, "embedder")
    return SentenceEmbedder.load(model.path, name=model.name, threads=config.models.threads)


def open_checker(config: Config) -> Checker | None:
    """The trained checker of sentences, if the settings wish for one; it loads at first use."""
    return _LateChecker() if config.models.checker == "packaged" else None


class _LateChecker:
    """The packaged checker, loaded when the first sentence is read: evidence does not wait.

    Where it cannot be loaded it leaves every sentence open, so that the rules decide alone.
    """

    def __init__(self) -> None:
        self.error: str | None = None
        self._loading = threading.Lock()
        self._loaded: Checker | None = None
        # A sentence is checked against what it cites, and once more against each source of it.
        self._judge_one = lru_cache(maxsize=256)(self._judge)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        if len(pairs) == 1:
            return self._judge_one((pairs[0],))
        return self._judge(tuple(pairs))

    def _judge(self, pairs: tuple[tuple[str, str], ...]) -> np.ndarray:
        from models.errors import ModelError

        with self._loading:
            if self._loaded is None and self.error is None:
                try:
                    self._loaded = _load_checker()
                except ModelError as error:
                    self.error = str(error)
        if self._loaded is None:
            return np.tile(np.array([0, 1, 0], dtype=np.float32), (len(pairs), 1))
        return self._loaded.judge(pairs)


def _load_checker() -> Checker:
    from models.catalog import Catalog
    from models.crossencoder import ADAPTER, BASE, CrossEncoder

    return CrossEncoder.load(Catalog.open().find(BASE, "embedder").path, ADAPTER)


def open_llm(config: Config) -> Llm:
    """The chat model that the settings name, in a process of its own that starts at first use.

    One that comes as an adapter is built first, where it is not there; that takes seconds.
    """
    if config.models.llm == NO_MODEL:
        return NoModel(config.models.context_tokens)
    from models.catalog import Catalog
    from models.process import LlmProcess

    model = Catalog.open().ready(config.models.llm)
    return LlmProcess(
        model.path,
        name=model.name,
        reads_quotations=model.reads_quotations,
        context_tokens=config.models.context_tokens,
        threads=config.models.threads,
        load_seconds=config.models.load_seconds,
    )
