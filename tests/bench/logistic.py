"""Small logistic regressions: fitted, scored out of fold, and kept in `rag/fitted.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from rag.fitted import PATH, Logistic

_FOLDS = 5
_SEED = 1
_HEAD = """\
# Written by `python -m tests.bench.fit` and `python -m tests.bench.fit_support`; do not edit by
# hand. Logistic regressions; the scripts print how they do out of fold.
"""

Row = dict[str, float]


def out_of_fold(rows: Sequence[Row], labels: Sequence[int], owners: Sequence[int]) -> list[float]:
    """The probability of each row by a model that saw no row of the same owner."""
    groups = list(dict.fromkeys(owners))
    probabilities = [0.0] * len(rows)
    for train, test in KFold(_FOLDS, shuffle=True, random_state=_SEED).split(groups):
        seen = {groups[k] for k in train}
        held_out = {groups[k] for k in test}
        model = fit(
            [r for r, o in zip(rows, owners, strict=True) if o in seen],
            [y for y, o in zip(labels, owners, strict=True) if o in seen],
        )
        for k, owner in enumerate(owners):
            if owner in held_out:
                probabilities[k] = model.probability(rows[k])
    return probabilities


def fit(rows: Sequence[Row], labels: Sequence[int]) -> Logistic:
    """L2-regularised logistic regression on scaled features, its weights for unscaled ones."""
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    mean, deviation = table.mean(0), np.maximum(table.std(0), 1e-6)
    model = LogisticRegression(C=0.3, max_iter=1000).fit((table - mean) / deviation, labels)
    weights = model.coef_[0] / deviation
    intercept = float(model.intercept_[0] - weights @ mean)
    return Logistic(intercept, {n: float(w) for n, w in zip(names, weights, strict=True)})


def write(models: Mapping[str, Logistic]) -> None:
    """Put models into `rag/fitted.yaml`, in the place of those of their names."""
    kept: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    for name, model in models.items():
        kept[name] = {
            "intercept": round(model.intercept, 4),
            "weights": {name: round(weight, 4) for name, weight in model.weights.items()},
        }
        if model.threshold != 0.5:
            kept[name]["threshold"] = model.threshold
    PATH.write_text(_HEAD + yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")
    print(f"wrote {', '.join(models)} to {PATH.name}")
