"""A ranking of contenders: ratings with intervals, ranges of ranks, and what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.ratings.bradley_terry import RatingFit, fit_bradley_terry, fit_davidson
from genwright.arena.ratings.connectivity import find_groups
from genwright.arena.ratings.flips import Flip, find_flip
from genwright.arena.ratings.style import Coefficient, StyledFit, fit_styled
from genwright.arena.ratings.tally import Tally
from genwright.arena.ratings.uncertainty import Z95, bootstrap, estimate_rank_ranges
from genwright.errors import UsageError
from genwright.types import Json

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats, Ints

POINTS = 400 / float(np.log(10))
"""Points of a nat: 400 points are odds of ten to one."""
MIDDLE = 1000.0


@dataclass(frozen=True)
class RankingRow:
    """One contender of a ranking."""

    model: str
    rating: float
    low: float
    high: float
    """95 % interval of the rating, in points."""
    votes: int
    rank_low: int
    """The best rank that it may have; all ranges of a group hold at once with 95 %."""
    rank_high: int
    group: int = 1
    """Contenders of different groups were never compared, not even through others."""

    def json(self) -> Json:
        """Every field; points with two decimals."""
        rounded = {name: round(getattr(self, name), 2) for name in ("rating", "low", "high")}
        return {**self.__dict__, **rounded}


@dataclass(frozen=True)
class Ranking:
    """Contenders, best first in each group."""

    rows: tuple[RankingRow, ...]
    votes: int
    counted: Tally
    method: str
    intervals: str
    notes: tuple[str, ...] = ()
    """What the reader must know, such as groups that never met."""
    flips: tuple[Flip, ...] = ()
    style: tuple[Coefficient, ...] = ()
    tie: float | None = None

    @property
    def groups(self) -> int:
        """How many sets of contenders there are that votes do not connect."""
        return max((row.group for row in self.rows), default=0)


@dataclass(frozen=True)
class RankingOptions:
    """How to rank."""

    davidson: bool = False
    """Whether ties have a probability of their own."""
    anchor: str = ""
    """Contender whose rating is fixed."""
    anchor_rating: float = MIDDLE
    balanced: bool = False
    """Whether every pair weighs alike, however often it met."""
    rounds: int = 0
    """Bootstraps to take the intervals from; 0 for the sandwich."""
    seed: int = 0


@dataclass(frozen=True)
class StyleData:
    """Single votes with the style of both answers, for style control."""

    left: "Ints"
    right: "Ints"
    winner: "Ints"
    features: "Floats" = field(repr=False)


def rank(
    counted: Tally, options: RankingOptions | None = None, style: StyleData | None = None
) -> Ranking:
    """Rank what votes connect.

    Args:
        counted: All votes.
        options: How.
        style: Votes one by one, to take the influence of style out.

    Raises:
        UsageError: There is no vote, or the anchor is not among the contenders.
    """
    options = options or RankingOptions()
    if not counted.total:
        raise UsageError("There is no vote to rank by: vote in the arena, or import votes.")
    if options.anchor and options.anchor not in counted.names:
        raise UsageError(
            f"The anchor {options.anchor!r} has no votes. With votes: {', '.join(counted.names)}."
        )
    found = [
        _RankedGroup(counted.select(places), places, options, style)
        for places in _list_voted_groups(counted)
    ]
    rows = [row for number, group in enumerate(found, 1) for row in group.make_rows(number)]
    flips = [group.flip for group in found]
    return Ranking(
        rows=tuple(rows),
        votes=counted.total,
        counted=counted,
        method="davidson" if options.davidson else "bradley_terry",
        intervals=f"bootstrap of {options.rounds}" if options.rounds else "sandwich",
        notes=_write_notes(found),
        flips=tuple(each for each in flips if each is not None),
        style=next((group.coefficients for group in found if group.coefficients), ()),
        tie=next((group.fit.tie for group in found), None),
    )


class _RankedGroup:
    """Contenders that votes join."""

    def __init__(
        self,
        counted: Tally,
        places: Sequence[int],
        options: RankingOptions,
        style: StyleData | None,
    ) -> None:
        self.counted, self.options = counted, options
        used = counted.balance_pairs() if options.balanced else counted
        styled = _fit_style(counted, places, style) if style is not None else None
        self.coefficients = styled.coefficients if styled else ()
        self.fit: RatingFit = styled.fit if styled else _fit_ratings(used, options)
        self.flip = find_flip(used)
        self.draws = bootstrap(used, options.rounds, options.seed) if options.rounds else None

    def make_rows(self, number: int) -> list[RankingRow]:
        low, high = self._compute_interval()
        points = MIDDLE + self.fit.theta * POINTS + self._compute_shift()
        best, worst = estimate_rank_ranges(
            self.fit.theta, self.fit.covariance, seed=self.options.seed
        )
        votes = self.counted.votes
        return [
            RankingRow(
                model=self.counted.names[place],
                rating=float(points[place]),
                low=float(points[place] - low[place]),
                high=float(points[place] + high[place]),
                votes=int(votes[place]),
                rank_low=int(best[place]),
                rank_high=int(worst[place]),
                group=number,
            )
            for place in np.argsort(-points, kind="stable")
        ]

    def _compute_interval(self) -> "tuple[Floats, Floats]":
        """How far below and above, in points; relative to the anchor where there is one."""
        if self.draws is None:
            spread = np.sqrt(np.maximum(np.diag(self._compute_relative()), 0)) * Z95 * POINTS
            return spread, spread
        draws = self.draws
        if self._anchor is not None:
            draws = draws - draws[:, [self._anchor]]
        middle = self.fit.theta - (self.fit.theta[self._anchor] if self._anchor is not None else 0)
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        return (middle - low) * POINTS, (high - middle) * POINTS

    def _compute_relative(self) -> "Floats":
        """Covariance of strengths less the anchor's."""
        if self._anchor is None:
            return self.fit.covariance
        turned = np.eye(len(self.fit.theta))
        turned[:, self._anchor] -= 1
        return turned @ self.fit.covariance @ turned.T

    @property
    def _anchor(self) -> int | None:
        names = self.counted.names
        return names.index(self.options.anchor) if self.options.anchor in names else None

    def _compute_shift(self) -> float:
        if self._anchor is None:
            return 0.0
        return self.options.anchor_rating - MIDDLE - float(self.fit.theta[self._anchor]) * POINTS


