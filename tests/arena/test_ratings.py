"""Ratings against published figures, against a peer's method, and against the laws they obey."""

import csv
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.arena import RankingOptions, rank, tally_by_name, tally_votes
from genwright.arena.ratings.bradley_terry import fit_bradley_terry, fit_davidson
from genwright.arena.ratings.connectivity import find_groups, is_comparable
from genwright.arena.ratings.elo import compute_ratings, update_ratings
from genwright.arena.ratings.ranking import POINTS
from genwright.arena.ratings.scores import METHODS
from genwright.arena.ratings.style import compare_styles, fit_styled, measure_style
from genwright.arena.ratings.tally import LEFT, RIGHT, TIE
from genwright.arena.ratings.uncertainty import bootstrap, estimate_rank_ranges
from genwright.arena.simulation import draw_outcomes, simulate_votes
from genwright.errors import UsageError

WINNER = {"left": LEFT, "right": RIGHT, "tie": TIE}
BATTLE = {"model_a": 0, "model_b": 1, "tie": 2, "tie (bothbad)": 3}


@pytest.fixture(scope="module")
def genai(test_data):
    file = test_data / "09-arena/genai-arena-20240220/clean_battle_20240220.json"
    rows = json.loads(file.read_text())
    return tally_by_name([(row["model_a"], row["model_b"], BATTLE[row["winner"]]) for row in rows])


def golden(folder, name):
    with (folder / f"{name}.csv").open() as file:
        votes = [(row["left"], row["right"], WINNER[row["winner"]]) for row in csv.DictReader(file)]
    with (folder / f"{name}-golden.csv").open() as file:
        rows = list(csv.DictReader(file))
    return votes, {(row["algorithm"], row["item"]): float(row["score"]) for row in rows}


@pytest.mark.parametrize("name", ["simple", "food"])
@pytest.mark.parametrize("method", list(METHODS))
def test_golden_scores_of_evalica(test_data, name, method):
    votes, wanted = golden(test_data / "09-arena/evalica-small", name)
    counted = tally_by_name(votes)
    scores = METHODS[method](counted)
    for item, score in zip(counted.names, scores, strict=True):
        assert score == pytest.approx(wanted[method, item], abs=1e-6)


@pytest.mark.parametrize("name", ["simple", "food"])
def test_golden_elo_of_evalica(test_data, name):
    votes, wanted = golden(test_data / "09-arena/evalica-small", name)
    names = tally_by_name(votes).names
    place = {item: number for number, item in enumerate(names)}
    found = compute_ratings(names, [(place[a], place[b], winner) for a, b, winner in votes])
    for item, score in found.items():
        assert score == pytest.approx(wanted["elo", item], abs=1e-6)


def test_the_same_ratings_as_by_a_general_optimiser(genai):
    """FastChat's ``compute_bt`` is this likelihood, by L-BFGS from 0; so each group has mean 0."""
    from scipy.optimize import minimize

    n = len(genai.names)
    scores, games = genai.scores, genai.games

    def negative(theta):
        gap = theta[:, None] - theta[None, :]
        value = (scores * np.logaddexp(0, -gap)).sum()
        return value, (games / (1 + np.exp(-gap)) - scores).sum(axis=1)

    peer = minimize(negative, np.zeros(n), jac=True, method="L-BFGS-B",
                    options={"gtol": 1e-9, "ftol": 1e-15, "maxiter": 5000})  # fmt: skip
    wanted = dict(zip(genai.names, 1000 + POINTS * peer.x, strict=True))
    for row in rank(genai).rows:
        assert row.rating == pytest.approx(wanted[row.model], abs=0.01)


def test_groups_that_never_meet_are_said_and_ranked_apart(genai):
    found = rank(genai)
    assert found.groups == 2
    assert {row.group for row in found.rows if row.model.endswith("_edition")} == {1}
    assert {row.group for row in found.rows if row.model.endswith("_generation")} == {2}
    assert "never compared" in found.notes[0]
    for group in (1, 2):
        ranks = [row.rank_high for row in found.rows if row.group == group]
        assert max(ranks) == len(ranks)  # ranks are within a group


