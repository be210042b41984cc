"""Votes in the store, imports and exports, pairs, anomalies, matches."""

import json

import numpy as np
import pytest
from sqlalchemy import select, update

from genwright.arena import tally_by_name
from genwright.arena.anomalies import find_anomalies
from genwright.arena.boards import find_suspects, rank_contenders, read_rating_history
from genwright.arena.import_export import export_votes, import_votes
from genwright.arena.leaks import find_leak
from genwright.arena.matches import ask_match, begin_match, cast_vote, read_match, store_answer
from genwright.arena.pairing import choose_pair, compute_pair_chances
from genwright.arena.plots import plot_history, plot_matrix, plot_ratings
from genwright.arena.ratings.bradley_terry import fit_bradley_terry
from genwright.arena.ratings.tally import LEFT, RIGHT, TIE
from genwright.arena.simulation import count_votes_until, simulate_votes
from genwright.arena.ticker import Standing
from genwright.arena.votes import (
    IMPORTED,
    SIMULATED,
    Vote,
    VoteFilter,
    add_votes,
    read_columns,
    read_tally,
)
from genwright.errors import NotFound, Refused, StoreFailed, TooMany, UsageError
from genwright.storage import Battle, Database
from genwright.types import OWNER, Principal

ANN = Principal("ann", role="reader")


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "genwright.db")
    yield made
    made.close()


def votes_of(database, n=400, judges=8, kind=SIMULATED, seed=0, colluders=0):
    theta = np.linspace(0.8, -0.8, 6)
    made = simulate_votes(theta, n, judges=judges, seed=seed, colluders=colluders, target=3)
    names = [f"m{place}" for place in range(6)]
    rows = zip(made.left, made.right, made.winner, made.judge, strict=True)
    add_votes(
        database,
        OWNER,
        [
            Vote(names[a], names[b], int(w), f"judge-{j}", 1000.0 + i, kind)
            for i, (a, b, w, j) in enumerate(rows)
        ],
    )


def test_kept_counts_are_those_of_the_rows(database):
    votes_of(database)
    fast = read_tally(database, OWNER, VoteFilter(("simulated",)))
    slow = read_columns(database, OWNER, VoteFilter(("simulated",))).tally()
    assert fast.names == slow.names
    assert (fast.wins == slow.wins).all()
    assert (fast.ties == slow.ties).all()
    assert read_tally(database, OWNER).total == 0  # people have not voted
    with database.write(OWNER) as session:
        session.execute(update(Battle).where(Battle.id <= 100).values(dropped="named its model"))
    assert read_tally(database, OWNER, VoteFilter(("simulated",))).total == 300
    with database.write(OWNER) as session:
        session.execute(update(Battle).where(Battle.id <= 50).values(dropped=""))
        session.delete(session.scalars(select(Battle).where(Battle.id == 400)).one())
    fast = read_tally(database, OWNER, VoteFilter(("simulated",)))
    slow = read_columns(database, OWNER, VoteFilter(("simulated",))).tally()
    assert fast.total == slow.total == 349
    assert (fast.wins == slow.wins).all()


def test_a_vote_is_never_changed(database):
    votes_of(database, 10)
    with (
        pytest.raises((StoreFailed, Exception), match="never changed"),
        database.write(OWNER) as session,
    ):
        session.execute(update(Battle).values(winner=0))


def test_filters(database):
    votes_of(database, 400, judges=8)
    capped = read_tally(database, OWNER, VoteFilter(("simulated",), cap=10))
    assert capped.total == 80
    assert read_tally(database, OWNER, VoteFilter(("simulated",), since=1300.0)).total == 100
    without = VoteFilter(("simulated",), without=("judge-0",))
    assert read_tally(database, OWNER, without).total == 350
    with pytest.raises(UsageError, match="kinds of votes"):
        read_tally(database, OWNER, VoteFilter(("robots",)))


def test_import_of_a_real_arena_twice_adds_nothing(database, test_data, tmp_path):
    file = test_data / "09-arena/genai-arena-20240220/clean_battle_20240220.json"
    first = import_votes(database, OWNER, file)
    assert (first.read, first.added, first.themselves) == (2061, 2060, 1)
    again = import_votes(database, OWNER, file)
    assert (again.added, again.known) == (0, 2060)
    out = tmp_path / "out.jsonl"
    assert export_votes(database, OWNER, out, VoteFilter(("imported",))) == 2060
    other = Database(tmp_path / "other.db")
    import_votes(other, OWNER, out)
    assert (read_tally(other, OWNER, VoteFilter(("imported",))).wins
            == read_tally(database, OWNER, VoteFilter(("imported",))).wins).all()  # fmt: skip
    other.close()
    with pytest.raises(Refused, match="there already"):
        export_votes(database, OWNER, out)


