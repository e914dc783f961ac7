"""No slow death: after many answers the page is as light as after a few."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import pytest
from wire import Tab

ROOT = Path(__file__).parents[2]
WARM_UP = 12  # answers, after which models, caches and the allocator have what they need
A_CONVERSATION = 4  # answers, after which the tab begins another
# Short answers: little to read, less to write.
SETTINGS = """
models: {llm: SmolLM2-135M-Instruct, threads: 1}
evidence: {papers: 1, sentences_per_paper: 1, answered_probability: 0.0}
answer: {max_tokens: 8}
"""
QUESTIONS = (
    "How far do glass barometers drift at sea?",
    "What removes the drift?",
    "What do brass barometers keep in the mountains?",
    "What do glass barometers cost?",
)


@dataclass(frozen=True)
class Weight:
    """What the page holds at a moment; server and model together where it says nothing else."""

    server_bytes: float
    model_bytes: float
    files: float
    threads: float
    temp_bytes: float  # in all temporary folders, Gradio's cache among them
    state_bytes: float  # of all tabs that were opened


# What may be more with each answer: what is left of warming up, and of measuring.
FLAT = Weight(250e3, 100e3, 0.1, 0.1, 1e3, 1e3)


class Served:
    """A page in a process of its own, its model in another."""

    def __init__(self, process: subprocess.Popen[str], temporary: Path) -> None:
        self._process = process
        self._temporary = temporary
        self.address = self._line()

    def weigh(self) -> Weight:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        told = json.loads(self._line())
        both = (self._process.pid, told["model"])
        return Weight(
            *(1024 * float(_status(pid, "VmRSS")) for pid in both),
            sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in both),
            sum(int(_status(pid, "Threads")) for pid in both),
            sum(f.stat().st_size for f in self._temporary.rglob("*") if f.is_file()),
            told["state"],
        )

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


Serving = Callable[..., AbstractContextManager[Served]]


def _status(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def growth(weights: Sequence[Weight]) -> dict[str, float]:
    """By how much each quantity grows an answer: the median slope between any two moments."""
    slopes = {}
    for name in asdict(weights[0]):
        values = [getattr(weight, name) for weight in weights]
        pairs = combinations(range(len(values)), 2)
        slope = statistics.median((values[b] - values[a]) / (b - a) for a, b in pairs)
        slopes[name] = slope / A_CONVERSATION
    return slopes


def grows(weights: Sequence[Weight]) -> set[str]:
    """What grows by more than it may."""
    return {name for name, slope in growth(weights).items() if slope > asdict(FLAT)[name]}


def weights_of(served: Served, warm_up: int, answers: int) -> list[Weight]:
    """Ask, and weigh after each conversation, when the tab has begun another."""
    tab = Tab(served.address)
    weights = []
    for number in range(warm_up + answers):
        tab.ask(QUESTIONS[number % len(QUESTIONS)])
        assert "tokens read" in tab.text("live"), tab.text("live")
        if (number + 1) % A_CONVERSATION == 0:
            tab.act("find", do="new")
            if number >= warm_up:
                weights.append(served.weigh())
    tab.close()
    print({name: round(slope, 2) for name, slope in growth(weights).items()})
    return weights


@pytest.fixture
def serve(tmp_path: Path, made_once: Path) -> Serving:
    """Serves a library of two papers, answered by the real model."""

    @contextmanager
    def go(leak: str = "") -> Iterator[Served]:
        library, temporary, settings = (tmp_path / name for name in ("library", "temp", "c.yaml"))
        temporary.mkdir()
        shutil.copytree(made_once, library)
        settings.write_text(SETTINGS)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.ui.served", library, settings, *filter(None, [leak])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(temporary)},
        ) as process:
            yield Served(process, temporary)
            process.communicate()
        assert process.returncode == 0

    return go


@pytest.mark.parametrize(
    "answers", [40, pytest.param(1_000, marks=[pytest.mark.long, pytest.mark.timeout(7200)])]
)
def test_nothing_grows_with_the_answers(serve: Serving, answers: int) -> None:
    """Flat is, an answer: 0.25 MB of the server, 0.1 MB of the model's process, a tenth of a file
    or thread, 1 kB of temporary files and of what open tabs hold; by the median slope."""
    with serve() as served:
        weights = weights_of(served, WARM_UP, answers)
    assert grows(weights) == set()


def test_what_is_lost_at_each_answer_is_seen(serve: Serving) -> None:
    """The planted fault: of everything a little, and 1 MB of memory."""
    with serve("leak") as served:
        weights = weights_of(served, 4, 8)
    lost = {"server_bytes", "files", "threads", "temp_bytes", "state_bytes"}
    assert grows(weights) == lost
