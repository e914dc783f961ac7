"""How fast a model runs here: measured, kept, estimated, and what it means in seconds."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from models import speed as speeds
from models.errors import MeasureFailed, UnknownModel
from models.process import LlmProcess
from models.speed import Load, Size, Speed, Speeds, estimate, expected_wait, measure
from models.stopping import Stopper
from tests.models.gguf_files import PACKAGED

DAY = date(2024, 5, 1)
SPEED = Speed(600.0, 100.0, DAY)


class Slowed:
    """A generation that reads and writes at a given speed, by its own account."""

    error = None

    def __init__(self, reads: float, writes: float, tokens: int = 31) -> None:
        self.prompt_tokens, self.answer_tokens = 300, tokens
        self.reading_seconds = self.prompt_tokens / reads
        self.writing_seconds = (tokens - 1) / writes

    def __iter__(self) -> Iterator[str]:
        return iter(["word"] * self.answer_tokens)

    def cancel(self) -> None:
        pass


class Prepared:
    """A model whose rounds are prepared; what it was asked is kept."""

    name = "prepared"

    def __init__(self, *rounds: Slowed) -> None:
        self.rounds = list(rounds)
        self.prompts: list[str] = []

    def load(self) -> None:
        pass

    def generate(self, messages: object, max_tokens: int) -> Slowed:
        self.prompts.append("\n".join(m.content for m in messages))  # type: ignore[attr-defined]
        return self.rounds.pop(0)


def test_the_packaged_model_is_measured(packaged_llm: LlmProcess) -> None:
    """Real figures from the process that answers, of today."""
    found = measure(packaged_llm, Stopper())
    assert found.reads > found.writes > 0.5
    assert found.measured == date.today()
    assert found.estimated_from == ""


def test_the_median_of_the_rounds_counts() -> None:
    """One round that something else disturbed changes nothing."""
    model = Prepared(
        *(Slowed(r, w) for r, w in [(600, 90), (30, 5), (610, 95), (590, 85), (620, 99)])
    )
    found = measure(model, Stopper())  # type: ignore[arg-type]
    assert found.reads == pytest.approx(600)
    assert found.writes == pytest.approx(90)
    starts = {prompt[:8] for prompt in model.prompts}
    assert len(starts) == speeds.ROUNDS  # else a prompt would be taken from the cache


def test_a_round_beside_an_answer_does_not_count() -> None:
    """It waits until the answer is written, says so, and leaves out a round that met one."""
    model = Prepared(Slowed(5, 1), *(Slowed(600, 90) for _ in range(5)))
    busy = iter([True, True, False, True, True])
    said: list[tuple[int, bool]] = []
    found = measure(
        model,  # type: ignore[arg-type]
        Stopper(),
        lambda: next(busy, False),
        lambda done, waits: said.append((done, waits)),
    )
    assert found.reads == pytest.approx(600)
    assert said[:3] == [(0, True), (0, True), (0, False)]
    assert said[-1] == (speeds.ROUNDS - 1, False)


def test_a_slow_model_is_measured_in_fewer_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time that is enough no round is begun, but one there always is."""
    monkeypatch.setattr(speeds, "ENOUGH_SECONDS", -1.0)
    model = Prepared(Slowed(7, 2), Slowed(9, 9))
    assert measure(model, Stopper()).writes == pytest.approx(2)  # type: ignore[arg-type]


def test_a_model_that_writes_nothing_has_no_speed() -> None:
    silent = Slowed(600, 100, tokens=1)
    with pytest.raises(MeasureFailed, match="writes nothing") as caught:
        measure(Prepared(silent), Stopper())  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_measuring_stops_when_told(own_llm: LlmProcess) -> None:
    """Before it begins, and in the middle of a round."""
    stopped = Stopper()
    stopped.stop()
    with pytest.raises(MeasureFailed, match="stopped"):
        measure(own_llm, stopped)
    stopper = Stopper()
    own_llm.load()
    threading.Timer(0.3, stopper.stop).start()
    began = time.monotonic()
    with pytest.raises(MeasureFailed, match="stopped"):
        measure(own_llm, stopper, is_busy=lambda: False)
    assert time.monotonic() - began < speeds.ENOUGH_SECONDS
    assert own_llm.count_tokens("one two") == 2  # it lives on