def test_sandwich_and_bootstrap_agree(genai):
    group = genai.select(find_groups(genai)[1])  # with hundreds of votes each
    fit = fit_bradley_terry(group)
    draws = bootstrap(group, 1000)
    ours = np.sqrt(np.diag(fit.covariance))
    theirs = draws.std(axis=0)
    error = theirs / math.sqrt(2 * 1000)  # Monte-Carlo error of a standard deviation
    assert (abs(ours - theirs) < 4 * error).all()


def test_intervals_cover_the_truth():
    theta = np.linspace(-0.8, 0.8, 8)
    names = [str(place) for place in range(8)]
    hits, simultaneous = [], []
    for seed in range(120):
        votes = simulate_votes(theta, 2000, ties=0.0, seed=seed)
        fit = fit_bradley_terry(tally_votes(names, votes.left, votes.right, votes.winner))
        spread = 1.96 * np.sqrt(np.diag(fit.covariance))
        hits.append((abs(fit.theta - theta) < spread).mean())
        best, worst = estimate_rank_ranges(fit.theta, fit.covariance)
        truth = np.arange(8, 0, -1)
        simultaneous.append(((best <= truth) & (truth <= worst)).all())
    assert 0.93 < np.mean(hits) < 0.97
    assert np.mean(simultaneous) >= 0.93


def test_davidson_finds_the_share_of_ties():
    random = np.random.default_rng(0)
    theta, nu = np.array([-0.5, 0.0, 0.5]), 0.8
    left = random.integers(0, 3, 60_000)
    right = (left + random.integers(1, 3, 60_000)) % 3
    half = (theta[left] - theta[right]) / 2
    odds = np.stack([np.exp(half), np.exp(-half), np.full_like(half, nu)])
    drawn = (random.random(60_000) > np.cumsum(odds / odds.sum(axis=0), axis=0)).sum(axis=0)
    fit = fit_davidson(tally_votes(["a", "b", "c"], left, right, drawn))
    assert fit.theta == pytest.approx(theta, abs=0.03)
    assert math.exp(fit.tie) == pytest.approx(nu, abs=0.02)
    spread = np.sqrt(np.diag(fit.covariance))
    assert (abs(fit.theta - theta) < 4 * spread).all()
    with pytest.raises(UsageError, match="ties"):
        fit_davidson(tally_by_name([("a", "b", LEFT), ("b", "a", LEFT)]))


def test_style_coefficients_are_not_shrunk():
    """The well-known implementation returns 0.036 for 0.19: a penalty pulls it towards 0."""
    random = np.random.default_rng(1)
    theta, n = random.normal(0, 0.5, 10), 20_000
    left = random.integers(0, 10, n)
    right = (left + random.integers(1, 10, n)) % 10
    x = random.uniform(-1, 1, (n, 4))
    beta = np.array([0.19, 0.05, 0.0, -0.1])
    winner = draw_outcomes(theta[left] - theta[right] + (x / x.std(axis=0)) @ beta, random, 0.0)
    found = fit_styled([str(p) for p in range(10)], left, right, winner, x)
    for true, each in zip(beta, found.coefficients, strict=True):
        assert each.low < true < each.high
        assert each.high - each.low < 0.07
    assert found.fit.theta == pytest.approx(theta - theta.mean(), abs=0.12)


def test_style_control_takes_the_advantage_of_length_away():
    """Two equals; one writes twice as much, and judges like that."""
    random = np.random.default_rng(2)
    long, short = {"tokens": 200}, {"tokens": 100}
    n = 6000
    longer = random.random(n) < 0.8  # how often a is the longer one
    sides = [(long, short) if each else (short, long) for each in longer]
    x = compare_styles([a for a, _ in sides], [b for _, b in sides])
    winner = draw_outcomes(x[:, 0] * 3, random, 0.0)
    zeros, ones = np.zeros(n, int), np.ones(n, int)
    plain = fit_bradley_terry(tally_votes(["a", "b"], zeros, ones, winner))
    styled = fit_styled(["a", "b"], zeros, ones, winner, x)
    assert plain.theta[0] > 0.2
    assert abs(styled.fit.theta[0]) < 0.1


