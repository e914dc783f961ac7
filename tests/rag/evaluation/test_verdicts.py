"""What the check of sentences is worth, counted by hand on a few pairs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.errors import EvaluationError
from rag.evaluation import verdicts
from rag.evaluation.verdicts import (
    Confusion,
    Judged,
    Pair,
    Share,
    SupportFigures,
    SupportRun,
    judge,
    packaged_pairs,
    read_pairs,
    summarise_support,
)
from rag.types import Checker, Source, Support, Verdict

SUPPORTED, PARTLY, UNSUPPORTED = Verdict
ITEM = {
    "paper": "Gulls at Night",
    "source": "Gulls sleep on one leg.",
    "sentence": "Gulls sleep on two legs.",
    "label": "unsupported",
    "kind": "number",
}


def judged(label: Verdict, verdict: Verdict, kind: str = "any", ms: float = 1.0) -> Judged:
    return Judged(Pair("Paper", "Source.", f"Sentence {ms}.", label, kind), verdict, ms)


# Labelled: 4 supported, 2 partly, 4 unsupported. Judged: 4 supported, 3 partly, 3 unsupported.
JUDGED = [
    judged(SUPPORTED, SUPPORTED, "verbatim", 1.0),
    judged(SUPPORTED, SUPPORTED, "verbatim", 2.0),
    judged(SUPPORTED, SUPPORTED, "paraphrase", 3.0),
    judged(SUPPORTED, PARTLY, "paraphrase", 40.0),
    judged(PARTLY, PARTLY, "limit lost", 5.0),
    judged(PARTLY, SUPPORTED, "limit lost", 6.0),
    judged(UNSUPPORTED, UNSUPPORTED, "number", 7.0),
    judged(UNSUPPORTED, UNSUPPORTED, "number", 8.0),
    judged(UNSUPPORTED, UNSUPPORTED, "number", 9.0),
    judged(UNSUPPORTED, PARTLY, "number", 10.0),
]


def figures(found: Sequence[Judged] = JUDGED) -> SupportFigures:
    return summarise_support(found, trained=False)


class TestFigures:
    def test_the_headline_shares(self) -> None:
        """One of the six that are not supported passes; three of the four supported are kept."""
        assert figures().passed == Share(1, 6)
        assert figures().kept == Share(3, 4)
        assert (figures().passed.value, figures().kept.value) == (0.1667, 0.75)

    def test_a_check_that_passes_everything_is_seen(self) -> None:
        """It keeps all that is right, and the harmful error is total."""
        everything = figures([Judged(j.pair, SUPPORTED, j.ms) for j in JUDGED])
        assert (everything.passed, everything.kept) == (Share(6, 6), Share(4, 4))
        assert everything.accuracy == 0.4
        assert everything.by_verdict[SUPPORTED].precision == 0.4
        assert everything.by_verdict[UNSUPPORTED].recall == 0.0
        assert everything.by_verdict[UNSUPPORTED].precision is None

    def test_a_check_that_passes_nothing_is_seen(self) -> None:
        """No harm, and no use."""
        nothing = figures([Judged(j.pair, UNSUPPORTED, j.ms) for j in JUDGED])
        assert (nothing.passed.value, nothing.kept.value) == (0.0, 0.0)

    @pytest.mark.parametrize(
        ("verdict", "labelled", "given", "precision", "recall", "f1"),
        [
            (SUPPORTED, 4, 4, 0.75, 0.75, 0.75),
            (PARTLY, 2, 3, 0.3333, 0.5, 0.4),
            (UNSUPPORTED, 4, 3, 1.0, 0.75, 0.8571),
        ],
    )
    def test_each_verdict(
        self,
        verdict: Verdict,
        labelled: int,
        given: int,
        precision: float,
        recall: float,
        f1: float,
    ) -> None:
        """Precision over those that got it, recall over those that should."""
        row = figures().by_verdict[verdict]
        assert (row.labelled, row.judged) == (labelled, given)
        assert (row.precision, row.recall, row.f1) == (precision, recall, f1)

    def test_all_verdicts_together(self) -> None:
        """Seven of ten are right; F1 is the mean of 0.75, 0.4 and 0.8571; the median is of all."""
        assert figures().accuracy == 0.7
        assert figures().f1 == 0.669
        assert figures().sentence_ms == 6.5

    def test_by_kind(self) -> None:
        """Each kind by itself; a kind without wrong pairs has none that could pass."""
        kinds = figures().by_kind
        assert list(kinds) == ["verbatim", "paraphrase", "limit lost", "number"]
        assert (kinds["paraphrase"].passed, kinds["paraphrase"].kept) == (Share(0, 0), Share(1, 2))
        assert (kinds["limit lost"].passed, kinds["limit lost"].kept) == (Share(1, 2), Share(0, 0))
        assert kinds["number"].passed == Share(0, 4)
        assert kinds["number"].pairs == 4

    def test_the_confusion_matrix(self) -> None:
        """Rows are labels, columns verdicts."""
        confusion = Confusion.of(JUDGED)
        assert confusion.count(SUPPORTED, PARTLY) == 1
        assert confusion.count(PARTLY, SUPPORTED) == 1
        assert confusion.count(PARTLY, UNSUPPORTED) == 0
        assert confusion.to_json() == {
            "supported": {"supported": 3, "partly": 1, "unsupported": 0},
            "partly": {"supported": 1, "partly": 1, "unsupported": 0},
            "unsupported": {"supported": 0, "partly": 1, "unsupported": 3},
        }

    def test_a_verdict_that_is_neither_given_nor_due_has_no_figures(self) -> None:
        """And does not count in the mean."""
        found = figures([judged(SUPPORTED, SUPPORTED)])
        row = found.by_verdict[PARTLY]
        assert (row.precision, row.recall, row.f1) == (None, None, None)
        assert found.f1 == 1.0
        assert found.passed.value is None


class TestInterval:
    @pytest.mark.parametrize(
        ("count", "of", "interval"),
        [
            # The first four: R. G. Newcombe, Statistics in Medicine 17, 1998.
            (81, 263, (0.2553, 0.3662)),
            (15, 148, (0.0624, 0.1605)),
            (0, 20, (0.0, 0.1611)),
            (1, 29, (0.0061, 0.1718)),
            (29, 29, (0.883, 1.0)),
        ],
    )
    def test_it_is_that_of_wilson(self, count: int, of: int, interval: tuple[float, float]) -> None:
        """As published, and within 0 and 1 at the ends."""
        assert Share(count, of).interval == pytest.approx(interval, abs=1e-4)

    def test_nothing_has_none(self) -> None:
        """There is nothing to estimate from."""
        assert Share(0, 0).interval is None


class TestRun:
    def test_the_json_has_every_figure(self) -> None:
        """Plain numbers for programs, with the counts and intervals behind the shares."""
        run = SupportRun(summarise_support(JUDGED, trained=True), figures())
        found = json.loads(json.dumps(run.to_json()))
        assert (found["pairs"], found["passed"], found["kept"]) == (10, 0.1667, 0.75)
        assert (found["trained"], found["rules"]["trained"]) == (True, False)
        assert found["shares"]["passed"] == {
            "count": 1, "of": 6, "interval": [0.030053, 0.563503]
        }  # fmt: skip
        assert found["by_verdict"]["partly"]["recall"] == 0.5
        assert found["by_type"]["limit lost"] == {
            "pairs": 2, "wrong": 2, "right": 0, "passed": 0.5, "kept": None
        }  # fmt: skip
        assert "scores" not in found["rules"]

    def test_every_pair_has_its_score(self) -> None:
        """Under the figures it counts for alone, so that two runs are compared pair by pair."""
        scores = SupportRun(figures(), None).to_json()["scores"]
        assert isinstance(scores, dict)
        by_id = {j.pair.id: j for j in JUDGED}
        assert set(scores) == set(by_id)
        for identity, score in scores.items():
            right = by_id[identity].pair.is_right
            assert (score["passed"] is None, score["kept"] is None) == (right, not right)
        assert sum(s["passed"] or 0 for s in scores.values()) == 1
        assert sum(s["accuracy"] for s in scores.values()) == 7

    def test_rules_alone_where_the_trained_checker_is_off(self) -> None:
        """Where there is none, the check is the rules."""
        trained, rules = summarise_support(JUDGED, trained=True), figures(JUDGED[:5])
        assert SupportRun(trained, rules).figures(trained=True) is trained
        assert SupportRun(trained, rules).figures(trained=False) is rules
        assert SupportRun(rules, None).figures(trained=False) is rules

    def test_another_label_makes_another_pair(self) -> None:
        """A baseline of other labels is one of other pairs."""
        pair = Pair("Paper", "Source.", "Sentence.", SUPPORTED, "kind")
        assert pair.id == Pair("Paper", "Source.", "Sentence.", SUPPORTED, "kind").id
        assert pair.id != Pair("Paper", "Source.", "Sentence.", PARTLY, "kind").id


class TestJudging:
    def test_the_check_sees_the_pair_and_the_checker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One source with one sentence, the title of its paper, and whichever checker is given."""
        seen: list[tuple[str, Sequence[Source], Checker | None]] = []

        def check(sentence: str, sources: Sequence[Source], checker: Checker | None) -> Support:
            seen.append((sentence, sources, checker))
            return Support(PARTLY, 1, sources[0].sentences[0], "")

        class Careless:
            error = None

            def judge(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
                return np.tile(np.float32([1, 0, 0]), (len(pairs), 1))

        monkeypatch.setattr(verdicts, "check_support", check)
        careless = Careless()
        pair = Pair("Gulls", "Gulls sleep.", "They sleep.", SUPPORTED, "paraphrase")
        assert judge(pair, careless) is PARTLY
        ((sentence, (source,), checker),) = seen
        assert (sentence, checker) == ("They sleep.", careless)
        assert source.paper.title == "Gulls"
        (cited,) = source.sentences
        assert source.paper.abstract[cited.span.start : cited.span.end] == cited.text
        assert cited.text == "Gulls sleep."

    def test_the_real_check_passes_a_quotation_and_no_other_number(self) -> None:
        """By the rules alone."""
        source = "Gulls sleep on 1 of their 2 legs."
        wrong = source.replace("1", "3")
        assert judge(Pair("Gulls", source, source, SUPPORTED, "verbatim"), None) is SUPPORTED
        assert judge(Pair("Gulls", source, wrong, UNSUPPORTED, "number"), None) is UNSUPPORTED


class TestReading:
    def write(self, folder: Path, *lines: str) -> Path:
        path = folder / "pairs.jsonl"
        path.write_bytes("\n".join(lines).encode())
        return path

    def test_a_pair_is_read_whole(self, tmp_path: Path) -> None:
        """A byte order mark, blank lines and keys that are not known do no harm."""
        item = ITEM | {"source": "Gulls\u2028sleep.", "why": "because"}
        path = self.write(tmp_path, "\ufeff" + json.dumps(item, ensure_ascii=False), "", "  ")
        assert read_pairs(path) == [
            Pair(
                "Gulls at Night",
                "Gulls\u2028sleep.",
                "Gulls sleep on two legs.",
                UNSUPPORTED,
                "number",
            )
        ]

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("{", "it is not JSON"),
            ("[" * 9999, "it is not JSON"),
            ("[1, 2]", "it is no JSON object"),
            ("null", "it is no JSON object"),
            *((json.dumps({k: v for k, v in ITEM.items() if k != key}), f"it has no {key}")
              for key in ITEM),
            *((json.dumps(ITEM | {key: value}), f"{key} must be a text")
              for key in ITEM if key != "label" for value in (3, None, "", " ", ["a"])),
            *((json.dumps(ITEM | {"label": value}), "label must be one of supported, partly, uns")
              for value in ("Supported", "yes", "", None, True, ["supported"])),
        ],
    )  # fmt: skip
    def test_a_bad_line_is_named(self, tmp_path: Path, line: str, why: str) -> None:
        """The message says which file, which line and what is wrong with it."""
        path = self.write(tmp_path, json.dumps(ITEM), "", line)
        with pytest.raises(EvaluationError, match="line 3 is not a pair with paper") as error:
            read_pairs(path)
        assert why in str(error.value)
        assert str(path) in str(error.value)

    def test_a_repeated_pair_is_named(self, tmp_path: Path) -> None:
        """It would count twice, or contradict itself."""
        again = json.dumps(ITEM | {"label": "supported"})
        path = self.write(tmp_path, json.dumps(ITEM), "", again)
        with pytest.raises(EvaluationError, match="line 3 repeats the pair of line 1"):
            read_pairs(path)

    def test_a_file_without_pairs_is_said(self, tmp_path: Path) -> None:
        """Missing, a folder, not text, empty: one sentence each, without the system's numbers."""
        (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
        for path, reason in (
            (tmp_path / "missing", "there is no such file"),
            (tmp_path, "it is a folder"),
            (tmp_path / "bytes", "no text in UTF-8"),
            (tmp_path / "bytes" / "deeper", "a part of that path is a file"),
            (tmp_path / ("x" * 300), "the system refuses it"),
        ):
            with pytest.raises(EvaluationError, match="Cannot read the pairs in") as error:
                read_pairs(path)
            assert reason in str(error.value)
            assert "rrno" not in str(error.value)
        with pytest.raises(EvaluationError, match="holds no pairs"):
            read_pairs(self.write(tmp_path, "", " "))

    def test_the_packaged_pairs_are_read(self) -> None:
        """They hold right and wrong ones: both figures can be told."""
        assert {pair.is_right for pair in packaged_pairs()} == {True, False}
