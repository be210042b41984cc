"""Whether one system is better than another on the same cases.

The difference of means with a bootstrap interval over the cases (Efron 1979,
doi:10.1214/aos/1176344552), and a permutation test that swaps the two within cases (Fisher 1935; as
in Dror et al. 2018, doi:10.18653/v1/P18-1128); Holm 1979 where several pairs are compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np

from genwright.errors import UsageError
from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean
from genwright.types import Json

PERMUTATIONS = 10_000
LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """How far one system is ahead of another."""

    difference: ConfidenceInterval
    """Mean of first minus second, over cases."""
    p: float
    """Two-sided p value of the permutation test."""
    won: int
    lost: int
    tied: int

    @property
    def is_distinguishable(self) -> bool:
        """Whether chance alone would hardly make such a difference (p < 0.05)."""
        return self.p < LEVEL

    def json(self) -> Json:
        """Every field."""
        return {
            **self.difference.json(),
            "p": round(self.p, 6),  # finer than the permutations: it stays on its side of LEVEL
            "won": self.won,
            "lost": self.lost,
            "tied": self.tied,
            "distinguishable": self.is_distinguishable,
        }

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """What ``json`` gave."""
        counts = {name: int(values[name]) for name in ("won", "lost", "tied")}
        return cls(ConfidenceInterval.from_json(values), float(values["p"]), **counts)


def compare_cases(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Difference:
    """Compare two systems by their values on the same cases.

    Args:
        first: A value per case.
        second: A value per case, in the same order.
        seed: Of resampling and permutations.

    Raises:
        UsageError: The numbers of cases differ, or there are none.

    Example:
        >>> compare_cases([1, 1, 0], [1, 1, 0]).p
        1.0
    """
    if len(first) != len(second) or not first:
        raise UsageError(f"Expected values for the same cases, got {len(first)} and {len(second)}.")
    gaps = np.asarray(first, float) - np.asarray(second, float)
    return Difference(
        difference=bootstrap_mean(gaps.tolist(), seed),
        p=_test_sign_flips(gaps, seed),
        won=int((gaps > 0).sum()),
        lost=int((gaps < 0).sum()),
        tied=int((gaps == 0).sum()),
    )


def compare_all(
    values: Mapping[str, Sequence[float]], seed: int = 0
) -> dict[tuple[str, str], Difference]:
    """Compare every pair of systems; p values are corrected for their number (Holm 1979)."""
    pairs = list(combinations(values, 2))
    found = {pair: compare_cases(values[pair[0]], values[pair[1]], seed) for pair in pairs}
    corrected = holm([found[pair].p for pair in pairs])
    return {
        pair: Difference(**{**found[pair].__dict__, "p": p})
        for pair, p in zip(pairs, corrected, strict=True)
    }


def holm(values: Sequence[float]) -> list[float]:
    """P values corrected for being several, by Holm's step-down.

    Example:
        >>> holm([0.01, 0.04])
        [0.02, 0.04]
    """
    order = sorted(range(len(values)), key=lambda place: values[place])
    corrected, highest = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = highest
    return corrected


def _test_sign_flips(gaps: "np.ndarray[tuple[int], np.dtype[np.float64]]", seed: int) -> float:
    told = gaps[gaps != 0]
    if not len(told):
        return 1.0
    random = np.random.default_rng(seed)
    observed, hits, left = abs(told.sum()) - 1e-12, 0, PERMUTATIONS
    while left:
        size = min(left, max(1, 2_000_000 // len(told)))
        signs = random.integers(0, 2, (size, len(told)), dtype=np.int8) * 2 - 1
        hits += int((np.abs(signs @ told) >= observed).sum())
        left -= size
    return (hits + 1) / (PERMUTATIONS + 1)
