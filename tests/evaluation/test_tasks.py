"""Tasks: measures with intervals, groups, shots, choices; paired comparisons; text metrics."""

import random

import numpy as np
import pytest

from genwright.engines import ChatMessage, engines
from genwright.errors import UnknownName, UsageError
from genwright.evaluation.comparison import compare_models
from genwright.evaluation.metrics.table import METRICS, find_metric
from genwright.evaluation.metrics.texts import parse_call, rouge, rouge_l
from genwright.evaluation.paired import compare_all, compare_cases, holm
from genwright.evaluation.tasks import (
    TaskCase,
    add_shots,
    evaluate_task,
    make_choice_asker,
    make_engine_asker,
    split_wins_and_losses,
)


def scripted(replies: dict[str, str]):
    return engines.get("scripted")(replies=replies)


def cases(count: int = 20) -> list[TaskCase]:
    return [
        TaskCase(
            (ChatMessage("user", f"question {i} {'x' * i}"),),
            (f"answer {i}",),
            "even" if i % 2 == 0 else "odd",
            i,
        )
        for i in range(count)
    ]


def answering(right: float):
    made = cases()
    return scripted({
        f"question {case.row} ": case.references[0] if case.row < right * 20 else "wrong"
        for case in made
    })  # fmt: skip


def test_a_report_has_intervals_groups_and_what_was_said():
    report = evaluate_task(
        cases(), make_engine_asker(answering(0.75)), ["strict_match", "token_f1"], at_once=4
    )
    whole = report.metrics["strict_match"]
    assert whole.value == 0.75 and whole.low < 0.75 < whole.high
    assert set(report.slices) >= {"even", "odd"}
    assert sum(row["rows"].value for name, row in report.slices.items() if "length" in name) == 20
    told = report.json()
    assert told["machine"]["cores"] >= 1 and told["rows"] == 20
    assert told["cases"][19]["reply"] == "wrong"
    assert [case["row"] for case in told["cases"]] == list(range(20)), "in the order of the rows"
    assert told["speed"]["first_token_p50"] <= told["speed"]["first_token_p95"]


def test_what_was_won_and_lost_against_another():
    better = evaluate_task(cases(), make_engine_asker(answering(0.75)), ["strict_match"])
    worse = evaluate_task(cases(), make_engine_asker(answering(0.5)), ["strict_match"])
    won, lost = split_wins_and_losses(better, worse, "strict_match")
    assert [case["row"] for case in won] == [10, 11, 12, 13, 14] and lost == []
    assert won[0]["other"] == "wrong"
    assert split_wins_and_losses(worse, better, "strict_match")[1]


def test_shots_stand_before_the_question_and_after_the_system_text():
    case = TaskCase((ChatMessage("system", "s"), ChatMessage("user", "q")), ("a",))
    roles = [(m.role, m.content) for m in add_shots(case, [("1", "2")]).messages]
    assert roles == [("system", "s"), ("user", "1"), ("assistant", "2"), ("user", "q")]


def test_the_likeliest_choice_is_taken():
    class Likes:
        def score(self, prompt, continuation):
            from genwright.engines import TokenScore

            return [TokenScore(continuation, -0.1 if continuation == "b" else -5.0)]

    ask = make_choice_asker(Likes(), lambda messages: messages[-1].content)
    case = TaskCase((ChatMessage("user", "q"),), ("b",), choices=("a", "b", "c"))
    assert ask(case).text == "b"


def test_an_unknown_metric_lists_those_there_are():
    with pytest.raises(UnknownName, match=r"accuracy.*call_match"):
        find_metric("acuracy")


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_1_for_the_reference_and_less_for_another(name):
    text = (
        '{"name": "f", "arguments": {"a": 1}}'
        if "call" in name or "json" in name
        else "the cat sat down"
    )
    metric = METRICS[name]
    assert metric.case(text, [text]) == pytest.approx(1.0)
    assert metric.case("no", [text]) < 1.0
    if metric.whole:
        assert metric.whole([text, text], [[text], [text]]) == pytest.approx(1.0)


