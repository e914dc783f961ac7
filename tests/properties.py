"""A property, tried on as many examples as wanted, drawn from a seed that is printed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy


def try_on(examples: int, check: Callable[..., None], **drawn: SearchStrategy[Any]) -> None:
    """Run `check` on drawn arguments; the first that fails is shrunk and shown by Hypothesis."""
    number = random.randrange(2**32)
    print(f"seed {number}")
    limits = settings(
        max_examples=examples,
        deadline=None,
        database=None,  # the seed alone decides what is drawn
        suppress_health_check=[HealthCheck.too_slow],
    )
    seed(number)(limits(given(**drawn)(check)))()
