"""Laws of making one ranking of two."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.retrieval import convex_combination, reciprocal_rank_fusion

IDS = st.integers(min_value=1, max_value=30)
RANKINGS = st.lists(st.lists(IDS, unique=True, max_size=20), max_size=4)
# In steps: numbers closer together than a float's rounding may change places.
BM25 = st.dictionaries(IDS, st.integers(0, 5000).map(lambda n: n / 100), max_size=20)
COSINES = st.dictionaries(IDS, st.integers(-1000, 1000).map(lambda n: n / 1000), max_size=20)
WEIGHTS = st.floats(min_value=0, max_value=1)


def descends(scores: dict[int, float]) -> bool:
    values = list(scores.values())
    return values == sorted(values, reverse=True)


@given(RANKINGS, st.floats(min_value=0, max_value=1000))
def test_fused_ranks_hold_every_id_once_best_first(rankings, k):
    fused = reciprocal_rank_fusion(rankings, k)
    assert set(fused) == {id_ for ranking in rankings for id_ in ranking}
    assert descends(fused)


@given(RANKINGS)
def test_the_order_of_the_rankings_does_not_change_a_score(rankings):
    one, other = reciprocal_rank_fusion(rankings), reciprocal_rank_fusion(rankings[::-1])
    assert all(math.isclose(one[id_], other[id_]) for id_ in one)


@given(st.lists(IDS, unique=True, min_size=1))
def test_fusing_a_ranking_with_itself_keeps_it(ranking):
    assert list(reciprocal_rank_fusion([ranking, ranking])) == ranking


@given(st.lists(IDS, unique=True, min_size=2), st.lists(IDS, unique=True), st.data())
def test_a_better_rank_never_makes_a_fused_score_worse(ranking, other, data):
    place = data.draw(st.integers(min_value=1, max_value=len(ranking) - 1))
    risen = [*ranking[: place - 1], ranking[place], ranking[place - 1], *ranking[place + 1 :]]
    before = reciprocal_rank_fusion([ranking, other])
    after = reciprocal_rank_fusion([risen, other])
    assert after[ranking[place]] > before[ranking[place]]


def test_a_negative_damping_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        reciprocal_rank_fusion([[1]], k=-1)


@given(BM25, COSINES, WEIGHTS)
def test_combined_scores_hold_every_id_within_0_and_1_best_first(keyword, vector, weight):
    combined = convex_combination(keyword, vector, weight)
    assert set(combined) == set(keyword) | set(vector)
    assert descends(combined)
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in combined.values())


@given(BM25, COSINES, WEIGHTS, st.floats(min_value=0.1, max_value=10))
def test_the_unit_of_bm25_and_the_offset_of_cosines_do_not_matter(keyword, vector, weight, scale):
    scaled = {id_: score * scale for id_, score in keyword.items()}
    squeezed = {id_: score / 2 + 0.25 for id_, score in vector.items()}
    one = convex_combination(keyword, vector, weight)
    other = convex_combination(scaled, squeezed, weight)
    assert all(math.isclose(one[id_], other[id_], abs_tol=1e-6) for id_ in one)


@given(BM25, COSINES)
def test_all_the_weight_on_one_side_ranks_by_that_side(keyword, vector):
    by_cosine = convex_combination({}, vector, weight=1)
    assert [vector[id_] for id_ in by_cosine] == sorted(vector.values(), reverse=True)
    by_bm25 = convex_combination(keyword, {}, weight=0)
    assert [keyword[id_] for id_ in by_bm25] == sorted(keyword.values(), reverse=True)


@given(BM25, COSINES, WEIGHTS)
def test_a_passage_no_worse_on_either_side_is_no_worse_combined(keyword, vector, weight):
    shared = sorted(set(keyword) & set(vector))
    combined = convex_combination(keyword, vector, weight)
    for one in shared:
        for other in shared:
            if keyword[one] >= keyword[other] and vector[one] >= vector[other]:
                assert combined[one] >= combined[other] - 1e-9
