"""Simulated voters, for benchmarks and tests: figures from them are always stated as simulated."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.pairing import Rule, choose_pair
from genwright.arena.ratings.tally import LEFT, RIGHT, TIE, Tally, tally_votes

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats, Ints


@dataclass(frozen=True)
class SimulatedVotes:
    """Votes as columns of integers."""

    left: "Ints"
    right: "Ints"
    winner: "Ints"
    judge: "Ints"


def simulate_votes(
    theta: "Floats",
    votes: int,
    *,
    judges: int = 1,
    ties: float = 0.2,
    colluders: int = 0,
    target: int = 0,
    seed: int = 0,
) -> SimulatedVotes:
    """Random pairs, voted on by judges in turn.

    Args:
        theta: (n,) true strengths in nats.
        votes: How many.
        judges: Who share them evenly.
        ties: Chance of a tie, whoever meets.
        colluders: The first so many judges always prefer the target where it takes part.
        target: Place of what they promote.
        seed: Of all draws.
    """
    random, n = np.random.default_rng(seed), len(theta)
    left = random.integers(0, n, votes)
    right = (left + random.integers(1, n, votes)) % n
    judge = np.arange(votes) % judges
    winner = draw_outcomes(theta[left] - theta[right], random, ties)
    rigged = judge < colluders
    winner = np.where(rigged & (left == target), LEFT, winner)
    winner = np.where(rigged & (right == target), RIGHT, winner)
    return SimulatedVotes(left, right, winner, judge)


def draw_outcomes(gap: "Floats", random: np.random.Generator, ties: float) -> "Ints":
    """Winners for differences of strength, ties at one rate."""
    won = random.random(len(gap)) < 0.5 * (1 + np.tanh(gap / 2))
    tied = random.random(len(gap)) < ties
    return np.where(tied, TIE, np.where(won, LEFT, RIGHT))


def count_votes_until(
    theta: "Floats",
    width: float,
    rule: Rule,
    *,
    before: Tally | None = None,
    at_once: int = 50,
    most: int = 100_000,
    seed: int = 0,
) -> int:
    """Votes that a rule of choosing pairs needs until every interval of a rating is narrow.

    Args:
        theta: (n,) true strengths.
        width: Of the widest 95 % interval of a rating, in points.
        rule: How pairs are chosen.
        before: Votes that were there already; none by default.
        at_once: Votes between two looks at the ratings.
        most: Where it gives up.
        seed: Of all draws.
    """
    from genwright.arena.ratings.bradley_terry import fit_bradley_terry
    from genwright.arena.ratings.ranking import POINTS
    from genwright.arena.ratings.uncertainty import Z95

    random, n = np.random.default_rng(seed), len(theta)
    names = tuple(str(place) for place in range(n))
    counted = before or Tally(names, np.zeros((n, n)), np.zeros((n, n)))
    for given in range(at_once, most + 1, at_once):
        pairs = np.array([choose_pair(counted, random, rule) for _ in range(at_once)])
        winner = draw_outcomes(theta[pairs[:, 0]] - theta[pairs[:, 1]], random, 0.2)
        new = tally_votes(names, pairs[:, 0], pairs[:, 1], winner)
        counted = Tally(names, counted.wins + new.wins, counted.ties + new.ties)
        fit = fit_bradley_terry(counted)
        spread = np.sqrt(np.diag(fit.covariance)) * POINTS * 2 * Z95
        if fit.finite and counted.votes.min() > 8 and spread.max() <= width:
            return given
    return most
