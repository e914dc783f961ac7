"""Killed at any moment, nothing that was acknowledged is lost, doubled or half there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from rag.config import load_config
from rag.errors import LibraryError
from rag.folder import DATABASE, FolderLock
from rag.library import Library
from rag.search import Searcher
from rag.wordmatch import WordMatcher
from tests.rag.changes import RECORDS
from tests.rag.conftest import ROOT
from tests.rag.corpus import HashEmbedder, make_ingest, many_records, write_jsonl

EXPECTED_TEXTS = {title: f"{title}\n{record.abstract}" for title, record in RECORDS.items()}


@dataclass
class Log:
    """What a library was acknowledged to hold."""

    acknowledged: set[str] = field(default_factory=set)
    in_flight: tuple[str, set[str]] = ("", set())  # the step that was at work, and its papers

    def read(self, path: Path) -> None:
        """Follow one run of the program, which may have been killed in the middle of a line."""
        self.in_flight = ("start", set())
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            told = json.loads(line)
            step, titles = told["step"], set(told["titles"])
            if not told["done"]:
                self.in_flight = (step, titles)
                continue
            self.in_flight = ("between", set())
            if step == "add":
                self.acknowledged |= titles
            elif step == "remove":
                self.acknowledged -= titles

    def settle(self, there: set[str]) -> None:
        """What was at work is done as a whole or not at all; nothing else may differ."""
        step, titles = self.in_flight
        done = {"add": self.acknowledged | titles, "remove": self.acknowledged - titles}
        assert there in (self.acknowledged, done.get(step)), (
            f"lost {sorted(self.acknowledged - there)[:5]}, "
            f"unknown {sorted(there - self.acknowledged)[:5]}, during {step} {sorted(titles)}"
        )
        self.acknowledged = there


def check_papers(library: Library, log: Log) -> None:
    """Every acknowledged paper is there once, with its chunks, sentences and their vectors."""
    assert library.quick_check() == []
    titles = [paper.title for paper in library.papers(limit=-1)]
    assert len(titles) == len(set(titles)), "doubled"
    log.settle(set(titles))
    embedder = HashEmbedder()
    rows = library._db.rows("SELECT pk, title FROM papers")
    keys = [row["pk"] for row in rows]
    owners, vectors = library.chunk_vectors_of(keys)
    assert Counter(owners) == Counter(keys), "not one chunk for each paper"
    of_paper = dict(zip(owners, vectors, strict=True))
    stored = library.stored(keys)
    for row in rows:
        record, found = RECORDS[row["title"]], stored[row["pk"]]
        assert found.paper.abstract == record.abstract
        sentences = [s.text for s in found.sentences]
        assert " ".join(sentences) == record.abstract, "sentences are missing"
        texts = [EXPECTED_TEXTS[row["title"]], *sentences]
        given = np.vstack([of_paper[row["pk"]], found.vectors])
        assert np.allclose(given, embedder.encode(texts), atol=1e-3), "other vectors"
    counts = library.counts()
    assert counts.sentences == sum(len(s.sentences) for s in stored.values()), "orphans"
    assert counts.chunks == len(keys), "orphans"


def check_search(library: Library, log: Log, chance: random.Random, mend: bool) -> None:
    """Questions are answered at once and truly; `mend` brings the index up to date as well."""
    ingest, embedder = make_ingest(library), HashEmbedder()
    searcher = Searcher(
        library, ingest.index, embedder, WordMatcher(embedder), load_config().search
    )
    gone = set(RECORDS) - log.acknowledged
    for title in chance.sample(sorted(log.acknowledged), min(3, len(log.acknowledged))):
        passages = searcher.search(EXPECTED_TEXTS[title], 10)
        assert passages[0].paper.title == title
        assert not gone.intersection(p.paper.title for p in passages)
    if mend:
        ingest.index.sync()
        assert ingest.index.state() in ("ready", "empty")
        keys, vectors = library.chunk_vectors()
        for row in chance.sample(range(len(keys)), min(3, len(keys))):
            found = [k for k, _ in ingest.index.nearest(vectors[row], 100)]
            assert keys[row] in library.papers_of_chunks(found)
    ingest.index.close()


def kill_often(folder: Path, kills: int) -> Counter[str]:
    """How many times each step was at work when it was killed."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, log, moments = random.Random(seed), Log(), Counter[str]()
    printed = folder.parent / "printed"
    for number in range(kills):
        with printed.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.rag.changes", str(folder), str(number + seed)],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        if number % 5:  # every fifth may die while it starts
            wait_until(lambda: printed.stat().st_size > 0, process)
        time.sleep(chance.uniform(0, 1.5))
        kill_group(process)
        log.read(printed)
        moments[log.in_flight[0]] += 1
        with FolderLock(folder, "test"), Library.open(folder) as library:
            check_papers(library, log)
            check_search(library, log, chance, mend=chance.random() < 0.3)
    print(dict(moments))
    assert log.acknowledged, "nothing was ever acknowledged"
    return moments


