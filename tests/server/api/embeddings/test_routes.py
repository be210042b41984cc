"""``/v1/embeddings`` over a socket."""

import base64

import numpy as np
import pytest

EMBEDDINGS = "/v1/embeddings"


def embed(http, **more):
    return http.post(EMBEDDINGS, json={"model": "hashing", "input": "One two three.", **more})


def test_texts_become_unit_vectors_in_their_order(http):
    reply = embed(http, input=["a", "b", "a"]).json()
    rows = np.array([each["embedding"] for each in reply["data"]])
    assert reply["object"] == "list" and reply["model"] == "hashing"
    assert [each["index"] for each in reply["data"]] == [0, 1, 2]
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(rows[0], rows[2])
    assert reply["usage"]["prompt_tokens"] == reply["usage"]["total_tokens"] == 3


def test_base64_is_little_endian_float32(http):
    floats = embed(http).json()["data"][0]["embedding"]
    packed = embed(http, encoding_format="base64").json()["data"][0]["embedding"]
    np.testing.assert_array_equal(
        np.frombuffer(base64.b64decode(packed), "<f4"), np.float32(floats)
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input", ""),
        ("input", []),
        ("input", ["a"] * 2049),
        ("input", [1, 2]),  # this embedder has no vocabulary
        ("input", "x" * 100_001),
        ("dimensions", 257),
        ("dimensions", 0),
        ("encoding_format", "hex"),
        ("unheard_of", 1),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_name(http, field, value):
    reply = embed(http, **{field: value})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"].split(".")[0] == field


def test_a_chat_model_or_assistant_embeds_nothing(http):
    for name in ("scripted", "assistant", "nope"):
        assert embed(http, model=name).status_code == 404