def test_style_of_an_answer_leaves_code_out():
    text = "# Title\n- one\n1. two\n**bold**\n```\n# no header\n- no list\n```"
    assert measure_style(text) | {"tokens": 0} == {"tokens": 0, "headers": 1, "lists": 2, "bold": 1}


def test_balanced_pairs_weigh_alike():
    votes = [("a", "b", LEFT)] * 900 + [("b", "a", LEFT)] * 100
    votes += [("b", "c", LEFT)] * 9 + [("c", "b", LEFT)] * 1 + [("a", "c", RIGHT), ("a", "c", LEFT)]
    plain = {row.model: row.rating for row in rank(tally_by_name(votes)).rows}
    balanced = {
        row.model: row.rating
        for row in rank(tally_by_name(votes), RankingOptions(balanced=True)).rows
    }
    # The one match of a and c, even, says they are nearer than the chain over b does.
    assert balanced["a"] - balanced["c"] < plain["a"] - plain["c"]


def test_an_anchor_stays_where_it_is_put():
    votes = [("a", "b", LEFT), ("a", "b", LEFT), ("b", "a", LEFT), ("b", "c", TIE)]
    rows = {
        row.model: row for row in rank(tally_by_name(votes), RankingOptions(False, "c", 1200)).rows
    }
    assert (rows["c"].rating, rows["c"].low, rows["c"].high) == (1200, 1200, 1200)
    with pytest.raises(UsageError, match="no votes"):
        rank(tally_by_name(votes), RankingOptions(anchor="nobody"))


def test_one_who_always_wins_gets_a_number_and_a_note():
    found = rank(tally_by_name([("a", "b", LEFT)] * 5))
    assert math.isfinite(found.rows[0].rating)
    assert "won or lost all" in found.notes[0]
    assert not is_comparable(tally_by_name([("a", "b", LEFT)]))


def test_flips_are_true():
    votes = [("a", "b", LEFT)] * 12 + [("b", "a", LEFT)] * 8 + [("a", "c", LEFT), ("c", "b", TIE)]
    votes += [("c", "a", LEFT), ("b", "c", LEFT)]
    counted = tally_by_name(votes)
    (found,) = rank(counted).flips
    a, b = counted.names.index("a"), counted.names.index("b")

    def first(changed):
        theta = fit_bradley_terry(changed).theta
        return theta[a] - theta[b]

    assert (found.first, found.second) == ("a", "b")
    assert first(counted.with_votes(b, a, LEFT, found.added)) <= 0
    assert first(counted.with_votes(b, a, LEFT, found.added - 1)) > 0
    assert 0 < found.dropped <= found.added * 2


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=60
    )
)
def test_laws_of_ratings(votes):
    counted = tally_votes("abcde", *zip(*votes, strict=True))
    if not counted.total:
        return
    for group in find_groups(counted):
        part = counted.select(group)
        if not part.total:
            continue
        fit = fit_bradley_terry(part)
        assert abs(fit.theta.sum()) < 1e-8
        chance = 1 / (1 + np.exp(fit.theta[None, :] - fit.theta[:, None]))
        if fit.finite:  # at the maximum, expected points are those that were won
            expected = (part.games * chance).sum(axis=1)
            assert expected == pytest.approx(part.scores.sum(axis=1), abs=1e-5)
        mirrored = fit_bradley_terry(type(part)(part.names, part.wins.T, part.ties))
        assert mirrored.theta == pytest.approx(-fit.theta, abs=1e-5)


def test_elo_gives_and_takes_the_same():
    left, right = update_ratings(1100, 900, RIGHT)
    assert left + right == pytest.approx(2000)
    assert left < 1100


def test_bad_votes_are_refused():
    with pytest.raises(UsageError, match="below 2"):
        tally_votes(["a", "b"], [0], [2], [LEFT])
    with pytest.raises(UsageError, match="length"):
        tally_votes(["a", "b"], [0], [1, 0], [LEFT])
    with pytest.raises(UsageError, match="no vote"):
        rank(tally_votes(["a", "b"], [], [], []))
