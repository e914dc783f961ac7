"""Stop means stop: whatever a tab waits for, the model's own process soon has nothing to do."""

from __future__ import annotations

import random
import re
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, product
from pathlib import Path
from typing import Literal

import pytest
from wire import Tab, wait_until

from models.process import ChatMessage, LlmProcess, ProcessGeneration
from rag.types import Answer, Message
from rag.wiring import Desk, open_desk
from tests.models.gguf_files import PACKAGED
from tests.models.test_process import cpu_seconds
from ui.talk import Run
from ui.web import open_page

Stage = Literal["waiting", "reading", "writing"]
Way = Literal["stop", "close"]
CASES: tuple[tuple[Stage, Way], ...] = tuple(
    product(("reading", "writing", "waiting"), ("stop", "close"))
)

IDLE_SECONDS = 3.0  # from Stop until the model's process is idle
STILL = 0.5  # seconds without a tick of CPU time: it is idle
CONTEXT = 8192  # tokens; any machine needs far longer than IDLE_SECONDS to read as many
FILLER = " retrieval reads passages before it answers and cites what it has read" * 540


class BusyModel(LlmProcess):
    """The packaged chat model, which may be given far more to read, or to write, than was asked."""

    def __init__(self) -> None:
        super().__init__(PACKAGED, name="SmolLM2-135M-Instruct", context_tokens=CONTEXT)
        self.busy: Literal["", "reading", "writing"] = ""
        self.generations: list[ProcessGeneration] = []

    def generate(
        self, messages: Sequence[ChatMessage], max_tokens: int, citable: Sequence[int] = ()
    ) -> ProcessGeneration:
        if self.busy == "reading":
            messages = [Message("system", FILLER), *messages[1:]]
        elif self.busy == "writing":
            messages, citable = [Message("user", "Tell me everything about whales.")], ()
            max_tokens = CONTEXT - 500
        self.generations.append(super().generate(messages, max_tokens, citable))
        return self.generations[-1]


@dataclass
class Case:
    """A question that was ended at a stage, and what came of it."""

    question: str
    shown: str  # in its tab, in the end
    idle_after: float | None  # seconds; None for more than IDLE_SECONDS


@dataclass
class Page:
    """A page on which questions are asked and ended."""

    desk: Desk
    model: BusyModel
    address: str
    draw: random.Random
    tabs: dict[str, Tab] = field(default_factory=dict)
    asked: int = 0

    def ask(self, name: str = "first") -> tuple[str, threading.Thread]:
        """Ask in a tab, opened where there is none, what nobody has asked before."""
        self.asked += 1
        question = f"What do brass barometers keep in the mountains, number {self.asked}?"
        tab = self.tabs.get(name) or self.tabs.setdefault(name, Tab(self.address))
        asking = threading.Thread(target=tab.ask, args=(question,), daemon=True)
        asking.start()
        return question, asking

    def ask_until(self, stage: Stage, name: str = "first") -> tuple[str, threading.Thread]:
        """Ask, and wait until the question has been at a stage for a moment."""
        before = len(self.model.generations)
        question, asking = self.ask(name)
        if stage == "waiting":
            wait_until(lambda: "Waiting for another" in self.tabs[name].text("live"))
        else:
            wait_until(lambda: len(self.model.generations) > before)
            generation = self.model.generations[-1]
            wait_until(lambda: generation.prompt_tokens > 0)
            if stage == "writing":
                wait_until(lambda: generation.answer_tokens > 0)
            tab = self.tabs[name]
            wait_until(lambda: re.search(f"{re.escape(question)}.*Quotation", tab.text("live")))
        time.sleep(self.draw.uniform(0, 0.3))
        return question, asking

    def end(self, way: Way, name: str = "first") -> None:
        if way == "stop":
            self.tabs[name].stop()
        else:
            self.tabs.pop(name).close()

    def case(self, stage: Stage, way: Way) -> Case:
        """Ask, end it at a stage, and watch the model's process."""
        self.model.busy = "writing" if stage == "writing" else "reading"
        if stage == "waiting":
            _, other = self.ask_until("reading", "other")
        before = len(self.model.generations)
        question, asking = self.ask_until(stage)
        tab = self.tabs["first"]
        self.end(way)
        if stage == "waiting":
            asking.join(IDLE_SECONDS)
            assert not asking.is_alive()
            assert len(self.model.generations) == before
            self.end("stop", "other")
            other.join(IDLE_SECONDS)
        assert self.model.pid is not None
        idle_after = seconds_to_idle(self.model.pid)
        if idle_after is not None:
            asking.join(IDLE_SECONDS)
            assert not asking.is_alive()
        return Case(question, tab.text("live"), idle_after)

    def kept(self, question: str) -> Answer | None:
        """What the library keeps of a question."""
        for conversation in self.desk.library.conversations.latest():
            for answer in self.desk.answers(conversation.id):
                if answer.question.text == question:
                    return answer
        return None


def seconds_to_idle(pid: int) -> float | None:
    """How long a process went on working; None when it did not become idle in time."""
    began = last = time.monotonic()
    used = cpu_seconds(pid)
    while time.monotonic() - last < STILL:
        time.sleep(0.02)
        if cpu_seconds(pid) > used:
            used, last = cpu_seconds(pid), time.monotonic()
        if last - began > IDLE_SECONDS:
            return None
    return last - began


@pytest.fixture
def page(tmp_path: Path, made_once: Path) -> Iterator[Page]:
    """The page of a library of two papers, answered by the real model in its own process."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    shutil.copytree(made_once, tmp_path / "library")
    model = BusyModel()
    with (
        open_desk(tmp_path / "library") as desk,
        desk.answering_with(model),
        open_page(desk, port=0) as address,
    ):
        yield Page(desk, model, address, random.Random(seed))
        model.close()


@pytest.mark.parametrize(
    "cases", [10, pytest.param(200, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_the_model_is_idle_soon_after_stop(page: Page, cases: int) -> None:
    """Stopped, or its tab closed, while it waits for its turn, is read for or written.

    Each case uses the page that the one before it has left. What was shown is kept, as stopped; of
    a question that still waited the model never hears.
    """
    slowest = 0.0
    for stage, way in islice(cycle(CASES), cases):
        case = page.case(stage, way)
        assert case.idle_after is not None, f"{way} while {stage}"
        slowest = max(slowest, case.idle_after)
        if stage == "waiting":
            assert page.kept(case.question) is None
            assert way == "close" or "Stopped." in case.shown
            continue
        wait_until(lambda: page.kept(case.question) is not None)  # noqa: B023
        answer = page.kept(case.question)
        assert answer is not None
        assert answer.stopped
        assert answer.sentences
        missing = [s.text for s in answer.sentences if s.text not in case.shown]
        assert missing == [], f"{way} while {stage}: {case.shown}"
        assert way == "close" or "Stopped before the end." in case.shown
    print(f"idle after {slowest:.2f} s at most")
    page.model.busy = ""
    question, asking = page.ask()
    asking.join()
    answer = page.kept(question)
    assert answer is not None
    assert not answer.stopped
    assert answer.answer_tokens > 0


@pytest.mark.parametrize("way", ["stop", "close"])
def test_a_stop_that_does_nothing_is_seen(
    page: Page, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    """The planted fault."""
    with monkeypatch.context() as patch:
        patch.setattr(Run, "stop", lambda run: None)
        assert page.case("reading", way).idle_after is None
