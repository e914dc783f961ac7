"""Two runs are compared figure by figure, and differences told from noise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.errors import EvaluationError
from rag.evaluation.baseline import (
    Difference,
    Run,
    compare,
    paired_interval,
    read_baseline,
    require_same,
    run_of,
)
from rag.evaluation.questions import Scores, summarise


def run(*ndcg: float | None, total_ms: float = 100.0) -> Run:
    """A run of as many questions as scores are given."""
    scores = [
        Scores(str(n), "single", ndcg10=value, total_ms=total_ms) for n, value in enumerate(ndcg)
    ]
    return run_of(json.loads(json.dumps(summarise(scores).to_json())))


class TestInterval:
    def test_the_same_difference_everywhere_is_certain(self) -> None:
        """Whichever questions are drawn, each is better by 0.25."""
        low, high = paired_interval([0.0, 0.25, 0.5], [0.25, 0.5, 0.75]) or (0, 0)
        assert (low, high) == (0.25, 0.25)

    def test_one_question_in_ten_proves_nothing(self) -> None:
        """With 0.9 to the tenth, that question is not drawn in a third of all draws."""
        low, high = paired_interval([0.0] * 10, [0.0] * 9 + [1.0]) or (1, 0)
        assert low == 0.0
        assert 0.2 <= high <= 0.4

    def test_the_width_is_that_of_the_mean(self) -> None:
        """Half of 400 differences are 1 and half 0: 1.96 standard errors are 1.96 x 0.5 / 20."""
        low, high = paired_interval([0.0] * 400, [0.0, 1.0] * 200) or (0, 0)
        assert low == pytest.approx(0.5 - 0.049, abs=0.006)
        assert high == pytest.approx(0.5 + 0.049, abs=0.006)

    def test_questions_are_drawn_in_pairs(self) -> None:
        """Large differences between questions do not hide a small one between runs."""
        spread = [n / 100 for n in range(100)]
        low, _ = paired_interval(spread, [x + 0.01 for x in spread]) or (0, 0)
        assert low == pytest.approx(0.01)

    def test_it_is_the_same_every_time(self) -> None:
        """The draws are seeded."""
        runs = [0.1, 0.9, 0.4, 0.2], [0.3, 0.2, 0.9, 0.1]
        assert paired_interval(*runs) == paired_interval(*runs)

    def test_each_mean_is_over_what_its_run_defines(self) -> None:
        """A question that cites nothing in one run still counts in the other."""
        low, high = paired_interval([1.0, None, 1.0], [1.0, 1.0, None]) or (1, 1)
        assert (low, high) == (0.0, 0.0)

    def test_a_figure_of_no_question_has_none(self) -> None:
        """There is nothing to draw."""
        assert paired_interval([None, None], [1.0, 1.0]) is None


class TestDirection:
    @pytest.mark.parametrize(
        ("name", "baseline", "now", "better"),
        [
            ("ndcg10", 0.5, 0.6, True),
            ("ndcg10", 0.6, 0.5, False),
            ("words", 100.0, 80.0, True),
            ("total_ms.median", 100.0, 120.0, None),
            ("evidence_per_embedding", 2.0, 3.0, None),
            ("check_passed", 0.02, 0.04, False),
            ("passed", 0.04, 0.02, True),
            ("kept", 0.8, 0.7, False),
            ("answerable_refused", 0.1, 0.0, True),
            ("citations_invented_shown", 0, 1, False),
            ("refusal_f1", 0.5, 0.6, True),
            ("ndcg10", 0.5, 0.5, None),
            ("ndcg10", None, 0.5, None),
            ("sentences_of_model", 0.1, 0.2, None),
            ("abstained", 0.1, 0.2, None),
        ],
    )
    def test_better_is_by_the_figure(
        self, name: str, baseline: float | None, now: float | None, better: bool | None
    ) -> None:
        """More is better of what is right, less of words; times and some figures have no good."""
        assert Difference(name, baseline, now).better is better

    @pytest.mark.parametrize(
        ("name", "baseline", "now", "word"),
        [
            ("ndcg10", 0.5, 0.6, "better"),
            ("words", 80, 100, "worse"),
            ("total_ms.median", 100.0, 120.0, "slower"),
            ("sentence_ms", 3.0, 2.0, "faster"),
            ("total_ms.median", 100.0, 100.0, ""),
            ("total_ms.median", None, 100.0, ""),
            ("sentences_of_model", 0.1, 0.2, ""),
        ],
    )
    def test_times_are_slower_or_faster(
        self, name: str, baseline: float | None, now: float | None, word: str
    ) -> None:
        """What else the machine did makes no answer worse."""
        assert Difference(name, baseline, now).word == word

    def test_noise(self) -> None:
        """A difference counts when its interval lies on one side of zero."""
        assert Difference("ndcg10", 0.5, 0.6, (0.01, 0.2)).beyond_noise
        assert Difference("ndcg10", 0.6, 0.5, (-0.2, -0.01)).beyond_noise
        assert not Difference("ndcg10", 0.5, 0.6, (-0.01, 0.2)).beyond_noise
        assert not Difference("ndcg10", 0.5, 0.5, (0.0, 0.0)).beyond_noise
        assert not Difference("words", 50, 60).beyond_noise


class TestComparison:
    def test_every_figure_is_compared(self) -> None:
        """Means, medians and types; those of the same questions with an interval."""
        compared = compare(run(0.5, 0.5, total_ms=100), run(0.75, 0.75, total_ms=80))
        ndcg = compared.figures["ndcg10"]
        assert (ndcg.change, ndcg.better, ndcg.interval) == (0.25, True, (0.25, 0.25))
        assert ndcg.beyond_noise
        assert compared.figures["total_ms.median"].change == -20
        assert compared.by_type["single"]["ndcg10"].change == 0.25
        assert "questions" not in compared.figures

    def test_what_the_check_is_worth_is_compared(self) -> None:
        """Right after the figures that rest on it; pairs of the check are drawn like questions."""
        before, after = (
            run_of({"sentences_of_model": 1.0, "check": {"passed": p, "kept": 0.5, "pairs": 9}})
            for p in (0.02, 0.04)
        )
        compared = compare(before, after).figures
        assert list(compared) == ["sentences_of_model", "check_passed", "check_kept"]
        assert compared["check_passed"].change == pytest.approx(0.02)
        pairs = [
            Run({"pairs": 20, "passed": p}, {}, {str(n): {"passed": p} for n in range(20)})
            for p in (0.0, 1.0)
        ]
        assert compare(*pairs).figures["passed"].beyond_noise
        assert "pairs" not in compare(*pairs).figures

    def test_as_json(self) -> None:
        """What a program needs, rounded, with names instead of marks."""
        document = compare(run(0.5, 0.5), run(0.75, 0.75)).to_json()
        figures = json.loads(json.dumps(document))["figures"]
        assert figures["ndcg10"] == {
            "baseline": 0.5,
            "now": 0.75,
            "difference": 0.25,
            "better": True,
            "interval": [0.25, 0.25],
            "beyond_noise": True,
        }

    def test_a_baseline_without_scores_has_no_intervals(self) -> None:
        """Differences are there all the same."""
        before = run(0.5, 0.5)
        difference = compare(Run(before.figures, before.by_type, {}), run(0.75, 0.75))
        assert difference.figures["ndcg10"].change == 0.25
        assert difference.figures["ndcg10"].interval is None

    def test_a_figure_that_one_run_lacks(self) -> None:
        """Search alone says nothing of answers."""
        compared = compare(run(None, None), run(0.75, 0.75))
        assert compared.figures["ndcg10"].change is None
        assert compared.figures["ndcg10"].interval is None


class TestBaseline:
    def test_what_was_printed_is_read(self, tmp_path: Path) -> None:
        """The JSON of a run comes back as that run."""
        path = tmp_path / "baseline.json"
        path.write_text(json.dumps(summarise([Scores("a", "single", ndcg10=0.5)]).to_json()))
        read = read_baseline(path)
        assert read.figures["ndcg10"] == 0.5
        assert read.scores["a"]["ndcg10"] == 0.5
        require_same(read, path, ["a"])

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "3", "null", '{"questions": "many"}', '{"id": "q1"}', "[" * 9999]
    )
    def test_another_file_is_refused(self, tmp_path: Path, text: str) -> None:
        """One sentence that says how a baseline is made."""
        path = tmp_path / "baseline.json"
        path.write_text(text)
        with pytest.raises(EvaluationError, match=r"--json > baseline\.json") as error:
            read_baseline(path)
        assert str(path) in str(error.value)

    def test_bytes_and_missing_files_are_refused(self, tmp_path: Path) -> None:
        """Neither ends in a traceback."""
        with pytest.raises(EvaluationError, match="Cannot read the baseline"):
            read_baseline(tmp_path / "missing.json")
        with pytest.raises(EvaluationError, match=r"Cannot read the baseline .* it is a folder;"):
            read_baseline(tmp_path)
        (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(EvaluationError, match="no text in UTF-8"):
            read_baseline(tmp_path / "bytes")

    def test_a_baseline_of_pairs_is_none_of_questions(self, tmp_path: Path) -> None:
        """Each is compared with its like."""
        path = tmp_path / "baseline.json"
        path.write_text('{"pairs": 2, "passed": 0.5}')
        assert read_baseline(path, "pairs").figures["passed"] == 0.5
        with pytest.raises(EvaluationError, match="is not what 'footnote eval … --json'"):
            read_baseline(path)
        path.write_text('{"questions": 2}')
        with pytest.raises(EvaluationError, match="make a baseline with 'footnote eval --support"):
            read_baseline(path, "pairs")

    def test_other_questions_are_refused(self) -> None:
        """Means over other questions say nothing about a change."""
        path = Path("b.json")
        with pytest.raises(EvaluationError, match=r"other questions \(2, 1 of them these;"):
            require_same(run(0.5, 0.5), path, ["0", "x"])
        with pytest.raises(EvaluationError, match=r"other pairs \(4; here are 1"):
            require_same(Run({"pairs": 4}, {}, {}), path, ["0"], "pairs")
        with pytest.raises(EvaluationError, match="here are 3"):
            require_same(Run({"questions": 2}, {}, {}), path, ["0", "1", "2"])
        require_same(Run({"questions": 2}, {}, {}), path, ["0", "1"])
