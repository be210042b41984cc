"""Bootstrap intervals cover what they should, and say nothing where there is nothing."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.evaluation import bootstrap_mean, bootstrap_ratio
from genwright.evaluation.intervals import wilson_interval

VALUES = st.lists(st.floats(min_value=0, max_value=1, width=32), min_size=1, max_size=40)


def test_about_95_of_100_intervals_hold_the_true_mean():
    draw = np.random.default_rng(0)
    samples = draw.random((300, 60)) < 0.7
    held = sum(
        found.low <= 0.7 <= found.high for found in (bootstrap_mean(list(row)) for row in samples)
    )
    assert 0.89 <= held / 300 <= 0.99  # 0.95, and three standard errors of 300 trials


def test_four_times_the_cases_halve_the_width():
    draw = np.random.default_rng(1)
    few, many = (bootstrap_mean(list(draw.random(count))) for count in (100, 400))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(2, rel=0.3)


@given(VALUES)
def test_an_interval_holds_its_value_within_the_range_of_the_cases(values):
    found = bootstrap_mean(values)
    assert found.value == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


@given(VALUES, st.integers(min_value=0, max_value=9))
def test_a_seed_repeats_an_interval(values, seed):
    assert bootstrap_mean(values, seed) == bootstrap_mean(values, seed)


@given(VALUES)
def test_equal_denominators_make_a_mean_of_a_ratio(values):
    ratio = bootstrap_ratio(values, [2.0] * len(values))
    assert ratio.value == pytest.approx(bootstrap_mean(values).value / 2)


def test_a_ratio_weighs_cases_by_their_denominators():
    assert bootstrap_ratio([1, 0], [1, 9]).value == pytest.approx(0.1)


@pytest.mark.parametrize("found", [bootstrap_mean([]), bootstrap_ratio([0, 0], [0, 0])])
def test_no_cases_have_no_value(found):
    assert math.isnan(found.value)
    assert found.json() == {"value": None, "low": None, "high": None}
    assert str(found) == "no cases"


def test_a_resample_without_a_denominator_is_left_out_silently():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bootstrap_ratio([1, 0, 0], [1, 0, 0])  # many resamples miss the first case
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_json_has_four_decimals():
    assert bootstrap_mean([1 / 3]).json() == {"value": 0.3333, "low": 0.3333, "high": 0.3333}


def test_a_share_has_wilson_s_interval_also_at_its_ends():
    none, all_ = wilson_interval(0, 10), wilson_interval(10, 10)
    assert (none.value, none.low, all_.high) == pytest.approx((0, 0, 1))
    assert none.high == pytest.approx(0.2775, abs=1e-4) and all_.low == pytest.approx(1 - none.high)
    assert wilson_interval(0, 0).json() == {"value": None, "low": None, "high": None}
