"""What every engine promises, asked of each of them."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.fixtures.openai_servers import openai_server

from genwright.engines import (
    ChatMessage,
    ChatRequest,
    Engine,
    Sampling,
    Tool,
    collect_chat,
    engines,
    open_engine,
    open_server,
)
from genwright.errors import GenwrightError, Refused, UsageError
from genwright.settings import EngineSettings, OpenAISettings

QUESTION = (ChatMessage("user", "Tell me about the capital of France in three sentences."),)
PERSON = {
    "type": "object",
    "properties": {"city": {"enum": ["Paris", "Rome"]}, "old": {"type": "boolean"}},
    "required": ["city", "old"],
    "additionalProperties": False,
}


@pytest.fixture(scope="session")
def chat_model(models_dir: Path) -> Path:
    files = sorted((models_dir / "smollm2-135m-instruct").glob("*.gguf"))
    if not files:
        pytest.skip(f"no smollm2-135m-instruct in {models_dir}: run `make models`")
    return files[0]


@pytest.fixture(scope="session", params=engines.names())
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "scripted":
        yield engines.get("scripted")(replies={"capital": "Paris is it. It is old. It is big."})
        return
    if request.param == "obedient":
        yield engines.get("obedient")()
        return
    model = request.getfixturevalue("chat_model")
    if request.param == "llamacpp":
        with open_engine(model, EngineSettings(context=2048)) as engine:
            yield engine
        return
    if request.param == "transformers":
        pytest.importorskip("torch", reason="needs the train extra")
        from genwright.catalog import Catalog
        from genwright.engines.transformers.loading import Weights
        from genwright.models.bases import find_base

        catalog = Catalog(request.getfixturevalue("models_dir"))
        base = find_base("smollm2-135m-instruct", catalog, pytest.fail)
        made = engines.get("transformers")(Weights(str(base.folder)), EngineSettings(context=2048))
        with made as engine:
            yield engine
        return
    with openai_server(model, "a key") as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("TEST_ENGINE_KEY", "a key")
        server = OpenAISettings(base_url=url, key="TEST_ENGINE_KEY", context=2048)
        with open_server("local", server, "smollm2") as engine:
            yield engine


def ask(engine: Engine, **sampling: object) -> tuple[str, object]:
    return collect_chat(engine, ChatRequest(QUESTION, Sampling(**{"max_tokens": 24} | sampling)))


def refuses_what_takes_a_grammar(engine: Engine) -> None:
    """Skip the rest for the engine that has none, after it has said so."""
    if type(engine).__name__ == "TransformersEngine":
        with pytest.raises(Refused, match="no grammars"):
            next(iter(engine.chat(ChatRequest(QUESTION, json_schema=PERSON))))
        pytest.skip("transformers has no grammars here, and says so")


def test_an_engine_keeps_the_protocol(engine):
    assert isinstance(engine, Engine)


def test_a_stream_comes_in_pieces_and_ends_with_reason_and_usage(engine):
    deltas = list(engine.chat(ChatRequest(QUESTION, Sampling(max_tokens=24))))

    assert sum(bool(delta.text) for delta in deltas) > 3
    assert all(delta.finish_reason is None for delta in deltas[:-1])
    assert deltas[-1].finish_reason in {"stop", "length"}
    assert deltas[-1].usage


def test_the_likeliest_reply_is_the_same_each_time(engine):
    assert ask(engine)[0] == ask(engine)[0]


def test_the_same_seed_gives_the_same_sample(engine):
    first, *others = (ask(engine, temperature=1.0, seed=7)[0] for _ in range(3))
    # The first may have found another cache, whose rounding differs.
    assert others[0] == others[1]
    assert first


def test_no_more_tokens_than_asked_for(engine):
    _, usage = ask(engine, max_tokens=3)
    assert usage.completion_tokens <= 3


def test_cut_short_means_length(engine):
    *_, last = engine.chat(ChatRequest(QUESTION, Sampling(max_tokens=2)))
    assert last.finish_reason == "length"


def test_a_stop_string_ends_the_reply_and_is_not_in_it(engine):
    whole, _ = ask(engine)
    mark = whole[len(whole) // 2 :][:3]

    cut, _ = ask(engine, stop=(mark,))

    assert mark not in cut
    assert cut == whole[: whole.index(mark)]


def test_usage_counts_the_reply_as_the_engine_counts_tokens(engine):
    text, usage = ask(engine)
    assert usage.prompt_tokens > 0
    assert usage.cached_tokens <= usage.prompt_tokens
    # A special token at the end is counted by some, and re-reading may merge tokens.
    assert abs(usage.completion_tokens - engine.count_tokens([text])[0]) <= 2


def test_counts_of_parts_nearly_add_up(engine):
    parts = ["The first sentence is here.", " And then a second one follows it."]
    whole, *counts = engine.count_tokens(["".join(parts), *parts])
    assert abs(whole - sum(counts)) <= 1
    assert engine.count_tokens([]) == []


def test_a_reply_fits_its_json_schema(engine):
    refuses_what_takes_a_grammar(engine)
    request = ChatRequest(
        (ChatMessage("user", "Which city?"),), Sampling(max_tokens=100), json_schema=PERSON
    )
    reply = json.loads(collect_chat(engine, request)[0])
    assert reply["city"] in {"Paris", "Rome"}
    assert isinstance(reply["old"], bool)
    assert set(reply) == {"city", "old"}


def test_a_required_tool_is_called_with_arguments_that_fit(engine):
    refuses_what_takes_a_grammar(engine)
    if engine.name.startswith("local/"):
        pytest.skip("what tools do is the server's own matter; llama.cpp leaves this model free")
    tool = Tool("describe_city", "Describes a city.", PERSON)
    request = ChatRequest(QUESTION, Sampling(max_tokens=120), tools=(tool,), tool_choice="required")
    *_, last = engine.chat(request)
    assert last.finish_reason == "tool_calls"
    assert [call.name for call in last.tool_calls] == ["describe_city"]
    assert set(json.loads(last.tool_calls[0].arguments)) == {"city", "old"}


def test_log_probabilities_come_with_each_token(engine):
    request = ChatRequest(QUESTION, Sampling(max_tokens=5), logprobs=2)
    scores = [score for delta in engine.chat(request) for score in delta.logprobs]
    assert len(scores) == 5
    assert all(score.logprob <= 0 for score in scores)


def test_closing_a_stream_ends_it_and_the_engine_answers_on(engine):
    stream = engine.chat(ChatRequest(QUESTION, Sampling(max_tokens=1000, temperature=1.0)))
    next(stream)
    stream.close()
    assert ask(engine, max_tokens=2)[0]


def test_a_cancelled_stream_ends_at_once(engine):
    cancel = Event()
    stream = engine.chat(ChatRequest(QUESTION, Sampling(max_tokens=1000, temperature=1.0)), cancel)
    next(stream)
    cancel.set()
    rest = list(stream)
    assert len(rest) < 10
    assert rest[-1].finish_reason == "cancelled"
    assert ask(engine, max_tokens=2)[0]


def test_a_completion_goes_on_from_its_prompt(engine):
    deltas = list(engine.complete("The capital of France is", Sampling(max_tokens=4)))
    assert "".join(delta.text for delta in deltas)
    assert deltas[-1].usage.completion_tokens <= 4


def test_a_prompt_longer_than_the_context_is_the_callers_mistake(engine):
    request = ChatRequest((ChatMessage("user", "word " * (engine.context + 1)),))
    with pytest.raises(UsageError):
        collect_chat(engine, request)


def test_scores_obey_the_chain_rule_or_are_refused(engine):
    try:
        both = engine.score("The capital of France", " is Paris, of course.")
    except Refused as refusal:
        assert "llamacpp" in str(refusal)
        return
    first = engine.score("The capital of France", " is Paris,")
    second = engine.score("The capital of France is Paris,", " of course.")

    assert [score.token for score in both] == [score.token for score in first + second]
    assert total(both) == pytest.approx(total(first) + total(second), abs=0.05)  # 4-bit rounding
    for score in both:
        assert sum(math.exp(other.logprob) for other in score.top) <= 1 + 1e-6


def total(scores) -> float:
    return sum(score.logprob for score in scores)


def test_what_an_engine_cannot_do_it_refuses_in_words(engine):
    for operation in (lambda: engine.embed(["a text"]), lambda: engine.rerank("a", ["b"])):
        try:
            assert len(operation()) == 1
        except GenwrightError as error:
            assert isinstance(error, Refused)
            assert len(str(error)) > 20