def test_equal_rows_are_several_votes(database, tmp_path):
    file = tmp_path / "food.csv"
    file.write_text("left,right,winner\nPizza,Sushi,left\nPizza,Sushi,left\nSushi,Pizza,tie\n")
    assert import_votes(database, OWNER, file).added == 3
    assert import_votes(database, OWNER, file).added == 0


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"model_a": "x", "model_b": "y", "winner": "maybe"}', "row 1.*winner"),
        ('{"question": "x", "winner": "tie"}', "row 1.*model_a"),
        (
            '{"id": 1, "model_a": "x", "model_b": "y", "winner": "tie"}\n'
            '{"id": 1, "model_a": "x", "model_b": "y", "winner": "model_a"}',
            "rows 1 and 2 are the same battle",
        ),
    ],
)
def test_bad_imports_keep_nothing(database, tmp_path, text, what):
    file = tmp_path / "votes.jsonl"
    file.write_text(f'{text}\n{{"model_a": "x", "model_b": "z", "winner": "tie"}}\n')
    with pytest.raises((UsageError, Refused), match=what):
        import_votes(database, OWNER, file)
    assert read_tally(database, OWNER, VoteFilter(("imported",))).total == 0


def test_style_of_imports_is_kept_and_controlled(database, tmp_path):
    random = np.random.default_rng(0)
    lines = []
    for number in range(800):
        a, b = (int(each) for each in random.integers(20, 400, 2))
        won = random.random() < 1 / (1 + np.exp(-(a - b) / 150))
        about = {"sum_assistant_a_tokens": a, "sum_assistant_b_tokens": b}
        for side in "ab":
            about |= {f"header_count_{side}": {"h1": number % 2}, f"list_count_{side}": 0,
                      f"bold_count_{side}": 0}  # fmt: skip
        lines.append(json.dumps({
            "model_a": "x" if number % 2 else "y", "model_b": "y" if number % 2 else "x",
            "winner": "model_a" if won else "model_b", "conv_metadata": about,
            "tstamp": 1.7e9 + number,
        }))  # fmt: skip
    file = tmp_path / "styled.jsonl"
    file.write_text("\n".join(lines))
    import_votes(database, OWNER, file)
    found = rank_contenders(database, OWNER, VoteFilter(("imported",)), style=True)
    (tokens,) = found.style
    assert tokens.name == "tokens"
    assert tokens.low > 0.5
    with pytest.raises(UsageError, match="style"):
        votes_of(database, 50)
        rank_contenders(database, OWNER, VoteFilter(("simulated",)), style=True)


def test_pairs_prefer_the_unsure():
    counted = tally_by_name(
        [("a", "b", LEFT), ("b", "a", LEFT)] * 200 + [("a", "c", LEFT), ("c", "b", LEFT)]
    )
    for rule in ("ratings", "pairs"):
        chances = compute_pair_chances(counted, rule)
        assert chances[0, 1] < min(chances[0, 2], chances[1, 2])
        assert chances.sum() == pytest.approx(2)
    drawn = [choose_pair(counted, np.random.default_rng(seed)) for seed in range(200)]
    assert {True, False} == {left < right for left, right in drawn}  # sides are random


def test_newcomers_need_fewer_votes_than_by_chance():
    theta = np.linspace(-1, 1, 8)
    old = simulate_votes(theta[:6], 2000, seed=5)
    from genwright.arena import tally_votes

    before = tally_votes([str(p) for p in range(8)], old.left, old.right, old.winner)
    spent = {
        rule: np.mean(
            [count_votes_until(theta, 130, rule, before=before, seed=s) for s in range(3)]
        )
        for rule in ("random", "ratings")
    }
    assert spent["ratings"] <= 0.75 * spent["random"]


def test_colluders_are_flagged_and_honest_judges_are_not():
    theta, names = np.linspace(0.8, -0.8, 10), tuple(str(place) for place in range(10))
    hits, alarms = [], []
    for seed in range(4):
        made = simulate_votes(theta, 400 * 50, judges=400, colluders=20, target=4, seed=seed)
        found = find_anomalies(names, made.left, made.right, made.winner, made.judge)
        flagged = {each.judge for each in found if each.is_flagged}
        hits.append(sum(judge < 20 for judge in flagged) / 20)
        alarms.append(sum(judge >= 20 for judge in flagged) / 380)
        assert found[0].suspicion == "for 4"
    assert np.mean(hits) >= 0.9
    assert np.mean(alarms) <= 0.05


