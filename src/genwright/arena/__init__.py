"""The arena: blind comparisons, votes, and rankings with intervals.

Example:
    >>> from genwright.arena import from_names, rank
    >>> ranking = rank(from_names([("a", "b", 0), ("a", "b", 0), ("b", "a", 0), ("a", "b", 2)]))
    >>> [(row.model, round(row.rating)) for row in ranking.rows]
    [('a', 1044), ('b', 956)]
"""

from genwright.arena.ratings.ranking import Options, Ranking, Row, StyleData, rank
from genwright.arena.ratings.tally import WINNERS, Tally, from_names, tally

__all__ = [
    "WINNERS",
    "Options",
    "Ranking",
    "Row",
    "StyleData",
    "Tally",
    "from_names",
    "rank",
    "tally",
]
