"""Strengths from votes by maximum likelihood, and how far they may be off.

Bradley and Terry 1952, doi:10.2307/2334029: contender i is preferred to j with probability
``s(theta_i - theta_j)``, s the logistic function; a tie is half a win of each. Davidson 1970,
doi:10.1080/01621459.1970.10481082, gives ties a probability of their own,
proportional to ``nu sqrt(pi_i pi_j)`` with ``pi = exp(theta)``. Strengths have mean 0; votes are
counts of pairs, so that a fit costs the same for a thousand votes as for a million.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.ratings.connectivity import is_comparable
from genwright.arena.ratings.tally import Tally
from genwright.errors import UsageError

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats

STEPS = 100
ENOUGH = 1e-10
"""Newton ends where no strength moves further than this, in nats."""
SMALLEST = 1e-3
"""Votes, a tie of each pair that met, added where one side always won: ratings become finite."""


@dataclass(frozen=True)
class RatingFit:
    """Strengths of n contenders in nats, with what is uncertain about them."""

    theta: "Floats"
    """(n,), mean 0."""
    covariance: "Floats"
    """(n, n): sandwich covariance of ``theta``, White 1982, doi:10.2307/1912526."""
    tie: float | None = None
    """``log nu`` of Davidson's model; None in Bradley and Terry's."""
    finite: bool = True
    """Whether the votes alone give finite strengths; else a trace of a tie was added."""


def fit_bradley_terry(counted: Tally, start: "Floats | None" = None) -> RatingFit:
    """Strengths of contenders that votes join.

    Args:
        counted: Votes on each pair.
        start: Strengths to begin at, such as those before the last vote; (n,).

    Raises:
        UsageError: There is no vote.
    """
    counted, finite = _bound_tally(counted)
    theta = maximize_likelihood(counted.scores, counted.weighted_games, start)
    chance = _logistic(theta[:, None] - theta[None, :])
    curvature = _compute_laplacian(counted.weighted_games * chance * (1 - chance))
    square = counted.wins * (1 - chance) ** 2 + counted.wins.T * chance**2
    square += counted.ties * (0.5 - chance) ** 2
    if counted.weights is not None:
        square = square * counted.weights**2
    return RatingFit(theta, _compute_sandwich(curvature, _compute_laplacian(square)), finite=finite)


def maximize_likelihood(
    scores: "Floats", games: "Floats", start: "Floats | None" = None
) -> "Floats":
    """Newton's method on the likelihood; any number of tallies at once.

    Args:
        scores: (..., n, n) wins with ties as halves.
        games: (..., n, n) votes, symmetric.
        start: (n,) or (..., n) where to begin; 0 by default.

    Returns:
        (..., n) strengths in nats, mean 0.
    """
    n = games.shape[-1]
    theta = (
        np.zeros(games.shape[:-1]) if start is None else _broadcast_start(start, games.shape[:-1])
    )
    target, joint = scores.sum(axis=-1), np.ones((n, n)) / n
    scale = np.maximum(games.sum(axis=(-1, -2), keepdims=True), 1e-300)
    for _ in range(STEPS):
        chance = _logistic(theta[..., :, None] - theta[..., None, :])
        gradient = target - (games * chance).sum(axis=-1)
        curvature = _compute_laplacian(games * chance * (1 - chance))
        # All strengths moved alike change nothing: a ridge in that direction alone fixes the mean.
        ridge = curvature + joint * scale + 1e-12 * scale * np.eye(n)
        step = np.linalg.solve(ridge, gradient[..., None])[..., 0]
        step = np.clip(step, -2, 2)  # far from the top the quadratic is no guide
        theta = theta + step
        if np.abs(step).max(initial=0.0) < ENOUGH:
            break
    return theta - theta.mean(axis=-1, keepdims=True)


def fit_davidson(counted: Tally) -> RatingFit:
    """Strengths where ties have a probability of their own.

    Raises:
        UsageError: There is no vote, or none is a tie: use Bradley and Terry's.
    """
    if not counted.ties.any():
        raise UsageError("Davidson's model is for votes with ties; these have none.")
    counted, finite = _bound_tally(counted)
    n = len(counted.names)
    weights = np.ones((n, n)) if counted.weights is None else counted.weights
    theta, tie = np.zeros(n), float(np.log(max(counted.ties.sum(), 1) / counted.games.sum()))
    for _ in range(STEPS):
        parts = _DavidsonChances.from_strengths(theta, tie)
        gradient, curvature = parts.compute_derivatives(counted, weights)
        ridge = curvature.copy()
        ridge[:n, :n] += curvature.trace() / n
        step = np.clip(np.linalg.solve(ridge + 1e-12 * np.eye(n + 1), gradient), -2, 2)
        theta, tie = theta + step[:n], tie + float(step[n])
        if np.abs(step).max() < ENOUGH:
            break
    parts = _DavidsonChances.from_strengths(theta, tie)
    _, curvature = parts.compute_derivatives(counted, weights)
    covariance = _compute_sandwich(curvature, parts.compute_score_products(counted, weights))
    return RatingFit(theta - theta.mean(), covariance[:n, :n], tie, finite)


@dataclass(frozen=True)
class _DavidsonChances:
    """Chances of each outcome of each pair; (n, n) each."""

    win: "Floats"
    lose: "Floats"
    tie: "Floats"

    @classmethod
    def from_strengths(cls, theta: "Floats", tie: float) -> "_DavidsonChances":
        half = (theta[:, None] - theta[None, :]) / 2
        logits = np.stack([half, -half, np.full_like(half, tie)])
        odds = np.exp(logits - logits.max(axis=0))
        return cls(*(odds / odds.sum(axis=0)))

    def compute_derivatives(self, counted: Tally, weights: "Floats") -> "tuple[Floats, Floats]":
        """Gradient (n + 1,) and curvature (n + 1, n + 1) of the log-likelihood.

        An outcome moves half the difference by 1, -1 or 0, and the tie's logit by 0, 0 or 1.
        """
        games = counted.games * weights
        moved = self.win - self.lose
        pull = (counted.wins - counted.wins.T) * weights / 2 - games * moved / 2
        own = games * (self.win + self.lose - moved**2) / 4
        cross = -games * self.tie * moved / 2
        last = (games * self.tie * (1 - self.tie)).sum() / 2
        gradient = np.append(
            pull.sum(axis=1), (counted.ties * weights - games * self.tie).sum() / 2
        )
        return gradient, _add_border(_compute_laplacian(own), cross.sum(axis=1), last)

    def compute_score_products(self, counted: Tally, weights: "Floats") -> "Floats":
        """(n + 1, n + 1): sum of each vote's gradient times itself."""
        moved = (self.win - self.lose) / 2
        w = weights**2
        outcomes = (
            (counted.wins * w, 0.5 - moved, -self.tie),
            (counted.wins.T * w, -0.5 - moved, -self.tie),
            (counted.ties * w, -moved, 1 - self.tie),
        )
        own = np.sum([n * d**2 for n, d, _ in outcomes], axis=0)
        cross = np.sum([n * d * t for n, d, t in outcomes], axis=0).sum(axis=1)
        last = np.sum([n * t**2 for n, _, t in outcomes]) / 2
        return _add_border(_compute_laplacian(own), cross, float(last))


