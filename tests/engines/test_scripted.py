"""The engine without a model."""

import math

import pytest

from genwright.engines import ChatMessage, ChatRequest, collect_chat
from genwright.engines.instances import build_smallest_instance
from genwright.engines.scripted import ScriptedEngine, split_tokens


def say(engine: ScriptedEngine, *texts: str) -> str:
    return collect_chat(engine, ChatRequest(tuple(ChatMessage("user", text) for text in texts)))[0]


def test_replies_are_used_in_turn():
    engine = ScriptedEngine(["one", "two"])
    assert [say(engine, "x") for _ in range(3)] == ["one", "two", "one"]


def test_the_first_rule_that_is_found_replies():
    engine = ScriptedEngine({"colou?r": "Red.", "size": "Big."})
    assert say(engine, "What size?") == "Big."
    assert say(engine, "What color?") == "Red."


def test_without_a_script_it_quotes_the_best_sentence():
    passages = "Berlin has bridges. Paris is the capital of France. Rome is old."
    assert say(ScriptedEngine(), f"{passages}\n\nWhat is the capital of France?") == (
        "Paris is the capital of France."
    )


@pytest.mark.parametrize("text", ["", " ", "a", " a  b\n", "one two\n\nthree "])
def test_tokens_joined_are_the_text(text):
    assert "".join(split_tokens(text)) == text


def test_the_likelihoods_of_all_tokens_sum_to_at_most_one():
    lengths = range(1, 30)
    scores = [ScriptedEngine().score("p", "x" * n)[0].logprob for n in lengths]
    assert sum(256**n * math.exp(s) for n, s in zip(lengths, scores, strict=True)) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("schema", "smallest"),
    [
        ({"enum": ["b", "a"]}, "b"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"type": "number", "maximum": -2}, -2),
        ({"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}, "x"),
    ],
)
def test_the_smallest_instance_fits(schema, smallest):
    assert build_smallest_instance(schema) == smallest
