"""Figures of an earlier run and of this one -> what differs, for better or worse, and how surely.

Means of the same questions are compared by the paired bootstrap: questions are drawn again with
replacement, the same ones for both runs, and the interval holds the middle 95 % of the differences
(the percentile interval of B. Efron, "Bootstrap Methods: Another Look at the Jackknife", The Annals
of Statistics 7(1), 1979).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.errors import EvaluationError
from rag.evaluation.files import read_text

RESAMPLES = 2000
_SEED = 1979
_INTERVAL = (2.5, 97.5)  # percentiles
_COUNTED = ("questions", "pairs")  # how many there were; the same in both runs
# Means over questions, or over pairs, that say how good search, answers and the check are.
MAIN = (
    "ndcg10", "recall5", "recall10", "recall100", "cited_right", "gold_cited", "points_stated",
    "passed", "kept", "accuracy",
)  # fmt: skip
# What is told of the check beside the figures that rest on it, as "check_passed".
_OF_CHECK = ("passed", "kept")
MODEL_TEXT = "model_text."  # before the name of a figure of what the model itself wrote
_LOWER_IS_BETTER = {
    "words", "words_max", "citations_invented_shown", "citations_invented_removed",
    "answerable_refused", "passed", "check_passed",
}  # fmt: skip
_HIGHER_IS_BETTER = {
    *MAIN, "sentences_supported", "refusal_precision", "refusal_recall", "refusal_f1", "check_kept",
    "f1", "citation_recall", "citation_precision", "citation_f1", "contained_recall",
    "contained_precision", "contained_f1", "points_per_100_words", "extract_points_kept",
} - _LOWER_IS_BETTER  # fmt: skip
# They tell as much of what else the machine does as of the change.
_TIMES = {
    "evidence_ms", "first_token_ms", "total_ms", "search_ms", "embedding_ms", "sentence_ms",
    "evidence_per_embedding",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """What one evaluation measured, as its JSON holds it."""

    figures: dict[str, float]  # "total_ms.median" for that of a spread, "model_text.words"
    by_type: dict[str, dict[str, float]]
    scores: dict[str, dict[str, float]]  # what each question scored, by its id


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two runs; None where a run does not define it."""

    name: str
    baseline: float | None
    now: float | None
    interval: tuple[float, float] | None = None  # holds the true difference 95 times in 100

    @property
    def change(self) -> float | None:
        if self.baseline is None or self.now is None:
            return None
        return self.now - self.baseline

    @property
    def better(self) -> bool | None:
        """Whether the change is for the better; None for no change, a time, or without a good."""
        if not self.change or self._figure not in _HIGHER_IS_BETTER | _LOWER_IS_BETTER:
            return None
        return (self.change > 0) == (self._figure in _HIGHER_IS_BETTER)

    @property
    def word(self) -> str:
        """Better or worse, or of a time slower or faster; empty where neither is the case."""
        if self.change and self._figure in _TIMES:
            return "slower" if self.change > 0 else "faster"
        return {True: "better", False: "worse", None: ""}[self.better]

    @property
    def _figure(self) -> str:
        return self.name.removeprefix(MODEL_TEXT).partition(".")[0]

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval excludes zero."""
        return self.interval is not None and (self.interval[0] > 0 or self.interval[1] < 0)

    def to_json(self) -> dict[str, object]:
        return {
            "baseline": self.baseline,
            "now": self.now,
            "difference": _rounded(self.change),
            "better": self.better,
            "interval": [_rounded(x) for x in self.interval] if self.interval else None,
            "beyond_noise": self.beyond_noise,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every figure of two runs, and those of each type of question."""

    figures: dict[str, Difference]
    by_type: dict[str, dict[str, Difference]]

    def to_json(self) -> dict[str, object]:
        """The comparison as `footnote eval --compare … --json` prints it."""
        return {
            "figures": {name: d.to_json() for name, d in self.figures.items()},
            "by_type": {
                kind: {name: d.to_json() for name, d in row.items()}
                for kind, row in self.by_type.items()
            },
            "resamples": RESAMPLES,
        }


