import pytest

from genwright.evaluation.retrieval import DEPTH, MEASURES, encode_table, evaluate_retrieval
from genwright.evaluation.suites import BeirSet

DOCUMENTS = [f"d{number}" for number in range(200)]
QRELS = {
    "q1": {"d1": 1.0, "d2": 1.0, "d3": 0.0},
    "q2": {"d7": 2.0, "d8": 1.0},
    "q3": {"d150": 1.0},
}
BEIR = BeirSet(
    {id_: ("", f"text of {id_}") for id_ in DOCUMENTS},
    {query: f"the words of {query}" for query in QRELS},
    QRELS,
    "digest",
)


def gains_of(query: str) -> dict[str, float]:
    return QRELS[query.rpartition(" ")[2]]


def ideal(query: str, mode: str = "", k: int = DEPTH) -> list[str]:
    gains = gains_of(query)
    return sorted(DOCUMENTS, key=lambda each: -gains.get(each, 0.0))[:k]


def backwards(query: str, mode: str = "", k: int = DEPTH) -> list[str]:
    return sorted(DOCUMENTS, key=lambda each: QRELS[query.rsplit(maxsplit=1)[-1]].get(each, 0.0))[
        :k
    ]


def test_a_perfect_ranker_gets_one_in_every_measure():
    report = evaluate_retrieval(BEIR, ideal, ["keyword"])
    assert {each.value for each in report.compute_results()["keyword"].values()} == {1.0}


def test_a_ranker_that_finds_nothing_relevant_gets_zero():
    for rank in (backwards, lambda query, mode, k: []):
        report = evaluate_retrieval(BEIR, rank, ["keyword"])
        assert {each.value for each in report.compute_results()["keyword"].values()} == {0.0}


def test_every_value_lies_in_its_interval_and_between_zero_and_one():
    def rank(query: str, mode: str, k: int) -> list[str]:
        return [*backwards(query)[:3], *ideal(query)][:k]

    for each in evaluate_retrieval(BEIR, rank, ["vector"]).compute_results()["vector"].values():
        assert 0 <= each.low <= each.value <= each.high <= 1


def test_measures_at_ten_do_not_look_below_the_tenth_place():
    def rank(query: str, mode: str, k: int) -> list[str]:
        return [*backwards(query)[:10], *ideal(query)][:k]

    found = evaluate_retrieval(BEIR, rank, ["vector"]).compute_results()["vector"]
    assert found["ndcg@10"].value == found["recall@10"].value == found["mrr@10"].value == 0
    assert found["recall@100"].value == 1


def test_the_ranker_is_asked_for_each_query_in_each_mode_as_deep_as_measures_look():
    asked = []

    def rank(query: str, mode: str, k: int) -> list[str]:
        asked.append((query, mode, k))
        return []

    told: list[tuple[int, int]] = []
    modes = ["keyword", "vector"]
    evaluate_retrieval(BEIR, rank, modes, lambda done, total, what: told.append((done, total)))
    assert asked == [(query, mode, 100) for query in BEIR.queries.values() for mode in modes]
    assert told == [(done, 6) for done in range(1, 7)]


def test_the_difference_is_of_hybrid_to_each_part_and_zero_to_an_equal():
    def rank(query: str, mode: str, k: int) -> list[str]:
        return backwards(query) if mode == "vector" else ideal(query)

    found = evaluate_retrieval(BEIR, rank, ["keyword", "vector", "hybrid"]).compute_differences()
    assert list(found) == ["hybrid - keyword", "hybrid - vector"]
    for measure in MEASURES:
        equal, ahead = found["hybrid - keyword"][measure], found["hybrid - vector"][measure]
        assert (equal.value, equal.low, equal.high) == (0, 0, 0)
        assert (ahead.value, ahead.low, ahead.high) == (1, 1, 1)


@pytest.mark.parametrize("modes", [["keyword"], ["hybrid"], ["keyword", "vector"]])
def test_there_is_no_difference_without_both_sides(modes):
    assert not evaluate_retrieval(BEIR, ideal, modes).compute_differences()


def test_the_same_cases_give_the_same_table():
    tables = [
        encode_table(evaluate_retrieval(BEIR, ideal, ["hybrid"]).compute_results())
        for _ in range(2)
    ]
    assert tables[0] == tables[1]
    assert set(tables[0]["hybrid"]["ndcg@10"]) == {"value", "low", "high"}
