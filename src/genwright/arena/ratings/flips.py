"""How firm the first place is: votes that would have to be added, or be gone, to change it."""

from dataclasses import dataclass

import numpy as np

from genwright.arena.ratings.bradley_terry import fit_bradley_terry
from genwright.arena.ratings.tally import LEFT, TIE, Tally
from genwright.types import Json

MOST = 1 << 20


@dataclass(frozen=True)
class Flip:
    """What it takes for the second to be first."""

    first: str
    second: str
    added: int | None
    """Votes of the second over the first that would have to come; None for over a million."""
    dropped: int | None
    """Votes that are there and would have to be gone; None where no dropping does it.

    Huang and others 2025, arXiv:2508.11847: the most influential ones are dropped first, by the
    gap's derivative, and the ratings fitted again; so it is an upper bound of the fewest.
    """

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def find_flip(counted: Tally) -> Flip | None:
    """Votes that would let the second overtake the first; None for fewer than two contenders."""
    if len(counted.names) < 2:
        return None
    theta = fit_bradley_terry(counted).theta
    first, second = (int(place) for place in np.argsort(-theta)[:2])
    return Flip(
        counted.names[first],
        counted.names[second],
        _count_added(counted, first, second),
        _count_dropped(counted, first, second),
    )


def _count_added(counted: Tally, first: int, second: int) -> int | None:
    def is_ahead(votes: int) -> bool:
        return _measure_gap(counted.with_votes(second, first, LEFT, votes), first, second) <= 0

    high = 1
    while not is_ahead(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_ahead(middle) else (middle, high)
    return high


def _count_dropped(counted: Tally, first: int, second: int) -> int | None:
    """Votes taken away, the most influential first, until the order changes."""
    kinds = _sort_by_influence(counted, first, second)
    total = sum(count for *_, count in kinds)

    def drop_votes(votes: int) -> Tally:
        left, thinner = votes, counted
        for a, b, winner, count in kinds:
            taken = min(left, count)
            thinner, left = thinner.with_votes(a, b, winner, -taken), left - taken
            if not left:
                break
        return thinner

    def is_ahead(votes: int) -> bool:
        thinner = drop_votes(votes)
        return thinner.total > 0 and _measure_gap(thinner, first, second) <= 0

    high = 1
    while high < total and not is_ahead(high):
        high *= 2
    if high >= total:
        return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_ahead(middle) else (middle, high)
    return high


def _sort_by_influence(counted: Tally, first: int, second: int) -> list[tuple[int, int, int, int]]:
    """Kinds of votes ``(a, b, winner, how many)`` that hold the first up, the strongest first.

    One vote more on (i, j) with residual r moves theta by ``C+ (e_i - e_j) r`` (an influence
    function, Hampel 1974), so the gap by ``g_ij r`` with ``g = C+ (e_first - e_second)``.
    """
    theta = fit_bradley_terry(counted).theta
    n = len(theta)
    chance = 0.5 * (1 + np.tanh((theta[:, None] - theta[None, :]) / 2))
    weights = counted.weighted_games * chance * (1 - chance)
    curvature = np.diag(weights.sum(axis=1)) - weights
    aim = np.zeros(n)
    aim[first], aim[second] = 1, -1
    pull = np.linalg.pinv(curvature, rcond=1e-10, hermitian=True) @ aim
    slope = pull[:, None] - pull[None, :]
    wins, ties = slope * (1 - chance), slope * (0.5 - chance)
    kinds = [
        (float(wins[a, b]), int(a), int(b), LEFT, round(float(counted.wins[a, b])))
        for a, b in np.argwhere(counted.wins > 0)
    ]
    kinds += [
        (float(ties[a, b]), int(a), int(b), TIE, round(float(counted.ties[a, b])))
        for a, b in np.argwhere(np.triu(counted.ties) > 0)
    ]
    helpful = sorted((kind for kind in kinds if kind[0] > 0), reverse=True)
    return [kind[1:] for kind in helpful]


def _measure_gap(counted: Tally, first: int, second: int) -> float:
    theta = fit_bradley_terry(counted).theta
    return float(theta[first] - theta[second])
