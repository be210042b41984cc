"""The gate's statistics: its errors by simulation, its guards, its looks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.errors import UsageError
from genwright.improve.canaries import compute_betting_wealth, is_routed_to_canary
from genwright.improve.gate import (
    ALPHA,
    GateGuard,
    GateTarget,
    compute_p_value,
    decide,
    spend_alpha,
)

SAME = [1.0] * 40


def pairs(random, n, gain):
    """Binary outcomes of both versions on the same cases: 12 % of cases differ."""
    fixed, broken = 0.06 + gain / 2, 0.06 - gain / 2
    live = (random.random(n) < 0.6).astype(float)
    draw = random.random(n)
    candidate = np.where(live == 0, draw < fixed / 0.4, ~(draw < broken / 0.6)).astype(float)
    return live.tolist(), candidate.tolist()


def draws(random, n, share):
    return (random.random(n) < share).astype(float).tolist()


def rate(gain, n=400, runs=200):
    random = np.random.default_rng(7)
    return np.mean([
        decide(GateTarget("quality", *pairs(random, n, gain)), []).passed for _ in range(runs)
    ])  # fmt: skip


def test_false_promotions_and_missed_gains():
    assert rate(0.0) <= 0.08  # 5 % and what 200 runs may be off
    assert rate(0.05) >= 0.8


def test_a_worse_guard_stops_it():
    live, candidate = [0.2, 0.4] * 20, [0.5, 0.6] * 20
    target = GateTarget("quality", live, candidate)
    assert decide(target, []).passed
    bad = [0.9] * 40
    for guard, word in (
        (GateGuard("supported", SAME, bad, 0.05), "supported"),
        (GateGuard("refusals", [0.0] * 40, [0.1] * 40, 0.05, higher_is_better=False), "refusals"),
        (GateGuard("seconds", [1.0] * 40, [2.0] * 40, 1.5, ratio=True), "2.00 times"),
    ):
        found = decide(target, [guard])
        assert not found.passed
        assert word in found.reasons[0]
    allowed = GateGuard("supported", SAME, [0.96] * 40, 0.05)
    assert decide(target, [allowed, GateGuard("none", [], [], 0.0)]).passed


def test_few_cases_decide_nothing():
    found = decide(GateTarget("quality", [0.0] * 5, [1.0] * 5), [])
    assert not found.passed
    assert "8 are needed" in found.reasons[0]


def test_cases_must_be_the_same():
    with pytest.raises(UsageError, match="same cases"):
        decide(GateTarget("quality", [1.0] * 9, [1.0] * 10), [])
    with pytest.raises(UsageError, match="same cases"):
        GateGuard("x", [1.0], [], 0.0)


@given(st.integers(2, 10))
def test_looks_spend_no_more_than_the_whole(looks):
    levels = [spend_alpha(look, looks) for look in range(1, looks + 1)]
    assert sum(levels) == pytest.approx(ALPHA)
    assert levels[0] < ALPHA / looks  # early looks are stricter
    with pytest.raises(UsageError):
        spend_alpha(looks + 1, looks)


def test_looking_often_promotes_nothing_by_chance():
    random, hits = np.random.default_rng(3), 0
    for _ in range(120):
        live, candidate = pairs(random, 400, 0.0)
        for look in range(1, 5):
            n = 100 * look
            target = GateTarget("quality", live[:n], candidate[:n])
            if decide(target, [], look=look, looks=4).passed:
                hits += 1
                break
    assert hits / 120 <= 0.09


def test_permutation_is_exact_in_small():
    assert compute_p_value([0.0] * 10) == 1.0
    assert compute_p_value([1.0] * 8) == pytest.approx(1 / 256, abs=0.003)
    assert compute_p_value([-1.0] * 8) > 0.9


def test_canaries_stick_and_are_a_share():
    went = [is_routed_to_canary(f"ann\n{n}", 0.2) for n in range(5000)]
    assert went == [is_routed_to_canary(f"ann\n{n}", 0.2) for n in range(5000)]
    assert 0.18 < np.mean(went) < 0.22
    assert not any(is_routed_to_canary(str(n), 0.0) for n in range(50))


def test_a_worse_canary_is_found_and_an_equal_one_hardly_ever():
    random = np.random.default_rng(0)
    found = [compute_betting_wealth(draws(random, 200, 0.1), draws(random, 200, 0.4)) >= 20
             for _ in range(40)]  # fmt: skip
    assert np.mean(found) > 0.9
    alarms = [compute_betting_wealth(draws(random, 400, 0.2), draws(random, 400, 0.2)) >= 20
              for _ in range(300)]  # fmt: skip
    assert np.mean(alarms) <= 0.05
