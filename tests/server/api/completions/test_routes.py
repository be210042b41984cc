"""``/v1/completions`` over a socket: shapes, bounds, and the tokenizer beside it."""

import json

import pytest

COMPLETIONS = "/v1/completions"


def complete(http, **more):
    return http.post(COMPLETIONS, json={"model": "scripted", "prompt": "One two three.", **more})


def test_a_completion_has_the_shape_of_one(http):
    reply = complete(http).json()
    assert reply["object"] == "text_completion" and reply["id"].startswith("cmpl-")
    assert set(reply["choices"][0]) == {"index", "text", "logprobs", "finish_reason"}
    assert reply["usage"]["prompt_tokens"] == 3


def test_echo_begins_with_the_prompt_and_scores_it(http):
    choice = complete(http, echo=True, logprobs=1, max_tokens=1).json()["choices"][0]
    scores = choice["logprobs"]
    assert choice["text"].startswith("One two three.")
    assert scores["token_logprobs"][0] is None
    lengths = {key: len(value) for key, value in scores.items()}
    assert len(set(lengths.values())) == 1, lengths
    for token, offset in zip(scores["tokens"], scores["text_offset"], strict=True):
        assert choice["text"][offset : offset + len(token)] == token


def test_nothing_is_generated_where_only_the_prompt_is_scored(http):
    reply = complete(http, echo=True, logprobs=0, max_tokens=0).json()
    assert reply["choices"][0]["text"] == "One two three."
    assert reply["usage"]["completion_tokens"] == 0


def test_offsets_of_a_reply_begin_after_its_prompt(http):
    scores = complete(http, logprobs=1, max_tokens=2).json()["choices"][0]["logprobs"]
    assert scores["text_offset"][0] == len("One two three.")


def test_each_prompt_has_n_replies_and_is_counted_once(http):
    reply = complete(http, prompt=["a b", "c"], n=3, max_tokens=1).json()
    assert [choice["index"] for choice in reply["choices"]] == list(range(6))
    assert reply["usage"]["prompt_tokens"] == 3


def test_a_stream_ends_with_usage_and_done(http):
    reply = complete(http, stream=True, stream_options={"include_usage": True})
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    assert json.loads(lines[-2])["choices"] == [] and json.loads(lines[-2])["usage"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("suffix", "x"),
        ("best_of", 3),
        ("logprobs", 21),
        ("prompt", []),
        ("prompt", ["a"] * 129),
        ("prompt", [1, "a"]),
        ("prompt", [-1]),
        ("prompt", {"a": 1}),
        ("max_tokens", -1),
        ("max_tokens", 0),
        ("unheard_of", 1),
        ("model", "assistant"),
    ],
)
def test_what_cannot_be_done_is_refused(http, field, value):
    reply = complete(http, **{field: value})
    assert reply.status_code == 400
    assert field in json.dumps(reply.json()["error"])


def test_tokens_go_there_and_back(http):
    tokens = http.post("/tokenize", json={"prompt": "One two three."}).json()
    assert tokens["count"] == len(tokens["tokens"]) > 0
    back = http.post("/detokenize", json={"tokens": tokens["tokens"]}).json()
    assert back["prompt"] == "One two three."
    by_tokens = complete(http, prompt=tokens["tokens"]).json()["choices"][0]["text"]
    assert by_tokens == complete(http).json()["choices"][0]["text"]
    assert http.get("/tokenizer_info").json()["model"] == "scripted"
