"""Libraries to try things on, and the real embedder, loaded once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.catalog import Catalog
from models.embedder import SentenceEmbedder
from rag.index import ChunkIndex
from rag.ingest import Ingest
from rag.library import Library
from tests.rag.corpus import RECORDS, make_ingest

ROOT = Path(__file__).resolve().parents[2]

Child = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def embedder() -> SentenceEmbedder:
    """The real embedder that ships with Footnote."""
    model = Catalog.open().find("all-MiniLM-L6-v2", "embedder")
    return SentenceEmbedder.load(model.path, name=model.name)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Library]:
    """An empty library."""
    folder = tmp_path / "library"
    folder.mkdir()
    with Library.open(folder) as opened:
        yield opened


@pytest.fixture
def ingest(empty: Library) -> Iterator[Ingest]:
    """What adds papers to the empty library, with the cheap embedder."""
    made = make_ingest(empty)
    yield made
    made.index.close()


@pytest.fixture
def filled(ingest: Ingest) -> Library:
    """A library of the written papers, its index built."""
    assert ingest.add_records(RECORDS, "written") == len(RECORDS)
    return ingest.library


@pytest.fixture
def index(filled: Library, ingest: Ingest) -> ChunkIndex:
    """The index of the written papers."""
    return ingest.index


@pytest.fixture(scope="session")
def child() -> Child:
    """Run Python code in a process of its own, and give what came of it."""

    def run(
        code: str, *arguments: object, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