def test_without_suspects_the_ranking_is_the_honest_one(database):
    votes_of(database, 200 * 50, judges=200, colluders=10)
    found = find_suspects(database, OWNER, VoteFilter(("simulated",)))
    assert {each.judge for each in found} >= {f"judge-{j}" for j in range(8)}
    board = rank_contenders(database, OWNER, VoteFilter(("simulated",)), drop_suspects=True)
    assert board.rows[0].model == "m0"
    assert "odds" in found[0].format_line()


def test_standing_is_the_fit_of_all_votes(database):
    votes_of(database, 300)
    standing = Standing(kind=SIMULATED)
    assert standing.catch_up(database, OWNER) == 300
    assert standing.catch_up(database, OWNER) == 0
    add_votes(database, OWNER, [Vote("m0", "m9", LEFT, "ann", 1.0, SIMULATED),
                                Vote("m9", "m0", TIE, "ann", 2.0, SIMULATED)])  # fmt: skip
    assert standing.catch_up(database, OWNER) == 2
    counted = read_tally(database, OWNER, VoteFilter(("simulated",)))
    whole = dict(zip(counted.names, fit_bradley_terry(counted).theta, strict=True))
    for name, theta in zip(standing.counted.names, standing.fit.theta, strict=True):
        assert theta == pytest.approx(whole[name], abs=1e-6)
    assert sum(standing.ticker.values()) == pytest.approx(7000)


def answer(text):
    return {"text": text, "trace": "0" * 32, "refused": False, "sentences": []}


def played(database, left="Yes.", right="No.", names=("faq@1", "faq@2")):
    match = begin_match(database, ANN, names)
    ask_match(database, ANN, match.id, "Is it so?")
    store_answer(database, ANN, match.id, "left", answer(left))
    return store_answer(database, ANN, match.id, "right", answer(right))


def test_a_match_takes_one_vote_of_its_owner(database):
    match = played(database)
    ask_match(database, ANN, match.id, "And why?")
    with pytest.raises(Refused, match="have to answer"):
        cast_vote(database, ANN, match.id, LEFT)
    store_answer(database, ANN, match.id, "left", answer("So."))
    store_answer(database, ANN, match.id, "right", answer("No."))
    with pytest.raises(NotFound):
        cast_vote(database, Principal("bob"), match.id, LEFT)
    done = cast_vote(database, ANN, match.id, RIGHT)
    assert done.voted
    with pytest.raises(Refused, match="have voted"):
        cast_vote(database, ANN, match.id, LEFT)
    with pytest.raises(Refused, match="have voted"):
        ask_match(database, ANN, match.id, "More?")
    counted = read_tally(database, OWNER)
    assert counted.total == 1
    winner = counted.names[int(counted.wins.sum(axis=1).argmax())]
    assert winner == done.right


def test_votes_on_answers_that_name_their_model_do_not_count(database):
    match = played(database, left="I am SmolLM, trained to help you.")
    assert match.leak == "smollm"
    cast_vote(database, ANN, match.id, LEFT)
    assert read_tally(database, OWNER).total == 0
    with database.read(OWNER) as session:
        row = session.scalars(select(Battle)).one()
        assert "smollm" in row.dropped


def test_votes_in_a_day_are_limited(database):
    for _ in range(2):
        cast_vote(database, ANN, played(database).id, TIE, per_day=2)
    with pytest.raises(TooMany, match="2 votes"):
        cast_vote(database, ANN, played(database).id, TIE, per_day=2)


@pytest.mark.parametrize(
    ("said", "leak"),
    [
        ("As an AI made by OpenAI, I cannot.", "openai"),
        ("The document compares ChatGPT and Claude.", ""),
        ("This is faq@2 speaking.", "faq@2"),
        ("My name is Llama-3.", "llama"),
        ("Llamas live in Peru.", ""),
    ],
)
def test_leaks(said, leak):
    assert find_leak(said, ("faq@1", "faq@2")) == leak


def test_an_unknown_match_and_an_empty_question(database):
    with pytest.raises(NotFound):
        read_match(database, ANN, "nothing")
    match = begin_match(database, ANN, ("a", "b"))
    with pytest.raises(UsageError, match="question"):
        ask_match(database, ANN, match.id, "  ")
    with pytest.raises(UsageError, match="two contenders"):
        begin_match(database, ANN, ("a",))


def test_plots_are_whole_svg(database):
    from xml.etree import ElementTree

    votes_of(database, 200, kind=IMPORTED)
    board = rank_contenders(database, OWNER, VoteFilter(("imported",)))
    history = read_rating_history(database, OWNER, VoteFilter(("imported",)))
    for svg in (
        plot_ratings(board.rows),
        plot_matrix(board),
        plot_history(history, [row.model for row in board.rows]),
    ):
        assert ElementTree.fromstring(svg).tag.endswith("svg")
