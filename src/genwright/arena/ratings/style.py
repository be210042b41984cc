"""Ratings with the influence of style taken out.

People prefer longer answers with headings and lists, whoever wrote them. Li and others 2024, "Does
style matter?" (LMSYS), add the differences of style to the Bradley-Terry model:
``P(left) = s(theta_left - theta_right + x beta)``, x the difference of a feature over its sum,
in standard deviations. Here beta is the maximum of the likelihood and not shrunk towards 0: a
penalty on it, as common implementations have, hands the style's share back to the ratings.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.ratings.bradley_terry import RatingFit, fit_bradley_terry
from genwright.arena.ratings.tally import LEFT, RIGHT, tally_votes
from genwright.arena.ratings.uncertainty import Z95
from genwright.errors import UsageError

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats, Ints

FEATURES = ("tokens", "headers", "lists", "bold")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_PATTERNS = {
    "headers": re.compile(r"^#{1,6}\s", re.MULTILINE),
    "lists": re.compile(r"^\s*(?:[-*+]|\d+[.)])\s", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
}
_TOKEN = re.compile(r"\w+|[^\w\s]")


def measure_style(answer: str) -> dict[str, int]:
    r"""Features of one answer; what stands in code blocks is no style.

    Example:
        >>> measure_style("# Yes\n- **one**\n- two")
        {'tokens': 10, 'headers': 1, 'lists': 2, 'bold': 1}
    """
    prose = _FENCE.sub("", answer)
    counts = {name: len(pattern.findall(prose)) for name, pattern in _PATTERNS.items()}
    return {"tokens": len(_TOKEN.findall(answer)), **counts}


@dataclass(frozen=True)
class Coefficient:
    """How much one standard deviation more of a feature moves a vote, in nats."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class StyledFit:
    """Strengths beside coefficients of style."""

    fit: RatingFit
    coefficients: tuple[Coefficient, ...]


def compare_styles(
    left: Sequence[Mapping[str, int]], right: Sequence[Mapping[str, int]]
) -> "Floats":
    """(votes, features): difference of the sides over their sum, 0 where neither has any."""
    a = np.array([[side.get(name, 0) for name in FEATURES] for side in left], float)
    b = np.array([[side.get(name, 0) for name in FEATURES] for side in right], float)
    a, b = a.reshape(-1, len(FEATURES)), b.reshape(-1, len(FEATURES))
    return np.divide(a - b, a + b, out=np.zeros_like(a), where=a + b > 0)


def fit_styled(
    names: Sequence[str], left: "Ints", right: "Ints", winner: "Ints", features: "Floats"
) -> StyledFit:
    """Strengths and coefficients by Newton's method on the likelihood.

    Args:
        names: Of n contenders that votes join.
        left: (votes,) places of the left ones.
        right: (votes,) places of the right ones.
        winner: (votes,) as in ``tally_votes``.
        features: (votes, k) of ``compare_styles``.

    Raises:
        UsageError: A feature never differs, or there is no vote.
    """
    spread = features.std(axis=0) if len(features) else np.zeros(len(FEATURES))
    used = np.flatnonzero(spread > 1e-12)
    if not len(used):
        raise UsageError("No answer differs from its opponent in style: there is none to control.")
    x = features[:, used] / spread[used]
    score = np.select([winner == LEFT, winner == RIGHT], [1.0, 0.0], 0.5)
    plain = fit_bradley_terry(tally_votes(names, left, right, winner))
    problem = _StyleLikelihood(len(names), left, right, x, score)
    theta, beta = plain.theta, np.zeros(len(used))
    for _ in range(50):
        gradient, curvature = problem.compute_derivatives(theta, beta)
        step = np.clip(np.linalg.lstsq(curvature, gradient, rcond=1e-12)[0], -2, 2)
        theta, beta = theta + step[: len(names)], beta + step[len(names) :]
        if np.abs(step).max() < 1e-9:
            break
    inverse = np.linalg.pinv(curvature, rcond=1e-12, hermitian=True)
    covariance = inverse @ problem.compute_score_products(theta, beta) @ inverse
    n = len(names)
    errors = np.sqrt(np.diag(covariance)[n:])
    coefficients = tuple(
        Coefficient(FEATURES[place], float(b), float(b - Z95 * e), float(b + Z95 * e))
        for place, b, e in zip(used, beta, errors, strict=True)
    )
    fit = RatingFit(theta - theta.mean(), covariance[:n, :n], finite=plain.finite)
    return StyledFit(fit, coefficients)


@dataclass(frozen=True)
class _StyleLikelihood:
    """The likelihood over single votes."""

    n: int
    left: "Ints"
    right: "Ints"
    x: "Floats"
    score: "Floats"

    def compute_derivatives(self, theta: "Floats", beta: "Floats") -> "tuple[Floats, Floats]":
        chance = self._predict_chances(theta, beta)
        missed = self.score - chance
        own = self._sum_per_contender(missed[:, None])[:, 0]
        return np.concatenate([own, self.x.T @ missed]), self._sum_products(chance * (1 - chance))

    def compute_score_products(self, theta: "Floats", beta: "Floats") -> "Floats":
        return self._sum_products((self.score - self._predict_chances(theta, beta)) ** 2)

    def _predict_chances(self, theta: "Floats", beta: "Floats") -> "Floats":
        gap = theta[self.left] - theta[self.right] + self.x @ beta
        return 0.5 * (1 + np.tanh(gap / 2))

    def _sum_products(self, weights: "Floats") -> "Floats":
        """``sum_v w_v z_v z_v'``, z = (e_left - e_right, x)."""
        n = self.n
        cells = np.bincount(self.left * n + self.right, weights, n * n).reshape(n, n)
        cells = cells + cells.T
        corner = np.diag(cells.sum(axis=1)) - cells
        side = self._sum_per_contender(self.x * weights[:, None])
        return np.block([[corner, side], [side.T, (self.x * weights[:, None]).T @ self.x]])

    def _sum_per_contender(self, values: "Floats") -> "Floats":
        """(n, k): sum over votes on the left less sum over votes on the right."""
        columns = [
            np.bincount(self.left, column, self.n) - np.bincount(self.right, column, self.n)
            for column in values.T
        ]
        return np.stack(columns, axis=1)
