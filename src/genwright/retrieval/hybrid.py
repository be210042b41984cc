"""Making one ranking of several.

The default is a convex combination of normalised scores; on the sets this project measures it is
ahead of reciprocal rank fusion, as Bruch et al. 2023 (arXiv:2210.11934) find in general: ranks
forget by how much a passage won. ``docs/LOG.md`` has the figures.
"""

from collections.abc import Mapping, Sequence


def reciprocal_rank_fusion(rankings: Sequence[Sequence[int]], k: float = 60.0) -> dict[int, float]:
    """Merge rankings into one score per id: the sum of ``1 / (k + rank)``, rank counted from 1.

    Args:
        rankings: Each a list of ids, best first, without repeats; lengths may differ.
        k: Damping, in ranks; 60 is from Cormack et al. 2009, doi:10.1145/1571941.1572114.

    Returns:
        Score per id, best first; equal scores keep first-seen order.

    Raises:
        ValueError: k is negative.

    Example:
        >>> list(reciprocal_rank_fusion([[1, 2], [2, 3]]))
        [2, 1, 3]
    """
    if k < 0:
        raise ValueError(f"k must be at least 0, not {k}.")
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, id_ in enumerate(ranking, start=1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (k + rank)
    return _sort_best_first(scores)


def convex_combination(
    keyword: Mapping[int, float], vector: Mapping[int, float], weight: float
) -> dict[int, float]:
    """Merge BM25 scores and cosines: ``weight * v + (1 - weight) * k``, each scaled to [0, 1].

    BM25 is divided by its largest value (a passage without any word of the query has 0); a cosine
    is scaled from the smallest to the largest of the candidates, and counts 1 where these are the
    same. A score that is missing counts 0.

    Args:
        keyword: BM25 by id, at least 0.
        vector: Cosine by id, best if it covers the ids of ``keyword`` too.
        weight: Share of the cosine, from 0 to 1.

    Returns:
        Score per id, from 0 to 1, best first; equal scores keep first-seen order.

    Example:
        >>> convex_combination({1: 8.0, 2: 4.0}, {1: 0.0, 2: 0.5, 3: 0.25}, weight=0.5)
        {2: 0.75, 1: 0.5, 3: 0.25}
    """
    top = max(keyword.values(), default=0.0) or 1.0
    low, high = min(vector.values(), default=0.0), max(vector.values(), default=0.0)
    if low == high:
        low -= 1.0  # one candidate, or all alike: each is the best there is
    span = high - low
    return _sort_best_first(
        {
            id_: weight * (vector.get(id_, low) - low) / span
            + (1 - weight) * keyword.get(id_, 0.0) / top
            for id_ in {**vector, **keyword}
        }
    )


def _sort_best_first(scores: Mapping[int, float]) -> dict[int, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1]))
