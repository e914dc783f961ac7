"""What single questions score -> means, medians, spreads of those that define a figure; pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile, milliseconds."""

    median: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The spread of one value or more."""
        p95 = values[0]
        if len(values) > 1:
            p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
        return cls(round(statistics.median(values), 1), round(p95, 1))


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is known; None where nothing is."""
    known = [v for v in values if v is not None]
    return round(statistics.fmean(known), 4) if known else None


def median(values: Iterable[float | None]) -> float | None:
    """The median of what is known; None where nothing is."""
    known = [v for v in values if v is not None]
    return round(statistics.median(known), 4) if known else None


def spread(timings: Iterable[float | None]) -> Spread | None:
    """The spread of what is known; None where nothing is."""
    known = [t for t in timings if t is not None]
    return Spread.of(known) if known else None
