"""Drift: are the questions of today those of the reference window?

Four looks, each with a p-value by permutation or by an exact law, so that its false alarms are as
frequent as stated and no more:

- embeddings, by maximum mean discrepancy with a Gaussian kernel (Gretton et al. 2012, JMLR 13:723),
- a classifier that tries to tell one window from the other (Lopez-Paz and Oquab 2017,
  arXiv:1610.06545), by its area under the curve on questions it has not seen,
- lengths, by the two-sample Kolmogorov-Smirnov statistic,
- shares (refused, thumbs down), by Fisher's exact test.

Each look shares its level among its tests (Bonferroni), so where nothing drifted one look in
``1 / ALPHA`` alarms, or fewer. Looks are at windows that do not overlap: a system that is asked
``drift_window`` questions a day has a false alarm in a hundred days, and still sees a drift years
after its reference, which a level that is spent over all looks to come would not.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genwright.types import Vectors

ALPHA = 0.01
"""Chance that a look alarms where nothing drifted."""
PERMUTATIONS = 2000
"""Of the permutation tests: their smallest p-value is one in so many."""
RIDGE = 0.01
"""Penalty of the classifier, a share of the number of questions it is fitted to."""
MOST = 500
"""Questions of a window that are compared: the kernel is a square of their number."""

Floats = NDArray[np.float64]
Share = tuple[int, int]
"""How many of how many."""


@dataclass(frozen=True)
class DriftTest:
    """What one look saw."""

    name: str
    statistic: float
    p: float
    """Chance of such a statistic where nothing drifted."""
    drifted: bool


@dataclass(frozen=True)
class DriftWindow:
    """Questions of some time."""

    vectors: Vectors
    """Embeddings, shape (n, dim)."""
    lengths: Sequence[int]
    """Characters of each question."""
    refused: Share
    thumbs_down: Share
    since: float
    """Seconds since 1970 of the first one."""
    until: float


@dataclass(frozen=True)
class DriftReport:
    """A comparison of the latest window with the reference."""

    tests: tuple[DriftTest, ...]
    level: float
    """Of each test at this look."""
    reference: tuple[float, float]
    """When the reference window began and ended, in seconds since 1970."""
    latest: tuple[float, float]

    @property
    def has_drifted(self) -> bool:
        """Whether any of them drifted."""
        return any(test.drifted for test in self.tests)


def compare_windows(
    reference: DriftWindow, latest: DriftWindow, look: int = 1, alpha: float = ALPHA
) -> DriftReport:
    """Compare two windows.

    Args:
        reference: What is taken as usual.
        latest: What is asked about.
        look: How often this reference has been compared: draws other permutations each time.
        alpha: Chance of a false alarm at this look.
    """
    rng = np.random.default_rng(look)
    x, y = _sample_vectors(reference.vectors, rng), _sample_vectors(latest.vectors, rng)
    found = [
        ("mmd", *mmd_test(x, y, rng)),
        ("auc", *auc_test(x, y, rng)),
        ("length", *ks_test(reference.lengths, latest.lengths, rng)),
        ("refused", *share_test(reference.refused, latest.refused)),
        ("thumbs_down", *share_test(reference.thumbs_down, latest.thumbs_down)),
    ]
    level = alpha / len(found)
    tests = tuple(DriftTest(name, value, p, p <= level) for name, value, p in found)
    return DriftReport(
        tests,
        level,
        (reference.since, reference.until),
        (latest.since, latest.until),
    )


def mmd_test(
    x: Vectors, y: Vectors, rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> tuple[float, float]:
    """Unbiased squared maximum mean discrepancy, and its p-value by permutation.

    ``mean k(x, x') + mean k(y, y') - 2 mean k(x, y)`` with ``k(a, b) = exp(-|a - b|^2 / 2 s^2)``
    and s the median distance (Gretton et al. 2012, lemma 6 and section 8).

    Args:
        x: Shape (n, dim), n ≥ 2.
        y: Shape (m, dim), m ≥ 2.
        rng: Draws the permutations.
        permutations: How many.
    """
    both = np.concatenate([x, y]).astype(np.float64)
    squares = (both**2).sum(1)
    distances = np.maximum(squares[:, None] + squares[None] - 2 * both @ both.T, 0)
    median = float(np.median(distances[np.triu_indices(len(both), 1)])) or 1.0
    kernel = np.exp(-distances / median)
    np.fill_diagonal(kernel, 0)
    n, m = len(x), len(y)

    def compute_statistic(labels: Floats) -> Floats:
        """For labels of shape (k, n + m), 1 for the first window: shape (k,)."""
        first = labels @ kernel  # (k, n + m)
        within_x = (first * labels).sum(1)
        total = kernel.sum()
        across = (first * (1 - labels)).sum(1)
        within_y = total - within_x - 2 * across
        return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * across / (n * m)

    return _run_permutations(compute_statistic, n, m, rng, permutations)


def auc_test(
    x: Vectors, y: Vectors, rng: np.random.Generator, permutations: int = PERMUTATIONS
) -> tuple[float, float]:
    """Area under the curve of a classifier on questions it was not fitted to, and its p-value.

    Ridge regression on the embeddings of one half of the questions, judged on the other half.
    Where nothing drifted that half's labels are exchangeable, so permuting them is exact.
    """
    both = np.concatenate([x, y]).astype(np.float64)
    labels = np.concatenate([np.zeros(len(x)), np.ones(len(y))])
    order = rng.permutation(len(both))
    seen, held = order[: len(order) // 2], order[len(order) // 2 :]
    centre = both[seen].mean(0)
    a, b = both[seen] - centre, labels[seen] - labels[seen].mean()
    weights = a.T @ np.linalg.solve(a @ a.T + len(seen) * RIDGE * np.eye(len(seen)), b)
    scores, truth = (both[held] - centre) @ weights, labels[held]
    area = _compute_auc(scores, truth)
    beaten = sum(_compute_auc(scores, rng.permutation(truth)) >= area for _ in range(permutations))
    return area, (beaten + 1) / (permutations + 1)


def ks_test(
    x: Sequence[int],
    y: Sequence[int],
    rng: np.random.Generator,
    permutations: int = PERMUTATIONS,
) -> tuple[float, float]:
    """Largest distance of two distribution functions, and its p-value by permutation (ties)."""
    both = np.concatenate([np.asarray(x), np.asarray(y)]).astype(np.float64)
    order = np.argsort(both, kind="stable")
    last = np.flatnonzero(np.append(np.diff(both[order]) > 0, True))  # where equal ones end
    n, m = len(x), len(y)

    def compute_statistic(labels: Floats) -> Floats:
        first = np.cumsum(labels[:, order], axis=1)[:, last] / n
        second = np.cumsum(1 - labels[:, order], axis=1)[:, last] / m
        return np.abs(first - second).max(1)

    return _run_permutations(compute_statistic, n, m, rng, permutations)


def share_test(x: Share, y: Share) -> tuple[float, float]:
    """Difference of two shares, and its two-sided p-value by Fisher's exact test."""
    (a, n), (b, m) = x, y
    if not n or not m:
        return 0.0, 1.0
    total = a + b

    def compute_log_chance(k: int) -> float:
        return _log_choose(n, k) + _log_choose(m, total - k) - _log_choose(n + m, total)

    here = compute_log_chance(a)
    every = (compute_log_chance(k) for k in range(max(0, total - m), min(n, total) + 1))
    p = sum(math.exp(each) for each in every if each <= here + 1e-9)
    return b / m - a / n, min(1.0, p)


def _run_permutations(
    statistic: Callable[[Floats], Floats],
    n: int,
    m: int,
    rng: np.random.Generator,
    permutations: int,
) -> tuple[float, float]:
    labels = np.concatenate([np.ones(n), np.zeros(m)])
    seen = float(statistic(labels[None])[0])
    beaten = 0
    for start in range(0, permutations, 200):  # so that memory stays small
        some = min(200, permutations - start)
        shuffled = rng.permuted(np.tile(labels, (some, 1)), axis=1)
        beaten += int((statistic(shuffled) >= seen - 1e-12).sum())
    return seen, (beaten + 1) / (permutations + 1)


def _compute_auc(scores: Floats, labels: Floats) -> float:
    positive = labels == 1
    ranks = _rank_values(scores)
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def _rank_values(values: Floats) -> Floats:
    """Ranks from 1, equal values sharing theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[inverse]


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _sample_vectors(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    if len(vectors) <= MOST:
        return vectors
    return vectors[np.sort(rng.choice(len(vectors), MOST, replace=False))]