def test_the_errors_of_loading_are_told(tmp_path: Path) -> None:
    lost = LlmProcess(tmp_path / "none.gguf", name="lost")
    with pytest.raises(UnknownModel, match="no file"):
        measure(lost, Stopper())
    lost.close()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "some.gguf"
    path.write_bytes(b"weights")
    return path


def test_what_was_measured_is_kept(tmp_path: Path, model: Path) -> None:
    """For this file with these threads, and for no other."""
    kept = Speeds(tmp_path / "folder")
    assert kept.of(model) is None
    kept.keep(model, SPEED)
    assert Speeds(tmp_path / "folder").of(model) == SPEED
    assert kept.of(model, threads=63) is None
    assert [p.name for p in kept.path.parent.iterdir()] == [kept.path.name]
    os.utime(model, (1, 1))
    assert kept.of(model) is None


@pytest.mark.parametrize("part", ["platform.node", "cpu_name", "physical_cores", "_engine"])
def test_another_machine_has_another_speed(
    tmp_path: Path, model: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of models may be shared: what another machine measured does not count here."""
    kept = Speeds(tmp_path)
    kept.keep(model, SPEED)
    monkeypatch.setattr(
        speeds.platform if "." in part else speeds, part.split(".")[-1], lambda: "9"
    )
    assert kept.of(model) is None
    kept.keep(model, Speed(1.0, 1.0, DAY))
    monkeypatch.undo()
    assert kept.of(model) == SPEED


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"\xff\xfe", b"null", b'{"KEY": 3}', b'{"KEY": {"reads": "x"}}',
     b'{"KEY": {"reads": 0, "writes": 1, "measured": "2024-05-01"}}',
     b'{"KEY": {"reads": NaN, "writes": 1, "measured": "2024-05-01"}}',
     b'{"KEY": {"reads": 1, "writes": 1, "measured": "May"}}'],
)  # fmt: skip
def test_a_damaged_file_is_ignored(tmp_path: Path, model: Path, content: bytes) -> None:
    """It is as if nothing had been measured; the next measurement is kept again."""
    kept = Speeds(tmp_path)
    kept.keep(model, SPEED)
    (key,) = json.loads(kept.path.read_bytes())
    kept.path.write_bytes(content.replace(b"KEY", key.encode()))
    assert kept.of(model) is None
    kept.keep(model, SPEED)
    assert kept.of(model) == SPEED


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, model: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MeasureFailed, match="could not be kept") as caught:
        Speeds(tmp_path / "file").keep(model, SPEED)
    assert "\n" not in str(caught.value)


def test_an_estimate_says_so() -> None:
    """Writing costs bytes, reading costs parameters; the nearest in size is scaled."""
    small = ("small", Size(100, 10), Speed(600.0, 100.0, DAY))
    large = ("large", Size(4000, 500), Speed(20.0, 5.0, DAY))
    found = estimate(Size(200, 40), [small, large])
    assert found == Speed(150.0, 50.0, None, "small")
    assert estimate(Size(2000, 250), [small, large]) == Speed(40.0, 10.0, None, "large")
    assert estimate(Size(200, 40), []) is None


def test_the_wait_in_seconds() -> None:
    """Reading, then writing: 28 tokens for the first sentence, all of them for the answer."""
    wait = expected_wait(Speed(500.0, 50.0, DAY), Load(250, 100), Load(750, 300))
    assert wait.first_sentence == pytest.approx(0.5 + 0.56)
    assert wait.whole_answer == pytest.approx(0.5 + 2.0)
    assert wait.summary == pytest.approx(1.5 + 6.0)
    short = expected_wait(Speed(500.0, 50.0, DAY), Load(250, 10), Load(250, 10))
    assert short.first_sentence == short.whole_answer


def test_the_packaged_file_can_be_keyed(tmp_path: Path) -> None:
    kept = Speeds(tmp_path)
    kept.keep(PACKAGED, SPEED)
    assert kept.of(PACKAGED) == SPEED
