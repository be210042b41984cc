"""How well rankings of documents answer the queries of a set.

Whoever calls it brings the search, as a function; nothing here knows how it works.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean
from genwright.evaluation.metrics import ndcg, recall, reciprocal_rank
from genwright.evaluation.suites import BeirSet
from genwright.types import Json, Progress, ignore_progress

Rank = Callable[[str, str, int], Sequence[str]]
"""Ranks documents: query, mode and k in, at most k document ids out, best first, none twice."""

Measure = Callable[[Sequence[str], Mapping[str, float]], float]
"""One ranking and the judged relevance by document in, a number out."""

MEASURES: dict[str, Measure] = {
    "ndcg@10": lambda ranking, gains: ndcg(ranking, gains, 10),
    "recall@10": lambda ranking, gains: recall(ranking, gains, 10),
    "recall@100": lambda ranking, gains: recall(ranking, gains, 100),
    "mrr@10": lambda ranking, gains: reciprocal_rank(ranking[:10], gains),
}
DEPTH = 100
"""Documents that are ranked for each query: as deep as the deepest measure looks."""

COMBINED = "hybrid"
"""The mode that is made of the others, and held against each."""

Table = Mapping[str, Mapping[str, ConfidenceInterval]]
"""By mode, or difference of two, and measure."""


@dataclass(frozen=True)
class RetrievalReport:
    """The value of each measure for each query."""

    cases: Mapping[str, Mapping[str, Sequence[float]]]
    """By mode and measure, in the order of the queries."""

    def compute_results(self) -> Table:
        """Mean of each measure over the queries, by mode and measure, with its interval."""
        return {
            mode: {measure: bootstrap_mean(values) for measure, values in measures.items()}
            for mode, measures in self.cases.items()
        }

    def compute_differences(self) -> Table:
        """By how much hybrid search is ahead of each part: the mean over queries, by measure.

        Its interval is far narrower than two intervals side by side would suggest: both searches
        find the same queries hard.
        """
        if COMBINED not in self.cases:
            return {}
        whole = self.cases[COMBINED]
        return {
            f"{COMBINED} - {mode}": {
                measure: bootstrap_mean(
                    [a - b for a, b in zip(whole[measure], values, strict=True)]
                )
                for measure, values in measures.items()
            }
            for mode, measures in self.cases.items()
            if mode != COMBINED
        }


def evaluate_retrieval(
    beir: BeirSet, rank: Rank, modes: Sequence[str], progress: Progress = ignore_progress
) -> RetrievalReport:
    """Rank the documents for every query in every mode, and measure each ranking.

    Args:
        beir: Queries and judgements.
        rank: The search.
        modes: What to ask it for, such as ``keyword``, ``vector`` and ``hybrid``.
        progress: Told of queries that are ranked.

    Example:
        >>> beir = BeirSet({"d1": ("", "a"), "d2": ("", "b")}, {"q": "a"}, {"q": {"d1": 1}}, "")
        >>> report = evaluate_retrieval(beir, lambda query, mode, k: ["d2", "d1"], ["keyword"])
        >>> report.compute_results()["keyword"]["mrr@10"].value
        0.5
    """
    cases = {mode: {measure: list[float]() for measure in MEASURES} for mode in modes}
    done, total = 0, len(beir.queries) * len(modes)
    for (id_, query), mode in product(beir.queries.items(), modes):
        ranking = rank(query, mode, DEPTH)
        for name, measure in MEASURES.items():
            cases[mode][name].append(measure(ranking, beir.qrels[id_]))
        done += 1
        progress(done, total, f"{done // len(modes)} of {len(beir.queries)} queries ranked")
    return RetrievalReport(cases)


def encode_table(table: Table) -> Json:
    """A table as ``{row: {measure: {"value", "low", "high"}}}``."""
    return {
        row: {measure: each.json() for measure, each in measures.items()}
        for row, measures in table.items()
    }
