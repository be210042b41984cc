"""How sure ratings and ranks are.

Intervals of single ratings come from the sandwich covariance of the fit; the bootstrap over votes
is the check of them. Ranks are stated all at once: with 95 % confidence every contender's true
rank lies in its range (Mogstad, Romano, Shaikh and Wilhelm 2024, doi:10.1093/restud/rdad006, by
two-sided confidence sets of all differences).
"""

from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.ratings.bradley_terry import maximize_likelihood
from genwright.arena.ratings.tally import Tally

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats, Ints

Z95 = 1.959963984540054
DRAWS = 1000
AT_ONCE = 4_000_000
"""Cells of a batch of bootstraps, so that memory stays small."""


def estimate_rank_ranges(
    theta: "Floats", covariance: "Floats", level: float = 0.95, seed: int = 0
) -> "tuple[Ints, Ints]":
    """Best and worst rank that each contender may have, all of them at once.

    Args:
        theta: (n,) strengths.
        covariance: (n, n) of them.
        level: Chance that all ranges hold together.
        seed: Of the draws that give the critical value.

    Returns:
        (n,) best and (n,) worst ranks, 1 for the first.
    """
    n = len(theta)
    spread = _compute_gap_errors(covariance)
    gaps = theta[:, None] - theta[None, :]
    ahead = gaps > find_critical_value(covariance, level, seed) * spread
    np.fill_diagonal(ahead, False)
    return 1 + ahead.sum(axis=0), n - ahead.sum(axis=1)


def find_critical_value(covariance: "Floats", level: float = 0.95, seed: int = 0) -> float:
    """The number of standard errors that no difference exceeds at once, with probability level."""
    n = len(covariance)
    if n < 2:
        return Z95
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    draws = np.random.default_rng(seed).standard_normal((DRAWS, n)) @ root.T
    upper = np.triu_indices(n, 1)
    spread = _compute_gap_errors(covariance)[upper]
    most = np.zeros(DRAWS)
    step = max(1, AT_ONCE // len(spread))
    for begin in range(0, DRAWS, step):
        part = draws[begin : begin + step]
        most[begin : begin + step] = (
            np.abs(part[:, upper[0]] - part[:, upper[1]]) / np.maximum(spread, 1e-300)
        ).max(axis=1)
    return float(np.quantile(most, level))


def bootstrap(counted: Tally, rounds: int = 1000, seed: int = 0) -> "Floats":
    """Strengths under votes drawn again from those that were given, (rounds, n).

    A round draws as many votes as there are, with replacement (Efron 1979,
    doi:10.1214/aos/1176344552); all votes of one pair and outcome being alike, that is one
    multinomial draw. Where a round leaves one side without a single point, a trace of a tie on
    each pair keeps its strengths finite, as in the fit itself.
    """
    n, random = len(counted.names), np.random.default_rng(seed)
    wins, ties = counted.wins, np.triu(counted.ties)
    pool = np.concatenate([wins.ravel(), ties.ravel()])
    total = round(float(pool.sum()))
    weights = np.ones((n, n)) if counted.weights is None else counted.weights
    met = (counted.games > 0) * 1e-3
    found, step = np.zeros((rounds, n)), max(1, AT_ONCE // (n * n))
    for begin in range(0, rounds, step):
        size = min(step, rounds - begin)
        drawn = random.multinomial(total, pool / pool.sum(), size).reshape(size, 2, n, n)
        won, tied = drawn[:, 0].astype(float), drawn[:, 1].astype(float)
        tied = tied + tied.transpose(0, 2, 1) + met
        scores = (won + tied / 2) * weights
        games = (won + won.transpose(0, 2, 1) + tied) * weights
        found[begin : begin + size] = maximize_likelihood(scores, games)
    return found


def _compute_gap_errors(covariance: "Floats") -> "Floats":
    """(n, n) standard errors of differences."""
    own = np.diag(covariance)
    return np.sqrt(np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0))
