"""The ranking while votes come in: each moves the last fit a little."""

from dataclasses import dataclass, field

import numpy as np

from genwright.arena.ratings import elo
from genwright.arena.ratings.bradley_terry import RatingFit, fit_bradley_terry
from genwright.arena.ratings.connectivity import find_groups
from genwright.arena.ratings.tally import Tally
from genwright.arena.votes import HUMAN, read_new_votes
from genwright.storage import Database
from genwright.types import Principal


@dataclass
class Standing:
    """Votes so far, their fit, and the live ticker. Not for several threads at once.

    Example:
        >>> standing = Standing()
        >>> standing.add("a", "b", 0)
        >>> standing.ticker
        {'a': 1002.0, 'b': 998.0}
    """

    kind: int = HUMAN
    last: int = 0
    """Id of the last vote that was read."""
    ticker: dict[str, float] = field(default_factory=dict)
    """Online Elo by contender."""
    counted: Tally = field(default_factory=lambda: Tally((), np.zeros((0, 0)), np.zeros((0, 0))))
    fit: RatingFit | None = None
    """Of the ratings; None before the first vote, or where votes do not connect all."""

    def catch_up(self, database: Database, principal: Principal) -> int:
        """Read what was voted since the last time, and return how many votes that was."""
        fresh = read_new_votes(database, principal, self.last, self.kind)
        for id_, left, right, winner, _ in fresh:
            self._count(left, right, winner)
            self.last = id_
        if fresh:
            self._refit()
        return len(fresh)

    def add(self, left: str, right: str, winner: int) -> None:
        """One vote."""
        self._count(left, right, winner)
        self._refit()

    def _count(self, left: str, right: str, winner: int) -> None:
        if left == right:
            return
        for name in (left, right):
            self.ticker.setdefault(name, elo.START)
            if name not in self.counted.names:
                self._enter(name)
        names = self.counted.names
        self.counted = self.counted.with_votes(names.index(left), names.index(right), winner)
        self.ticker[left], self.ticker[right] = elo.update_ratings(
            self.ticker[left], self.ticker[right], winner
        )

    def _enter(self, name: str) -> None:
        wider = ((0, 1), (0, 1))
        self.counted = Tally(
            (*self.counted.names, name),
            np.pad(self.counted.wins, wider),
            np.pad(self.counted.ties, wider),
        )

    def _refit(self) -> None:
        if len(find_groups(self.counted)) != 1:
            self.fit = None
            return
        start = self.fit.theta if self.fit is not None else None
        if start is not None:
            start = np.pad(start, (0, len(self.counted.names) - len(start)))
        self.fit = fit_bradley_terry(self.counted, start)
