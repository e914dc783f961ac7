"""What was fitted on labelled questions: weights of small linear models, with where they are from.

`fitted.yaml` is written by `python -m tests.bench.fit` (papers, questions) and
`python -m tests.bench.fit_support` (sentences), which say how well they do out of fold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

PATH = Path(__file__).with_name("fitted.yaml")


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression over named features."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float = 0.5  # the probability from which on it says yes

    def probability(self, features: Mapping[str, float]) -> float:
        """Between 0 and 1; every feature it was fitted on must be given."""
        total = self.intercept + sum(w * features[name] for name, w in self.weights.items())
        return 1 / (1 + math.exp(-total))


@cache
def fitted(name: str) -> Logistic:
    """The model of this name: `citable` (a paper), `answered` (a question), `supported`."""
    model = yaml.safe_load(PATH.read_text(encoding="utf-8"))[name]
    return Logistic(model["intercept"], model["weights"], model.get("threshold", 0.5))
