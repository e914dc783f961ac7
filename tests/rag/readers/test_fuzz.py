"""No input crashes a reader or stalls it: mutations of each format's files, read in one child."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from rag import readers
from tests.rag.readers.fuzzing import (
    CONTAINERS,
    FORMATS,
    MEGABYTES,
    SECONDS,
    Effort,
    check_records,
    examples_of,
    fuzz,
)
from tests.rag.readers.mutations import Mutations

# `make test-long N=10000000` tries as many of each format.
LONG = pytest.param(
    int(os.environ.get("N", "50000")), marks=[pytest.mark.long, pytest.mark.timeout(0)]
)


def drawn_seed() -> int:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return seed


@pytest.mark.parametrize("count", [2_000, LONG])
@pytest.mark.parametrize("subject", [*FORMATS, *CONTAINERS])
def test_any_input_gives_records_or_a_reason(subject: str, count: int, tmp_path: Path) -> None:
    """Nothing but what is declared, in so many seconds and megabytes; some are read, some not."""
    reader = "pdf" if subject == "pdf" else "files"
    effort = fuzz(subject, count, drawn_seed(), tmp_path / "input", reader)
    print(subject, effort)
    assert effort.inputs == count
    assert effort.records > 0.1 * count


def test_pdfs_in_children_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "input"
    examples = examples_of("pdf")
    for content in (*examples, *Mutations(examples, drawn_seed()).files(24)):
        path.write_bytes(content)
        check_records(path, readers.read_records(path))


def test_every_reader_is_tried() -> None:
    """A format without hand-written files would be tried by nobody."""
    modules = {p.stem for p in Path(readers.__file__).parent.glob("*.py")}
    read = {m for m in modules if hasattr(getattr(readers, m, None), "READER")}
    assert read <= set(FORMATS) <= modules
    assert len(FORMATS) == len(readers._READERS)


class TestPlantedFaults:
    @pytest.mark.parametrize(
        ("reader", "told"),
        [
            ("raising", "UnicodeDecodeError"),
            ("slow", f"more than {SECONDS} s"),
            ("large", f"MB, more than {MEGABYTES}"),
            ("dying", "ended by signal 6"),
            ("careless", "AssertionError"),
            ("other", "AssertionError"),
        ],
    )
    def test_each_is_seen(self, reader: str, told: str, tmp_path: Path) -> None:
        """The message names the file, which is kept; its seed makes it again."""
        path = tmp_path / "input"
        with pytest.raises(AssertionError, match="broke a promise") as failure:
            fuzz("jsonl", 20, 7, path, reader)
        assert told in str(failure.value)
        assert str(path) in str(failure.value)
        first = next(Mutations(examples_of("jsonl"), 7).files(1))
        assert path.read_bytes() == first

    def test_a_large_parent_hides_no_large_child(self, tmp_path: Path) -> None:
        """What this process took before is not what the child is measured by."""
        held = b"x" * (800 << 20)
        with pytest.raises(AssertionError, match="MB, more than"):
            fuzz("jsonl", 1, 7, tmp_path / "input", "large")
        assert len(held) == 800 << 20

    def test_none_is_seen_where_none_is(self, tmp_path: Path) -> None:
        assert fuzz("jsonl", 20, 7, tmp_path / "input").inputs == 20


def test_effort_is_measured(tmp_path: Path) -> None:
    effort = fuzz("table", 50, 7, tmp_path / "input")
    assert isinstance(effort, Effort)
    assert 0 < effort.seconds < SECONDS
