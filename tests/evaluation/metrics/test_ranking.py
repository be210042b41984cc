"""The measures of rankings: trec_eval's own figures, and laws."""

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.evaluation.metrics import average_precision, ndcg, precision, recall, reciprocal_rank

CUTS = (5, 10, 15, 20, 30, 100, 200, 500, 1000)


@pytest.fixture(scope="module")
def fixture(test_data) -> Path:
    folder = test_data / "01-retrieval" / "trec-eval-fixture"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    return folder


def read_gains(path: Path) -> dict[str, dict[str, float]]:
    gains: dict[str, dict[str, float]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        query, _, document, relevance = line.split()
        gains[query][document] = float(relevance)
    return gains


def read_rankings(path: Path) -> dict[str, list[str]]:
    """Best first as trec_eval sorts: by score, then by the later name; ranks are not looked at."""
    scored: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line in path.read_text().splitlines():
        query, _, document, _, score, _ = line.split()
        scored[query].append((float(score), document))
    return {query: [name for _, name in sorted(rows)[::-1]] for query, rows in scored.items()}


def read_expected(path: Path) -> dict[str, dict[str, float]]:
    expected: dict[str, dict[str, float]] = defaultdict(dict)
    for line in path.read_text().splitlines():
        measure, query, value = line.split()
        if query != "all" and measure != "relstring":  # that one is no number
            expected[query][measure] = float(value)
    return expected


def measures(ranking: list[str], gains: dict[str, float]) -> dict[str, float]:
    values = {
        "map": average_precision(ranking, gains),
        "recip_rank": reciprocal_rank(ranking, gains),
        "ndcg": ndcg(ranking, gains),
    }
    for cut in CUTS:
        values[f"P_{cut}"] = precision(ranking, gains, cut)
        values[f"recall_{cut}"] = recall(ranking, gains, cut)
        values[f"ndcg_cut_{cut}"] = ndcg(ranking, gains, cut)
    return values


def test_every_measure_is_trec_evals_to_four_decimals(fixture):
    gains = read_gains(fixture / "qrels.test")
    rankings = read_rankings(fixture / "results.test")
    expected = read_expected(fixture / "out.test.aq")

    compared = 0
    for query, ranking in rankings.items():
        for measure, value in measures(ranking, gains[query]).items():
            assert value == pytest.approx(expected[query][measure], abs=0.000051), measure
            compared += 1
    assert compared == 3 * (3 + 3 * len(CUTS))


IDS = st.sampled_from([f"d{number}" for number in range(12)])
RANKING = st.lists(IDS, unique=True, max_size=12)
GAINS = st.dictionaries(IDS, st.integers(min_value=-1, max_value=3), max_size=12)


@given(RANKING, GAINS, st.integers(min_value=1, max_value=15))
def test_every_measure_lies_from_0_to_1(ranking, gains, k):
    for value in (
        ndcg(ranking, gains, k),
        ndcg(ranking, gains),
        recall(ranking, gains, k),
        precision(ranking, gains, k),
        reciprocal_rank(ranking, gains),
        average_precision(ranking, gains),
    ):
        assert 0 <= value <= 1 + 1e-12


@given(GAINS)
def test_the_ideal_ranking_is_perfect_where_anything_is_relevant(gains):
    ideal = sorted(gains, key=lambda id_: -gains[id_])
    best = float(any(gain > 0 for gain in gains.values()))
    assert ndcg(ideal, gains) == pytest.approx(best)
    assert average_precision(ideal, gains) == pytest.approx(best)
    assert reciprocal_rank(ideal, gains) == best
    assert recall(ideal, gains) == best


@given(RANKING, GAINS, st.integers(min_value=1, max_value=12))
def test_precision_and_recall_count_the_same_hits(ranking, gains, k):
    relevant = sum(gain > 0 for gain in gains.values())
    hits = precision(ranking, gains, k) * k
    assert hits == pytest.approx(recall(ranking, gains, k) * relevant)


@given(RANKING, GAINS, st.data())
def test_moving_a_better_document_up_never_lowers_a_measure(ranking, gains, data):
    if len(ranking) < 2:
        return
    place = data.draw(st.integers(min_value=1, max_value=len(ranking) - 1))
    above, below = (max(gains.get(ranking[spot], 0), 0) for spot in (place - 1, place))
    if below <= above:
        return
    risen = [*ranking[: place - 1], ranking[place], ranking[place - 1], *ranking[place + 1 :]]
    assert ndcg(risen, gains) > ndcg(ranking, gains)
    assert average_precision(risen, gains) >= average_precision(ranking, gains)
    assert reciprocal_rank(risen, gains) >= reciprocal_rank(ranking, gains)


@given(RANKING, GAINS)
def test_what_is_ranked_below_k_does_not_count(ranking, gains):
    assert ndcg(ranking, gains, 3) == ndcg(ranking[:3], gains, 3)
    assert recall(ranking, gains, 3) == recall(ranking[:3], gains)


@given(RANKING, GAINS, st.integers(min_value=2, max_value=9))
def test_the_unit_of_gains_does_not_matter(ranking, gains, factor):
    scaled = {id_: gain * factor for id_, gain in gains.items()}
    assert ndcg(ranking, scaled) == pytest.approx(ndcg(ranking, gains))
