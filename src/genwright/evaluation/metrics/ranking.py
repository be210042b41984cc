"""Measures of one ranking, as trec_eval defines them.

``ranking`` is a list of ids, best first, without repeats; ``gains`` the judged relevance by id,
where 0 or a missing id is not relevant. (The packages that wrap trec_eval need scipy, 142 MB;
``tests/evaluation`` holds these five against trec_eval's own outputs to four decimals.)
"""

import math
from collections.abc import Mapping, Sequence


def ndcg(ranking: Sequence[str], gains: Mapping[str, float], k: int | None = None) -> float:
    """Normalised discounted cumulative gain: sum of ``gain / log2(rank + 1)`` over the ideal's.

    Järvelin and Kekäläinen 2002, doi:10.1145/582415.582418. 0 where nothing is relevant.

    Example:
        >>> ndcg(["a", "b"], {"a": 1, "c": 1}, k=2) > ndcg(["b", "a"], {"a": 1, "c": 1}, k=2)
        True
    """
    ideal = _dcg(sorted(gains.values(), reverse=True)[:k])
    return _dcg([gains.get(id_, 0.0) for id_ in ranking[:k]]) / ideal if ideal > 0 else 0.0


def recall(ranking: Sequence[str], gains: Mapping[str, float], k: int | None = None) -> float:
    """Share of the relevant ids that are among the first k; 0 where nothing is relevant."""
    relevant = _select_relevant(gains)
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def precision(ranking: Sequence[str], gains: Mapping[str, float], k: int) -> float:
    """Share of the first k places that hold a relevant id; empty places count as wrong."""
    return len(_select_relevant(gains).intersection(ranking[:k])) / k


def reciprocal_rank(ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """One over the rank of the first relevant id; 0 where there is none."""
    relevant = _select_relevant(gains)
    return next((1 / rank for rank, id_ in enumerate(ranking, 1) if id_ in relevant), 0.0)


def average_precision(ranking: Sequence[str], gains: Mapping[str, float]) -> float:
    """Mean, over the relevant ids, of the precision at the rank where each is found."""
    relevant = _select_relevant(gains)
    found, total = 0, 0.0
    for rank, id_ in enumerate(ranking, 1):
        if id_ in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def _select_relevant(gains: Mapping[str, float]) -> set[str]:
    return {id_ for id_, gain in gains.items() if gain > 0}


def _dcg(gains: Sequence[float]) -> float:
    return sum(max(gain, 0) / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
