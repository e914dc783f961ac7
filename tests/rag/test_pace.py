"""How fast, and how long still: honest, and without wild jumps, by a clock of our own."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rag.pace import Pace, Rates, Workload
from rag.types import Writing


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(
    loads: list[Workload],
    written: list[int],
    reads: float,
    writes: float,
    expected: float | None,
    slows_at: int = 10**9,
) -> list[tuple[float, Writing]]:
    """(seconds that were really left, event) of a model with these speeds, token by token."""
    clock = Clock()
    pace = Pace(loads, expected, clock)
    events: list[tuple[float, Writing]] = []
    for load, tokens in zip(loads, written, strict=True):
        events.append((clock.now, pace.begin()))
        clock.now += load.prompt_tokens / reads
        for token in range(1, tokens + 1):
            clock.now += (1 if token < slows_at else 2) / writes
            events.append((clock.now, pace.wrote(token)))
    return [(clock.now - at, event) for at, event in events]


def test_a_steady_model_is_told_exactly() -> None:
    """Once it has written a little: speed, and seconds that fall to nothing."""
    events = run([Workload(200, 100)], [100], reads=400, writes=50, expected=400)
    assert events[0][1].tokens_per_second is None
    assert events[0][1].seconds_left == pytest.approx(0.5 + 100 / 60)
    for true, event in events[20:]:
        assert event.tokens_per_second == pytest.approx(50)
        assert event.seconds_left == pytest.approx(true, rel=0.1, abs=0.05)
    assert events[-1][1].seconds_left == 0


@pytest.mark.parametrize("wrong", [0.2, 0.5, 2, 5])
def test_a_wrong_expectation_gives_way_to_what_is_measured(wrong: float) -> None:
    """The machine is busier, or idler, than when its speed was taken."""
    events = run([Workload(200, 100)], [100], reads=400, writes=60, expected=400 * wrong)
    for true, event in events[40:]:
        assert event.seconds_left == pytest.approx(true, rel=0.8, abs=0.2)


@pytest.mark.parametrize("slows_at", [50, 10**9])
@pytest.mark.parametrize("expected", [None, 200.0, 400.0, 800.0])
def test_it_does_not_jump(expected: float | None, slows_at: int) -> None:
    """From one token to the next it changes by a few per cent, also when the model slows down."""
    events = run([Workload(200, 120)], [120], 400, 60, expected, slows_at)
    left = [e.seconds_left for _, e in events[10:] if e.seconds_left is not None]
    assert len(left) > 100
    assert all(after - before <= 0.05 * before + 0.01 for before, after in pairwise(left))


def test_the_detector_of_jumps_sees_one() -> None:
    """A speed taken from the last token alone would jump."""
    left = [1.0, 0.9, 1.8]
    assert not all(after - before <= 0.05 * before + 0.01 for before, after in pairwise(left))


def test_all_sections_that_remain_count() -> None:
    """Of a summary in three parts, the two that follow are in the first estimate."""
    loads = [Workload(100, 50), Workload(300, 80), Workload(200, 60)]
    events = run(loads, [50, 80, 60], reads=400, writes=60, expected=400)
    assert events[0][1].seconds_left == pytest.approx(600 / 400 + 190 / 60)
    begins = [(true, e) for true, e in events if e.answer_tokens == 0]
    assert len(begins) == 3
    for true, event in begins[1:]:
        assert event.seconds_left == pytest.approx(true, rel=0.25)
        assert event.tokens_per_second == pytest.approx(60, rel=0.25)


def test_a_model_that_writes_more_than_expected_is_never_below_nothing() -> None:
    events = run([Workload(100, 30)], [90], reads=400, writes=60, expected=400)
    assert all(e.seconds_left is not None and e.seconds_left >= 0 for _, e in events)


def test_nothing_is_claimed_where_nothing_is_known() -> None:
    """Before the speed has been measured; afterwards what was measured is told."""
    events = run([Workload(100, 60), Workload(100, 60)], [60, 60], 400, 60, expected=None)
    assert events[0][1] == Writing(0)
    assert events[3][1].tokens_per_second is None
    assert events[-1][1].tokens_per_second == pytest.approx(60)
    assert events[40][1].seconds_left == pytest.approx(events[40][0], rel=0.1)


def test_a_clock_that_stands_still_is_no_error() -> None:
    """Tokens that came while nobody looked are read all at once."""
    clock = Clock()
    pace = Pace([Workload(0, 0)], None, clock)
    pace.begin()
    assert pace.wrote(0).seconds_left == 0
    assert pace.wrote(50).tokens_per_second is None


def test_an_answer_begins_with_what_the_one_before_it_took() -> None:
    """On a machine that is five times busier than when the model was loaded."""
    clock, before = Clock(), None
    first: list[float | None] = []
    for _ in range(2):
        pace = Pace([Workload(200, 100)], 400, clock, before)
        first.append(pace.begin().seconds_left)
        clock.now += 200 / 80
        for token in range(1, 101):
            clock.now += 1 / 12
            pace.wrote(token)
        before = pace.rates
    true = 200 / 80 + 100 / 12
    assert first[0] is not None
    assert first[0] < true / 4
    assert first[1] == pytest.approx(true, rel=0.1)


def test_what_was_not_read_again_is_no_speed() -> None:
    """The same question once more: the model remembers its prompt, and not the next one."""
    clock = Clock()
    pace = Pace([Workload(200, 100)], 400, clock, Rates(80, 12))
    assert pace.rates == Rates(80, 12)
    pace.begin()
    clock.now += 0.01
    pace.wrote(1)
    assert pace.rates == Rates(400, 12)
