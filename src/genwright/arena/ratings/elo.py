"""Online Elo: the live ticker between two fits.

Elo 1978, The Rating of Chessplayers, section 8: after each vote both sides move by
``K (score - expected)``. It depends on the order of votes and forgets old ones, which makes it a
ticker and no ranking.
"""

from collections.abc import Iterable, Sequence

from genwright.arena.ratings.tally import LEFT, RIGHT

START, SCALE, K = 1000.0, 400.0, 4.0
_SCORE = {LEFT: 1.0, RIGHT: 0.0}


def update_ratings(left: float, right: float, winner: int, k: float = K) -> tuple[float, float]:
    """Both ratings after one vote.

    Example:
        >>> update_ratings(1000, 1000, LEFT)
        (1002.0, 998.0)
    """
    expected = 1 / (1 + 10 ** ((right - left) / SCALE))
    moved = k * (_SCORE.get(winner, 0.5) - expected)
    return left + moved, right - moved


def compute_ratings(
    names: Sequence[str], votes: Iterable[tuple[int, int, int]], k: float = K
) -> dict[str, float]:
    """Ratings after votes in their order, from 1000 each.

    Args:
        names: Of the contenders.
        votes: Place of the left one, of the right one, and the winner.
        k: How far one vote moves a rating, at most.
    """
    ratings = [START] * len(names)
    for left, right, winner in votes:
        if left != right:
            ratings[left], ratings[right] = update_ratings(ratings[left], ratings[right], winner, k)
    return dict(zip(names, ratings, strict=True))


def compute_history(
    names: Sequence[str], votes: Iterable[tuple[int, int, int, float]], k: float = K
) -> dict[str, list[tuple[float, float]]]:
    """Rating over time: ``(seconds since 1970, rating)`` after each vote that a contender had."""
    ratings = [START] * len(names)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for left, right, winner, at in votes:
        if left == right:
            continue
        ratings[left], ratings[right] = update_ratings(ratings[left], ratings[right], winner, k)
        for place in (left, right):
            found[names[place]].append((at, ratings[place]))
    return found
