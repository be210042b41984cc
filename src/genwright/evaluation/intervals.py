"""Intervals: how far a mean or a share may be off, from the cases it was taken over.

Efron 1979, doi:10.1214/aos/1176344552; the percentile interval over 1,000 resamples of the cases.
Shares of few cases have Wilson's (1927, doi:10.1080/01621459.1927.10502953).
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from genwright.types import Json

RESAMPLES = 1000
Z95 = 1.959964
"""The normal distribution's quantile at 0.975."""


@dataclass(frozen=True)
class ConfidenceInterval:
    """A measured value and its 95 % interval; all three nan where there was no case."""

    value: float
    low: float
    high: float

    def json(self) -> Json:
        """``{"value", "low", "high"}``, with None for nan and four decimals."""
        return {k: None if math.isnan(v) else round(v, 4) for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        numbers = (values[name] for name in ("value", "low", "high"))
        return cls(*(math.nan if each is None else float(each) for each in numbers))

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "no cases"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> ConfidenceInterval:
    """Mean of one value per case, with its interval.

    Args:
        values: One number per case, all weighing the same.
        seed: Of the resampling, so that a report can be repeated.

    Example:
        >>> bootstrap_mean([0.5] * 10)
        ConfidenceInterval(value=0.5, low=0.5, high=0.5)
    """
    return bootstrap_ratio(values, [1.0] * len(values), seed)


def bootstrap_ratio(
    numerators: Sequence[float], denominators: Sequence[float], seed: int = 0
) -> ConfidenceInterval:
    """A ratio of two sums over cases, such as precision over answers of unequal citations.

    Cases are resampled whole, so that those of one answer stay together.

    Example:
        >>> bootstrap_ratio([1, 2], [2, 2]).value
        0.75
    """
    top, bottom = np.asarray(numerators, float), np.asarray(denominators, float)
    if not bottom.sum():
        return ConfidenceInterval(float("nan"), float("nan"), float("nan"))
    draws = np.random.default_rng(seed).integers(0, len(top), (RESAMPLES, len(top)))
    with np.errstate(invalid="ignore"):
        ratios = top[draws].sum(axis=1) / bottom[draws].sum(axis=1)
    low, high = np.nanquantile(ratios, [0.025, 0.975])
    return ConfidenceInterval(float(top.sum() / bottom.sum()), float(low), float(high))


def wilson_interval(hits: int, n: int) -> ConfidenceInterval:
    """A share of cases with Wilson's score interval, which holds at 0 and at 1, too.

    Example:
        >>> print(wilson_interval(8, 10))
        0.800 [0.490, 0.943]
    """
    if not n:
        return ConfidenceInterval(float("nan"), float("nan"), float("nan"))
    share, weight = hits / n, Z95 * Z95 / n
    centre = (share + weight / 2) / (1 + weight)
    reach = math.sqrt(share * (1 - share) * weight + weight * weight / 4) / (1 + weight)
    return ConfidenceInterval(share, max(0.0, centre - reach), min(1.0, centre + reach))