def wait_until(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    assert process.poll() is None, process.stderr and process.stderr.read().decode()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "library"
    place.mkdir()
    return place


def test_kills_lose_nothing(folder: Path) -> None:
    """While papers are added and removed, and while the index is written and rebuilt."""
    kill_often(folder, 20)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_many_kills_lose_nothing(folder: Path) -> None:
    """The same, many more times on one library."""
    assert set(kill_often(folder, 2000)) > {"add", "remove", "forget", "sync", "rebuild"}


FAULTS = {
    "a lost paper": "DELETE FROM papers WHERE pk = 3",
    "a doubled paper": (
        "INSERT INTO papers (id, title_key, title, abstract, authors, is_note)"
        " SELECT 'x', title_key, title, abstract, authors, is_note FROM papers WHERE pk = 3"
    ),
    "a lost chunk": "DELETE FROM chunks WHERE paper = 3",
    "a doubled chunk": (
        "INSERT INTO chunks (paper, ordinal, start, end, vector)"
        " SELECT paper, ordinal, start, end, vector FROM chunks WHERE paper = 3"
    ),
    "a lost sentence": "DELETE FROM sentences WHERE paper = 3 AND ordinal = 1",
    "a sentence of no paper": (
        "INSERT INTO sentences SELECT 999, ordinal, start, end, vector FROM sentences"
        " WHERE paper = 3"
    ),
    "another's vector": (
        "UPDATE chunks SET vector = (SELECT vector FROM chunks WHERE paper = 4) WHERE paper = 3"
    ),
    "another abstract": "UPDATE papers SET abstract = 'Something else.' WHERE pk = 3",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_noticed(folder: Path, fault: str) -> None:
    """What is looked for after each kill is found when it is there."""
    titles = list(RECORDS)[:6]
    with Library.open(folder) as library:
        library.add(make_ingest(library)._prepare([RECORDS[t] for t in titles], "x"))
        check_papers(library, Log(set(titles)))
        library._db.rows("PRAGMA foreign_keys=OFF")
        library._db.rows(FAULTS[fault])
        with pytest.raises((AssertionError, LibraryError, KeyError)):
            check_papers(library, Log(set(titles)))


def test_half_a_step_is_noticed(tmp_path: Path) -> None:
    """A batch at work is there as a whole or not at all."""
    printed = tmp_path / "printed"
    printed.write_text(
        '{"step": "add", "titles": ["a", "b"], "done": false}\n'
        '{"step": "add", "titles": ["a", "b"], "done": true}\n'
        '{"step": "remove", "titles": ["a", "b"], "done": false}\n'
        '{"step": "remove", "tit'
    )
    for there in ({"a", "b"}, set()):
        log = Log()
        log.read(printed)
        log.settle(there)
    log = Log()
    log.read(printed)
    with pytest.raises(AssertionError, match="lost"):
        log.settle({"a"})


def test_killed_command_goes_on_where_it_was(tmp_path: Path) -> None:
    """`footnote add` with the real embedder, killed in its middle and started again."""
    records = many_records(260)
    file, folder = write_jsonl(tmp_path / "papers.jsonl", records), tmp_path / "library"
    command = [sys.executable, "-m", "ui.cli", "add", str(file), "--library", str(folder)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    seen: list[str] = []

    def some_are_acknowledged() -> bool:
        seen[:] = titles_in(folder)
        return bool(seen)

    wait_until(some_are_acknowledged, process)
    kill_group(process)
    assert len(seen) < len(records), "it was killed too late to show anything"
    kept = titles_in(folder)
    assert kept[: len(seen)] == seen
    done = subprocess.run(
        [*command, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["read"] == len(records)
    assert report["duplicates"] == len(kept)
    assert report["added"] == len(records) - len(kept)
    assert titles_in(folder) == [r.title for r in records]
    with Library.open(folder, read_only=True) as library:
        assert make_ingest(library).index.state() == "ready"
        assert library.count_chunks() == len(records)


def titles_in(folder: Path) -> list[str]:
    """Titles in the order they were added; none while the library is not there yet."""
    if not (folder / DATABASE).is_file():
        return []
    try:
        with Library.open(folder, read_only=True) as library:
            return [paper.title for paper in library.papers(limit=-1)]
    except LibraryError:
        return []
