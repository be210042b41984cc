"""Other ways to score contenders, to set beside the ratings.

Counting and the average win rate are what people compute by hand; Newman 2023,
doi:10.48550/arXiv.2207.00076, gives the Bradley-Terry strengths with ties by a faster iteration;
eigenvector and PageRank scores read the votes as a graph (Bonacich 1987, doi:10.1086/228631; Page
and others 1999). Ratings of ``bradley_terry`` are the ones that have intervals.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.ratings.bradley_terry import fit_bradley_terry
from genwright.arena.ratings.tally import Tally

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats

TOLERANCE = 1e-12
LIMIT = 10_000
DAMPING = 0.85


def count_wins(counted: Tally) -> "Floats":
    """Wins, ties as halves."""
    return counted.scores.sum(axis=1)


def average_win_rate(counted: Tally) -> "Floats":
    """Mean over opponents that were met of the share of points won against each."""
    games = counted.games
    met = games > 0
    rates = np.divide(counted.scores, games, out=np.zeros_like(games), where=met)
    return rates.sum(axis=1) / np.maximum(met.sum(axis=1), 1)


def bradley_terry(counted: Tally) -> "Floats":
    """``exp(theta)``, made to sum to 1."""
    odds = np.exp(fit_bradley_terry(counted).theta)
    return odds / odds.sum()


def newman(counted: Tally) -> "Floats":
    """``exp(theta)`` of Davidson's model by Newman's iteration, not normalised."""
    wins, ties = counted.wins, counted.ties
    half, odds, tie = wins + ties / 2, np.ones(len(wins)), 0.5
    for _ in range(LIMIT):
        root = np.sqrt(np.outer(odds, odds))
        below = np.add.outer(odds, odds) + 2 * tie * root
        up = (half * (odds[None, :] + tie * root) / below).sum(axis=1)
        down = (half.T * (1 + tie * np.sqrt(odds[None, :] / odds[:, None])) / below).sum(axis=1)
        new = up / down
        ties_up = (ties * np.add.outer(odds, odds) / below).sum() / 2
        tie = float(ties_up / (2 * (wins * root / below).sum()))
        if np.linalg.norm(new - odds) < TOLERANCE:
            break
        odds = new
    return new


def eigen(counted: Tally) -> "Floats":
    """Principal eigenvector of the lost points, unit length."""
    return _iterate_power(counted.scores.T)


def pagerank(counted: Tally) -> "Floats":
    """PageRank where every contender links to those that beat it; sums to 1."""
    links = counted.scores.T.copy()
    n = len(links)
    links[links.sum(axis=1) == 0] = 1 / n
    links /= links.sum(axis=1, keepdims=True)
    found = _iterate_power((DAMPING * links + (1 - DAMPING) / n).T)
    return found / found.sum()


METHODS: dict[str, Callable[[Tally], "Floats"]] = {
    "counting": count_wins,
    "average_win_rate": average_win_rate,
    "bradley_terry": bradley_terry,
    "newman": newman,
    "eigen": eigen,
    "pagerank": pagerank,
}


def _iterate_power(matrix: "Floats") -> "Floats":
    vector = np.ones(len(matrix)) / len(matrix)
    for _ in range(LIMIT):
        new = matrix @ vector
        new /= np.linalg.norm(new) or 1.0
        if np.linalg.norm(new - vector) < TOLERANCE:
            break
        vector = new
    return new
