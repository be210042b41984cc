"""Which two contenders should meet next.

Chiang and others 2024, arXiv:2403.04132, section 4: a pair a is drawn with probability
``P_t(a) ~ sqrt(S_aa / n_a) - sqrt(S_aa / (n_a + 1))``, the width that its next vote takes from
its interval, S_aa being the variance of its outcome and n_a its votes (rule ``pairs``). The rule
``ratings`` draws by what the next vote takes from the widest intervals of the *ratings*: the
decrease of ``sum_k V_kk^4``, V the covariance of the strengths (an L_p-optimal design, Kiefer 1974,
doi:10.1214/aos/1176342810), so that newcomers and those at the ends catch up first.
"""

from typing import TYPE_CHECKING, Literal

import numpy as np

from genwright.arena.ratings.tally import Tally

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats

Rule = Literal["ratings", "pairs", "random"]
PRIOR = 1.0
"""Ties that each pair is thought to have had, so that nothing is certain from the start."""
NORM = 4
SHARP = 2
"""Power of the gain that a pair is drawn by: sharper than in proportion, never only one pair."""


def compute_pair_chances(counted: Tally, rule: Rule = "ratings") -> "Floats":
    """(n, n), symmetric with sum 2: how likely each pair should be drawn next.

    Args:
        counted: Votes so far; there may be none.
        rule: ``ratings``, ``pairs`` (the paper's equation) or ``random``.
    """
    n = len(counted.names)
    if rule == "random":
        return _normalize_chances(np.ones((n, n)))
    games = counted.games + PRIOR * (1 - np.eye(n)) + 1e-12 * np.eye(n)
    scores = counted.wins + counted.ties / 2 + PRIOR / 2 * (1 - np.eye(n))
    from genwright.arena.ratings.bradley_terry import maximize_likelihood

    theta = maximize_likelihood(scores, games)
    chance = 0.5 * (1 + np.tanh((theta[:, None] - theta[None, :]) / 2))
    variance = chance * (1 - chance)
    if rule == "pairs":
        return _normalize_chances(np.sqrt(variance / games) - np.sqrt(variance / (games + 1)))
    weights = games * variance
    curvature = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.pinv(curvature, rcond=1e-10, hermitian=True)
    own = np.diag(inverse)
    wide = own[:, None] + own[None, :] - 2 * inverse
    square = (inverse * (own / own.max()) ** (NORM - 1)) @ inverse
    gone = np.diag(square)[:, None] + np.diag(square)[None, :] - 2 * square
    gain = variance * gone / (1 + variance * wide)  # Sherman and Morrison 1950
    return _normalize_chances(gain**SHARP)


def choose_pair(
    counted: Tally, random: np.random.Generator, rule: Rule = "ratings"
) -> tuple[int, int]:
    """Places of the left and the right one; sides are random.

    Raises:
        ValueError: There are fewer than two contenders.
    """
    n = len(counted.names)
    if n < 2:
        raise ValueError(f"a pair needs two contenders, got {n}")
    chances = np.triu(compute_pair_chances(counted, rule), 1).ravel()
    drawn = int(random.choice(n * n, p=chances / chances.sum()))
    pair = divmod(drawn, n)
    return pair if random.random() < 0.5 else (pair[1], pair[0])


def _normalize_chances(chances: "Floats") -> "Floats":
    off = chances * (1 - np.eye(len(chances)))
    off = np.maximum(off, 0)
    return off * 2 / off.sum() if off.sum() else off
