"""The fitted weights belong to the features that the evidence gives, and are used as fitted."""

from __future__ import annotations

import math

import pytest

from rag.config import load_config
from rag.evidence import citable_features, find_near
from rag.fitted import PATH, Logistic, fitted
from tests.rag.builders import passage

MOSS = passage("On Moss", "Moss keeps stones damp.", similarities=(0.8,))
EMPTY = passage("Only a Title")


@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("citable", citable_features(MOSS, MOSS)),
        ("citable", citable_features(EMPTY, EMPTY)),
        ("answered", find_near("How damp is moss?", [MOSS], load_config().evidence).features),
    ],
)
def test_the_shipped_weights_have_exactly_the_features_that_are_given(
    name: str, features: dict[str, float]
) -> None:
    """A feature that is renamed on one side only would be noticed here."""
    assert set(fitted(name).weights) == set(features)
    assert 0 < fitted(name).probability(features) < 1


def test_features_do_not_depend_on_scores_of_nothing() -> None:
    """Without sentences or a score there is no share of the best one's, and no error."""
    features = citable_features(EMPTY, passage("Nothing", score=0.0))
    assert (features["score_share"], features["sentence_share"]) == (0.0, 0.0)


def test_probability_by_hand() -> None:
    """One over one plus e to the minus of the weighted sum."""
    model = Logistic(-1.0, {"near": 2.0, "missing": -3.0})
    assert model.probability({"near": 0.5, "missing": 0.0}) == 0.5
    assert model.probability({"near": 1.0, "missing": 1.0}) == pytest.approx(
        1 / (1 + math.exp(2.0))
    )
    assert model.probability({"near": 0.5, "missing": 0.0, "unknown": 9.0}) == 0.5


def test_a_missing_feature_is_not_taken_for_zero() -> None:
    with pytest.raises(KeyError, match="missing"):
        Logistic(0.0, {"missing": 1.0}).probability({"near": 1.0})


def test_more_evidence_is_worth_more() -> None:
    """The signs of the weights are those that their names promise."""
    assert all(weight > 0 for weight in fitted("citable").weights.values())
    answered = fitted("answered").weights
    assert answered["similarity"] > 0 > max(answered["names_missing"], answered["figures_missing"])


def test_the_file_says_how_it_was_made() -> None:
    head = " ".join(PATH.read_text(encoding="utf-8").split("citable:")[0].replace("#", "").split())
    for script in ("tests.bench.fit", "tests.bench.fit_support"):
        assert f"`python -m {script}`" in head
    assert "do not edit by hand" in head
