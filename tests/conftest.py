"""What all tests share: a command line in a process of its own, and papers written by us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

# Written for these tests; they describe no real paper.
PAPERS = [
    {
        "title": "Lantern: Sparse Attention for Reading Long Contracts",
        "authors": ["Ada Quill", "Ben Marsh"],
        "year": 2021,
        "abstract": (
            "Long contracts exceed what a transformer encoder can read at once. We present "
            "Lantern, a sparse attention pattern that follows the clause structure of a "
            "contract. On a set of 412 leases, Lantern finds 91.5% of the termination clauses, "
            "against 78.2% for a sliding window. It needs 3.4 times less memory than full "
            "attention. The gain vanishes for contracts without numbered clauses."
        ),
    },
    {
        "title": "Tidepool: A Benchmark for Marine Species Names",
        "authors": ["Cora Finch"],
        "year": 2019,
        "abstract": (
            "Names of marine species are written in many ways. Tidepool is a benchmark of 12,000 "
            "mentions of 1,950 species, drawn from field notes. Character models link 83% of the "
            "mentions to the right species. Word models fail on misspelled names. We release the "
            "data and the scoring program."
        ),
    },
    {
        "title": "Do Small Models Keep Secrets? Memorisation After Pruning",
        "authors": ["Dev Osei", "Ada Quill"],
        "year": 2022,
        "abstract": (
            "Language models repeat parts of their training data. We ask whether pruning removes "
            "this memorisation. Removing 40% of the weights lowers verbatim repetition from 2.1% "
            "to 0.3% of prompts. Accuracy on question answering falls by 1.7 points. Memorised "
            "phone numbers, however, survive pruning more often than memorised prose."
        ),
    },
    {
        "title": "Retrieval for Recipe Assistants Without Labels",
        "authors": ["Ewa Lind"],
        "year": 2023,
        "abstract": (
            "Recipe assistants must find the right recipe for a vague wish. We train a dense "
            "retriever on pairs of titles and steps, without any labels. It outperforms BM25 by 6 "
            "points of nDCG@10 on a test set of 300 wishes. Adding BM25 scores to the dense scores "
            "gives another 2 points. Rare ingredients remain hard."
        ),
    },
]


@pytest.fixture(scope="session", autouse=True)
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the chat model is built: once for all tests, and in nobody's own folder."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOOTNOTE_MODELS", str(folder))
        yield folder


@pytest.fixture(scope="session")
def papers_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The papers above as JSON Lines."""
    path = tmp_path_factory.mktemp("papers") / "papers.jsonl"
    path.write_text("".join(json.dumps(p) + "\n" for p in PAPERS), encoding="utf-8")
    return path


Footnote = Callable[..., "subprocess.CompletedProcess[str]"]


def run_footnote(
    *arguments: object, library: Path, timeout: float = 240, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"FOOTNOTE_LIBRARY": str(library), "COLUMNS": "200"} | env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, papers_file: Path) -> Path:
    """A library that holds the papers above; tests that change it make their own."""
    folder = tmp_path_factory.mktemp("library")
    done = run_footnote("add", papers_file, library=folder)
    assert done.returncode == 0, done.stderr
    return folder


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The command failed with a clear sentence on standard error, and without a traceback."""
    assert done.returncode not in (0, -6, -11), (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr, done.stderr
    assert done.stderr.startswith("footnote: "), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr, (word, done.stderr)


def json_lines(path: Path) -> Sequence[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
