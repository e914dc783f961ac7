"""What the check makes of the packaged pairs: hand-written faults, originals and paraphrases.

The faults are sentences of the sample library with one thing made wrong by hand; the paraphrases
were written without knowledge of the check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from rag.config import load_config
from rag.evaluation.verdicts import Judged, Pair, judge, packaged_pairs
from rag.types import Checker, Verdict
from rag.wiring import open_checker
from tests.rag.shown import always_supported

KINDS = {
    "fault-number", "fault-swap", "fault-negation", "fault-direction", "fault-scope",
    "fault-hedge", "fault-entity", "fault-clause", "fault-moved",
}  # fmt: skip


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return judge_all(open_checker(load_config()))


def judge_all(checker: Checker | None) -> list[Judged]:
    return [Judged(pair, judge(pair, checker), 0.0) for pair in packaged_pairs()]


def passed(judged: list[Judged], of: Callable[[Pair], bool]) -> tuple[int, int]:
    """How many pairs of some kind come out supported, and how many there are."""
    chosen = [j for j in judged if of(j.pair)]
    return sum(j.passed for j in chosen), len(chosen)


def is_fault(pair: Pair) -> bool:
    return pair.kind in KINDS


def test_planted_faults_are_not_supported(judged: list[Judged]) -> None:
    """At most one in twenty of all, and one in ten of each kind, comes out supported."""
    through, total = passed(judged, is_fault)
    assert total >= 300
    assert through <= 0.05 * total
    for kind in KINDS:
        through, total = passed(judged, lambda pair, kind=kind: pair.kind == kind)  # type: ignore[misc]
        assert total >= 30, kind
        assert through <= 0.10 * total, kind


def test_originals_are_supported(judged: list[Judged]) -> None:
    """A sentence that stands in the source as it is passes."""
    through, total = passed(judged, lambda pair: pair.kind == "original")
    assert total >= 100
    assert through >= 0.99 * total


def test_the_trained_checker_keeps_paraphrases_that_the_rules_cannot(
    judged: list[Judged],
) -> None:
    """Far from all of them: what it doubts costs a quotation. See the checker's card."""

    def is_paraphrase(pair: Pair) -> bool:
        return pair.kind.startswith("paraphrase")

    kept, total = passed(judged, is_paraphrase)
    by_rule, _ = passed(judge_all(None), is_paraphrase)
    assert total >= 100
    assert kept >= by_rule + 0.05 * total


def test_a_check_that_passes_everything_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With it, every fault of every kind comes through the same count."""
    monkeypatch.setattr("rag.evaluation.verdicts.check_support", always_supported)
    through, total = passed(judge_all(None), is_fault)
    assert through == total


def test_what_is_wrong_is_told_apart_from_what_is_not_said(judged: list[Judged]) -> None:
    """An added clause is said in part; a changed number is not borne out at all."""
    verdicts = Counter((j.pair.kind, j.verdict) for j in judged)
    assert verdicts["fault-number", Verdict.UNSUPPORTED] > verdicts["fault-number", Verdict.PARTLY]
    assert verdicts["fault-clause", Verdict.PARTLY] > verdicts["fault-clause", Verdict.UNSUPPORTED]
