"""Whether votes connect contenders: what no vote connects cannot be ranked together.

A Bradley-Terry estimate exists, and is one, where the votes lead from every contender to every
other: i to j where i was preferred to j or tied with it (Ford 1957, doi:10.2307/2308513). Where
they are only joined, one side won all of its votes against the other: no finite distance fits.
"""

from typing import TYPE_CHECKING

import numpy as np

from genwright.arena.ratings.tally import Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Edges = NDArray[np.bool_]


def find_groups(counted: Tally) -> list[list[int]]:
    """Places of contenders that votes join, the largest group first.

    Example:
        >>> from genwright.arena.ratings.tally import tally_by_name
        >>> find_groups(tally_by_name([("a", "b", 0), ("c", "d", 0), ("d", "e", 2)]))
        [[2, 3, 4], [0, 1]]
    """
    reach = _compute_closure(counted.games > 0)
    return _collect_classes(reach)


def is_comparable(counted: Tally) -> bool:
    """Whether votes lead from every contender to every other, so that ratings are finite."""
    return bool(_compute_closure((counted.wins + counted.ties) > 0).all())


def find_strong_groups(counted: Tally) -> list[list[int]]:
    """Places of contenders whose distances are finite, the largest group first."""
    reach = _compute_closure((counted.wins + counted.ties) > 0)
    return _collect_classes(reach & reach.T)


def _compute_closure(edges: "Edges") -> "Edges":
    """(n, n) whether a path leads from row to column, by squaring."""
    reach = np.asarray(edges, dtype=bool) | np.eye(len(edges), dtype=bool)
    while True:
        wider = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
        if (wider == reach).all():
            return reach
        reach = wider


def _collect_classes(same: "Edges") -> list[list[int]]:
    found: dict[bytes, list[int]] = {}
    for place, row in enumerate(same):
        found.setdefault(row.tobytes(), []).append(place)
    return sorted(found.values(), key=lambda group: (-len(group), group[0]))
