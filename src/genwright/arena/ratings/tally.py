"""Votes counted: all that a rating needs to know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from genwright.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

LEFT, RIGHT, TIE, BOTH_BAD = range(4)
"""Who won, as the store keeps it; the last two weigh the same in a rating."""
WINNERS = ("left", "right", "tie", "bothbad")


@dataclass(frozen=True)
class Tally:
    """How often each contender beat each, and tied with it.

    Shapes: n contenders.
    """

    names: tuple[str, ...]
    wins: "Floats"
    """(n, n): votes that preferred row to column."""
    ties: "Floats"
    """(n, n), symmetric: votes that preferred neither."""
    weights: "Floats | None" = None
    """(n, n), symmetric: what one vote of the pair weighs; None for 1 each."""

    @property
    def games(self) -> "Floats":
        """(n, n), symmetric: votes on each pair."""
        return self.wins + self.wins.T + self.ties

    @property
    def scores(self) -> "Floats":
        """(n, n): wins, a tie as half of one, weighed."""
        return self._apply_weights(self.wins + self.ties / 2)

    @property
    def weighted_games(self) -> "Floats":
        """(n, n): votes on each pair, weighed."""
        return self._apply_weights(self.games)

    @property
    def votes(self) -> "Ints":
        """(n,): votes that each contender was in."""
        return np.rint(self.games.sum(axis=1)).astype(np.int64)

    @property
    def total(self) -> int:
        """All votes."""
        return round(float(self.games.sum()) / 2)

    def balance_pairs(self) -> "Tally":
        """The same with every pair weighing alike, however often it met: 1 over its votes."""
        games = self.games
        met = games > 0
        weights = np.divide(1.0, games, out=np.zeros_like(games), where=met)
        mean = games[met].mean() if met.any() else 1.0
        return replace(self, weights=weights * mean)

    def select(self, places: "Sequence[int] | Ints") -> "Tally":
        """Only these contenders, by place."""
        kept = np.asarray(places)
        cut = np.ix_(kept, kept)
        weights = None if self.weights is None else self.weights[cut]
        names = tuple(self.names[place] for place in kept)
        return Tally(names, self.wins[cut], self.ties[cut], weights)

    def with_votes(self, left: int, right: int, winner: int, count: float = 1) -> "Tally":
        """With more votes of one kind; negative to take them away."""
        wins, ties = self.wins.copy(), self.ties.copy()
        if winner == LEFT:
            wins[left, right] += count
        elif winner == RIGHT:
            wins[right, left] += count
        else:
            ties[left, right] += count
            ties[right, left] += count
        return replace(self, wins=wins, ties=ties)

    def _apply_weights(self, values: "Floats") -> "Floats":
        return values if self.weights is None else values * self.weights


def tally_votes(
    names: Sequence[str],
    left: "ArrayLike",
    right: "ArrayLike",
    winner: "ArrayLike",
    count: "ArrayLike | None" = None,
) -> Tally:
    """Count votes, in one pass over integer ids; one on a contender against itself says nothing.

    Args:
        names: Of the contenders, n; ids are places in it.
        left: (votes,) ids of one side.
        right: (votes,) ids of the other.
        winner: (votes,) ``LEFT``, ``RIGHT``, ``TIE`` or ``BOTH_BAD``.
        count: (votes,) how often each was said; None for once.

    Raises:
        UsageError: An id is out of range, or the lengths differ.

    Example:
        >>> tally_votes(["a", "b"], [0, 0, 1], [1, 1, 0], [LEFT, TIE, LEFT]).wins.tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    n = len(names)
    a, b, who = (np.asarray(each, dtype=np.int64) for each in (left, right, winner))
    if not len(a) == len(b) == len(who):
        raise UsageError(f"Expected columns of one length, got {len(a)}, {len(b)}, {len(who)}.")
    if len(a) and (min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= n):
        raise UsageError(f"Expected ids of contenders below {n}.")
    weights = None if count is None else np.asarray(count, dtype=float)
    cells = np.bincount(np.minimum(who, TIE) * n * n + a * n + b, weights, 3 * n * n)
    won, lost, tied = cells.reshape(3, n, n).astype(float) * ~np.eye(n, dtype=bool)
    return Tally(tuple(names), won + lost.T, tied + tied.T)


def tally_by_name(rows: Sequence[tuple[str, str, int]]) -> Tally:
    """Count votes by name; contenders are in order of name.

    Example:
        >>> tally_by_name([("b", "a", LEFT)]).names
        ('a', 'b')
    """
    names = sorted({name for left, right, _ in rows for name in (left, right)})
    place: Mapping[str, int] = {name: number for number, name in enumerate(names)}
    return tally_votes(
        names,
        [place[left] for left, _, _ in rows],
        [place[right] for _, right, _ in rows],
        [winner for _, _, winner in rows],
    )