def read_baseline(path: Path, scored: str = "questions") -> Run:
    """What an earlier evaluation printed with --json; EvaluationError for any other file.

    `scored` is what the run has to have counted: questions, or pairs of the check.
    """
    text = read_text(path, "the baseline")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get(scored), int):
        command = "footnote eval --support …" if scored == "pairs" else "footnote eval …"
        raise EvaluationError(
            f"{path} is not what '{command} --json' printed; make a baseline with "
            f"'{command} --json > {path.name}'."
        )
    return run_of(document)


def run_of(document: Mapping[str, object]) -> Run:
    """The numbers of an evaluation's JSON; what is no number there is no figure."""
    return Run(
        _numbers(document),
        {kind: _numbers(row) for kind, row in _objects(document.get("by_type")).items()},
        {case: _numbers(row) for case, row in _objects(document.get("scores")).items()},
    )


def _objects(value: object) -> dict[str, dict[str, object]]:
    rows = value if isinstance(value, dict) else {}
    return {str(key): row for key, row in rows.items() if isinstance(row, dict)}


def _numbers(row: Mapping[str, object]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in row.items():
        if name == "check" and isinstance(value, dict):
            check = _numbers(value)
            found |= {f"check_{part}": check[part] for part in _OF_CHECK if part in check}
        elif name == "model_text" and isinstance(value, dict):
            found |= {f"{MODEL_TEXT}{part}": number for part, number in _numbers(value).items()}
        elif isinstance(value, dict) and set(value) == {"median", "p95"}:
            found |= {f"{name}.{part}": number for part, number in _numbers(value).items()}
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = value
    return found


def require_same(baseline: Run, path: Path, ids: list[str], scored: str = "questions") -> None:
    """EvaluationError unless the baseline scored these questions or pairs, as far as it says."""
    count = baseline.figures[scored]
    if (set(baseline.scores) != set(ids)) if baseline.scores else count != len(ids):
        shared = len(set(baseline.scores) & set(ids))
        held = f", {shared} of them these" if baseline.scores else ""
        raise EvaluationError(
            f"The baseline {path} is of other {scored} ({count:.0f}{held}; here are {len(ids)}): "
            "compare runs of the same file."
        )


def compare(baseline: Run, now: Run) -> Comparison:
    """The differences of two runs, with intervals where both scored the same questions."""
    intervals = _intervals(baseline, now)
    names = dict.fromkeys([*now.figures, *baseline.figures])
    return Comparison(
        {
            name: Difference(
                name, baseline.figures.get(name), now.figures.get(name), intervals.get(name)
            )
            for name in names
            if name not in _COUNTED
        },
        {
            kind: {
                name: Difference(name, baseline.by_type.get(kind, {}).get(name), value)
                for name, value in row.items()
            }
            for kind, row in now.by_type.items()
        },
    )


def _intervals(baseline: Run, now: Run) -> dict[str, tuple[float, float]]:
    if not now.scores or set(baseline.scores) != set(now.scores):
        return {}
    found = {}
    for name in MAIN:
        interval = paired_interval(
            [baseline.scores[case].get(name) for case in now.scores],
            [now.scores[case].get(name) for case in now.scores],
        )
        if interval is not None:
            found[name] = interval
    return found


def paired_interval(
    baseline: list[float | None], now: list[float | None]
) -> tuple[float, float] | None:
    """95 % interval of the difference of two means over the same questions, in the same order.

    A question may define the figure in one run alone; each mean is over those that define it, as in
    the figures themselves. None where a run defines it for no question.
    """
    before, after = (np.array(run, dtype=float) for run in (baseline, now))  # None becomes NaN
    if np.isnan(before).all() or np.isnan(after).all():
        return None
    drawn = np.random.default_rng(_SEED).integers(len(before), size=(RESAMPLES, len(before)))
    differences = _means(after[drawn]) - _means(before[drawn])
    # A draw of nothing but questions without the figure has no mean.
    low, high = np.nanpercentile(differences, _INTERVAL)
    return round(float(low), 6), round(float(high), 6)  # sums of floats leave a dust that is no 0


def _means(values: np.ndarray) -> np.ndarray:
    """The mean of each row over what is known in it; NaN where nothing is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        means: np.ndarray = np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1)
    return means


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
