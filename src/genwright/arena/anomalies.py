"""Judges whose votes are not those of a person with an opinion: anytime-valid.

Each judge's votes are bet against by a martingale (Shafer 2021, doi:10.1111/rssa.12647; Ramdas and
others 2023, doi:10.1214/23-STS894): a vote multiplies the wealth of each suspicion by its
likelihood under that suspicion over its likelihood under the ratings. Under honest votes the mean
wealth never grows, so by Ville's inequality it reaches ``1 / alpha`` with probability alpha at
most, *however often one looks*. Suspicions are: always for a contender, always against it, always
one side, and coin tosses. Those that collude share a target: each judge's wealth is laid on the
targets that *other* judges' votes point to, which keeps the bet fair.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.ratings.bradley_terry import fit_bradley_terry
from genwright.arena.ratings.tally import LEFT, RIGHT, TIE, Tally, tally_votes

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats, Ints

ALPHA = 0.05
"""Chance that an honest judge is ever flagged, at most."""
FAITHFUL = 0.96
"""How often a suspect votes as suspected."""
ROUNDS = 3
POOLED = 0.9
"""Share of a judge's wealth laid where other judges' votes point to; the rest is spread evenly."""


@dataclass(frozen=True)
class Anomaly:
    """What the votes of one judge look like."""

    judge: int
    votes: int
    wealth: float
    """The highest so far of the bet against the judge, natural logarithm."""
    suspicion: str
    """The suspicion that won most, such as ``for model-x``."""

    @property
    def is_flagged(self) -> bool:
        """Whether the wealth ever reached 1 / alpha."""
        return self.wealth >= float(np.log(1 / ALPHA))


def find_anomalies(
    names: "tuple[str, ...]", left: "Ints", right: "Ints", winner: "Ints", judge: "Ints"
) -> list[Anomaly]:
    """Bet against every judge.

    Args:
        names: Of the n contenders.
        left: (votes,) places of the left ones, in the order of time.
        right: (votes,) places of the right ones.
        winner: (votes,) as in ``tally_votes``.
        judge: (votes,) ids of whoever voted.

    Returns:
        One for each judge, the most suspect first. The ratings that votes are held against are
        fitted again without the flagged ones, so that these do not excuse each other.
    """
    kept, found = np.ones(len(left), bool), list[Anomaly]()
    for _ in range(ROUNDS):
        ties = float((winner >= TIE).mean()) if len(winner) else 0.0
        honest = _predict_outcomes(
            tally_votes(names, left[kept], right[kept], winner[kept]), left, right, ties
        )
        found = _bet_on_judges(names, left, right, np.minimum(winner, TIE), judge, honest, ties)
        flagged = [each.judge for each in found if each.is_flagged]
        kept = ~np.isin(judge, flagged)
        if not kept.any():
            break
    return found


def _predict_outcomes(counted: Tally, left: "Ints", right: "Ints", ties: float) -> "Floats":
    """(votes, 3): how likely the ratings think each outcome, ties at their usual rate."""
    theta = fit_bradley_terry(counted).theta
    chance = 0.5 * (1 + np.tanh((theta[left] - theta[right]) / 2))
    # A tie counts as half a win: what is won outright is the rest of the expected score.
    won = np.clip(chance - ties / 2, 0.02, 1 - ties - 0.02)
    return np.stack([won, 1 - ties - won, np.full(len(won), ties)], axis=1)


def _bet_on_judges(
    names: "tuple[str, ...]",
    left: "Ints",
    right: "Ints",
    outcome: "Ints",
    judge: "Ints",
    honest: "Floats",
    ties: float,
) -> list[Anomaly]:
    judges, who = np.unique(judge, return_inverse=True)
    suspicions = [f"{how} {name}" for name in names for how in ("for", "against")]
    suspicions += ["always left", "always right", "always a tie", "coin tosses"]
    rows = np.arange(len(left))
    gains = np.log(_apply_suspicions(len(names), left, right, ties, honest)[:, rows, outcome])
    gains -= np.log(np.maximum(honest[rows, outcome], 1e-12))
    paths = [np.cumsum(gains[:, who == place], axis=1) for place in range(len(judges))]
    ends = np.stack([path[:, -1] for path in paths])  # (judges, suspicions)
    laid = _allocate_wealth(ends)
    found = []
    for place, path in enumerate(paths):
        wealth = _average_log_wealth(path, laid[place])
        won = int(np.argmax(ends[place] + np.log(laid[place])))
        found.append(
            Anomaly(int(judges[place]), path.shape[1], float(wealth.max()), suspicions[won])
        )
    return sorted(found, key=lambda each: -each.wealth)


def _apply_suspicions(
    n: int, left: "Ints", right: "Ints", ties: float, honest: "Floats"
) -> "Floats":
    """(suspicions, votes, 3): chances of each outcome were the suspicion true."""
    miss = (1 - FAITHFUL) / 2
    lean = np.array([[FAITHFUL, miss, miss], [miss, FAITHFUL, miss], [miss, miss, FAITHFUL]])
    chances = np.broadcast_to(honest, (2 * n + 4, *honest.shape)).copy()
    for target in range(n):
        for place, (winning, losing) in enumerate(((LEFT, RIGHT), (RIGHT, LEFT))):
            chances[2 * target + place, left == target] = lean[winning]
            chances[2 * target + place, right == target] = lean[losing]
    chances[2 * n : 2 * n + 3] = lean[:, None, :]
    chances[2 * n + 3] = np.array([(1 - ties) / 2, (1 - ties) / 2, ties])
    return np.maximum(chances, 1e-3)


def _allocate_wealth(ends: "Floats") -> "Floats":
    """(judges, suspicions): where each judge's wealth is laid, sum 1.

    Half is spread evenly. The other half follows the evidence that all *other* judges give, of
    which each counts a little only, so that one odd judge does not point at the rest.
    """
    count = ends.shape[1]
    even = np.full(count, 1 / count)
    evidence = np.exp(np.minimum(ends, 12.0))  # as odds, each judge's say bounded
    share = evidence / (evidence.sum(axis=1, keepdims=True) + 20.0)
    others = share.sum(axis=0, keepdims=True) - share
    total = others.sum(axis=1, keepdims=True)
    pointed = np.divide(others, total, out=np.tile(even, (len(ends), 1)), where=total > 0)
    return (1 - POOLED) * even + POOLED * pointed


def _average_log_wealth(path: "Floats", laid: "Floats") -> "Floats":
    """(votes,): logarithm of the laid mean of wealths after each vote."""
    values = path + np.log(laid)[:, None]
    top = values.max(axis=0)
    return top + np.log(np.exp(values - top).sum(axis=0))