def test_macro_f1_is_the_mean_over_classes():
    replies = ["a", "a", "b", "a"]
    golds = [["a"], ["a"], ["b"], ["b"]]
    assert METRICS["macro_f1"].whole(replies, golds) == pytest.approx((0.8 + 2 / 3) / 2)


def test_rouge_by_hand():
    assert rouge("the cat sat on", ["the cat lay on"], 1) == pytest.approx(0.75)
    assert rouge("the cat sat on", ["the cat lay on"], 2) == pytest.approx(1 / 3)
    assert rouge_l("a b c d e", ["a x c e"]) == pytest.approx(2 * 3 / 9)
    assert rouge("x", ["y", "x"], 1) == 1.0
    assert rouge("", ["y"], 1) == 0.0


def test_corpus_bleu_is_sacrebleus():
    sacrebleu = pytest.importorskip("sacrebleu", reason="needs the train extra")
    replies = ["the cat is on the mat", "there is a dog here"]
    golds = [["the cat sat on the mat"], ["here is a dog", "there is a dog"]]
    expected = sacrebleu.corpus_bleu(
        replies, [[golds[0][0], golds[1][0]], [golds[0][0], golds[1][1]]]
    )
    assert METRICS["bleu"].whole(replies, golds) == pytest.approx(expected.score / 100)


def test_calls_are_told_from_text():
    right = '{"name": "f", "arguments": {"a": 1}}'
    assert parse_call("Sure: " + right) is None
    assert METRICS["call_format"].case('{"name": "f", "arguments": {"b": 2}}', [right]) == 1
    assert METRICS["call_arguments"].case('{"name": "f", "arguments": {"b": 2}}', [right]) == 0
    assert METRICS["call_match"].case('{"arguments": {"a": 1}, "name": "f"}', [right]) == 1


def test_the_permutation_test_is_uniform_where_nothing_differs():
    random_ = np.random.default_rng(0)
    values = []
    for seed in range(120):
        a, b = random_.normal(size=(2, 30))
        values.append(compare_cases(a.tolist(), b.tolist(), seed).p)
    assert 0.01 <= np.mean(np.array(values) < 0.05) <= 0.11
    assert 0.4 < np.mean(values) < 0.6


def test_a_real_difference_is_found_and_its_interval_holds_it():
    random_ = np.random.default_rng(1)
    base = random_.normal(size=200)
    found = compare_cases((base + 0.3 + random_.normal(size=200) * 0.1).tolist(), base.tolist())
    assert found.is_distinguishable and found.difference.low < 0.3 < found.difference.high
    assert found.won + found.lost + found.tied == 200
    with pytest.raises(UsageError, match="same cases"):
        compare_cases([1.0], [1.0, 2.0])


def test_several_comparisons_are_corrected():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    draw = random.Random(0)
    values = {name: [draw.random() for _ in range(30)] for name in "abcd"}
    found = compare_all(values)
    assert len(found) == 6
    alone = compare_cases(values["a"], values["b"]).p
    assert found["a", "b"].p >= alone


def test_models_are_compared_in_one_table():
    from contextlib import contextmanager

    made = {"good": answering(0.9), "poor": answering(0.2), "same": answering(0.2)}

    @contextmanager
    def opened(name):
        yield made[name]

    found = compare_models(list(made), opened, cases(), "strict_match", prices={"good": (1.0, 2.0)})
    rows = {row["model"]: row for row in found.list_rows()}
    assert found.list_rows()[0]["model"] == "good"
    assert rows["poor"]["like"] == ["same"] and rows["good"]["like"] == []
    assert rows["good"]["cost_per_1000"] > 0 and rows["poor"]["cost_per_1000"] is None
    assert found.json()["differences"]
    with pytest.raises(UsageError, match="two models"):
        compare_models(["good"], opened, cases(), "strict_match")