def _fit_ratings(counted: Tally, options: RankingOptions) -> RatingFit:
    if options.davidson and counted.ties.any():
        return fit_davidson(counted)
    return fit_bradley_terry(counted)


def _fit_style(counted: Tally, places: Sequence[int], style: StyleData) -> StyledFit | None:
    """The styled fit of one group; None where no style differs in it."""
    place = {old: new for new, old in enumerate(places)}
    inside = np.isin(style.left, places) & np.isin(style.right, places)
    inside &= style.left != style.right
    if not inside.any():
        return None
    renamed = np.vectorize(place.__getitem__, otypes=[np.int64])
    left, right = renamed(style.left[inside]), renamed(style.right[inside])
    return fit_styled(counted.names, left, right, style.winner[inside], style.features[inside])


def _list_voted_groups(counted: Tally) -> list[list[int]]:
    votes = counted.votes
    return [group for group in find_groups(counted) if len(group) > 1 or votes[group[0]]]


def _write_notes(found: Sequence[_RankedGroup]) -> tuple[str, ...]:
    notes = []
    if len(found) > 1:
        sizes = " and ".join(str(len(group.counted.names)) for group in found)
        notes.append(
            f"{len(found)} groups ({sizes} contenders) were never compared with each other: each "
            "is ranked by itself, and ratings of different groups say nothing of one another"
        )
    for number, group in enumerate(found, 1):
        if not group.fit.finite:
            notes.append(
                f"in group {number} some contender won or lost all of its votes, so no finite "
                "rating fits: a thousandth of a tie was added to each pair that met"
            )
    return tuple(notes)