def _bound_tally(counted: Tally) -> tuple[Tally, bool]:
    """Votes whose strengths are finite: with a trace of a tie where one side always won."""
    if not counted.total:
        raise UsageError("There is no vote to rate by.")
    if is_comparable(counted):
        return counted, True
    met = counted.games > 0
    added = Tally(counted.names, counted.wins, counted.ties + SMALLEST * met, counted.weights)
    return added, False


def _compute_sandwich(curvature: "Floats", squares: "Floats") -> "Floats":
    """``C+ S C+`` with the pseudo-inverse: the mean of the strengths is fixed, not estimated."""
    inverse = np.linalg.pinv(curvature, rcond=1e-10, hermitian=True)
    return inverse @ squares @ inverse


def _compute_laplacian(weights: "Floats") -> "Floats":
    """``sum_ij w_ij (e_i - e_j)(e_i - e_j)'`` over pairs, for symmetric weights (..., n, n)."""
    n = weights.shape[-1]
    return weights.sum(axis=-1)[..., None] * np.eye(n) - weights


def _add_border(inner: "Floats", side: "Floats", corner: float) -> "Floats":
    return np.block([[inner, side[:, None]], [side[None, :], np.array([[corner]])]])


def _logistic(values: "Floats") -> "Floats":
    return 0.5 * (1 + np.tanh(values / 2))


def _broadcast_start(start: "Floats", shape: tuple[int, ...]) -> "Floats":
    return np.broadcast_to(start, shape).astype(float)
