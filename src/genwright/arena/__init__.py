"""The arena: blind comparisons, votes, and rankings with intervals.

Example:
    >>> from genwright.arena import tally_by_name, rank
    >>> ranking = rank(tally_by_name([("a", "b", 0), ("a", "b", 0), ("b", "a", 0), ("a", "b", 2)]))
    >>> [(row.model, round(row.rating)) for row in ranking.rows]
    [('a', 1044), ('b', 956)]
"""

from genwright.arena.ratings.ranking import Ranking, RankingOptions, RankingRow, StyleData, rank
from genwright.arena.ratings.tally import WINNERS, Tally, tally_by_name, tally_votes

__all__ = [
    "WINNERS",
    "Ranking",
    "RankingOptions",
    "RankingRow",
    "StyleData",
    "Tally",
    "rank",
    "tally_by_name",
    "tally_votes",
]
