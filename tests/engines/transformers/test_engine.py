"""The transformers engine: batches, classes, spans, masks, vectors, and a child that dies."""

import json
import threading

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from tests.fixtures.tiny_families import build  # noqa: E402
from tests.fixtures.waiting import wait_until  # noqa: E402

from genwright.engines import ChatMessage, ChatRequest, Sampling, Tool, collect_chat, engines  # noqa: E402
from genwright.engines.tools import read_call  # noqa: E402
from genwright.engines.transformers.engine import split_question  # noqa: E402
from genwright.engines.transformers.loading import Weights  # noqa: E402
from genwright.errors import EngineFailed, Refused, UsageError  # noqa: E402
from genwright.settings import EngineSettings  # noqa: E402

SETTINGS = EngineSettings(threads=1, context=256)


def opened(folder, objective="generation", labels=(), context=0):
    weights = Weights(str(folder), objective, "", labels)
    return engines.get("transformers")(weights, SETTINGS, name="tiny", context=context)


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    with opened(build("llama2", tmp_path_factory.mktemp("m") / "m")) as engine:
        yield engine


def ask(engine, text, **sampling):
    return collect_chat(engine, ChatRequest((ChatMessage("user", text),), Sampling(**sampling)))


def test_requests_of_a_batch_get_what_each_gets_alone(writer):
    asked = [("open the valve", {"max_tokens": 9}), ("red", {"max_tokens": 5, "temperature": 1.0,
             "seed": 7}), ("one two three four five", {"max_tokens": 7})]  # fmt: skip
    alone = [ask(writer, text, **sampling)[0] for text, sampling in asked]
    together: dict[int, str] = {}

    def work(place: int) -> None:
        text, sampling = asked[place]
        together[place] = ask(writer, text, **sampling)[0]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(3)] == alone


def test_penalties_and_biases_act(writer):
    plain = ask(writer, "the red pump", max_tokens=6)[0]
    token = writer.tokenize(plain)[0]
    other = ask(writer, "the red pump", max_tokens=6, logit_bias=((token, -100.0),))[0]
    assert not other.startswith(plain[:3]) or other != plain


def test_a_killed_child_comes_back(writer):
    import os
    import signal

    before = writer.process.pid
    os.kill(before, signal.SIGKILL)

    def replies() -> bool:
        try:
            return ask(writer, "red", max_tokens=2)[1].completion_tokens <= 2
        except EngineFailed:
            return False

    wait_until(replies)
    assert writer.process.pid not in (None, before)


def test_a_classifier_replies_with_a_class_and_its_alternatives(tmp_path):
    from transformers import AutoModelForSequenceClassification

    folder = build("bert", tmp_path / "m")
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=3)
    model.save_pretrained(folder)
    with opened(folder, "classification", ("a", "b", "c")) as engine:
        deltas = list(engine.chat(ChatRequest((ChatMessage("user", "the red pump"),), logprobs=3)))
        [row] = engine.classify(["the red pump"])
        with pytest.raises(Refused, match="was trained for classification"):
            engine.score_tokens([1, 2])
    assert deltas[0].text == row[0][0] in "abc"
    assert sum(2.718281828**value for _, value in row) == pytest.approx(1.0, abs=1e-4)
    assert [each.token for each in deltas[0].logprobs[0].top] == [label for label, _ in row]


def test_an_extractive_model_replies_with_a_span_of_the_context(tmp_path):
    from transformers import AutoModelForQuestionAnswering

    folder = build("bert", tmp_path / "m")
    AutoModelForQuestionAnswering.from_pretrained(folder).save_pretrained(folder)
    context = "the red pump is on the left and the blue pump is on the right " * 12
    with opened(folder, "question_answering", context=100) as engine:
        text, _ = ask(engine, f"{context}\n\nQuestion: where is the pump")
        with pytest.raises(UsageError, match="'Question: …'"):
            ask(engine, "no question here")
    assert text == "" or text in context


def test_an_encoder_decoder_writes_and_an_encoder_embeds(tmp_path):
    with opened(build("t5", tmp_path / "t5")) as engine:
        assert ask(engine, "the red pump", max_tokens=4)[1].completion_tokens <= 4
    with opened(build("bert", tmp_path / "bert"), "pretraining") as engine:
        vectors = engine.embed(["the red pump", "open the valve"])
        assert vectors.shape == (2, 32)
        assert (vectors**2).sum(axis=1) == pytest.approx([1, 1], abs=1e-5)
        filled, _ = ask(engine, "the [MASK] pump")
        assert "[MASK]" not in filled and "pump" in filled


def test_weights_that_do_not_load_are_an_engine_failure(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineFailed, match="could not start"):
        opened(tmp_path)


def test_a_reply_that_is_a_call_becomes_one_and_others_stream():
    from genwright.engines import Delta

    call = [Delta('{"name": "f", '), Delta('"arguments": {"a": 1}}'), Delta(finish_reason="stop")]
    *_, last = read_call(call)
    assert last.finish_reason == "tool_calls" and json.loads(last.tool_calls[0].arguments) == {
        "a": 1
    }
    plain = [Delta("He"), Delta("llo"), Delta(finish_reason="stop")]
    assert [each.text for each in read_call(plain)] == ["He", "llo", ""]
    broken = [Delta('{"na'), Delta(finish_reason="length")]
    assert [each.text for each in read_call(broken)] == ['{"na', ""]
    assert Tool("f", "", {}).name == "f"


def test_question_and_context_are_parted_at_the_last_mark():
    assert split_question("Question: x?\n\nQuestion: y?") == ("y?", "Question: x?")
