"""The real ``openai`` client against the running server: every feature it has a type for."""

import asyncio
import base64
import json
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import numpy as np
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel
from tests.fixtures.command_line import DOCUMENTS
from tests.fixtures.running import Running, environment, read_metric, running, wait_for_requests
from tests.fixtures.waiting import wait_until

from genwright.workspace import create_workspace

CHAT = "smollm2-135m-instruct"
QUESTION = "How often is the oil of the Velda pump changed?"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
SAY = [{"role": "user", "content": "Name three colours."}]


@pytest.fixture(scope="module")
def real(tmp_path_factory, models_dir) -> Iterator[Running]:
    """A server with the embedded models, over three documents."""
    folder = create_workspace(tmp_path_factory.mktemp("real") / "workspace")
    env = {
        "GENWRIGHT_MODELS_DIR": str(models_dir),
        "GENWRIGHT_ENGINE__CONTEXT": "1024",
        "GENWRIGHT_ANSWER__WORDING": "model",
    }
    _add(folder, env)
    with running(folder, env) as server:
        yield server


@pytest.fixture(scope="module")
def stub(tmp_path_factory) -> Iterator[Running]:
    """A server whose model writes 20 tokens a second, at least 100 of them, two at a time."""
    folder = create_workspace(tmp_path_factory.mktemp("stub") / "workspace")
    slow = {
        "GENWRIGHT_EMBEDDING__MODEL": "hashing",
        "GENWRIGHT_ANSWER__MODEL": "scripted:tps=20,least=100",
        "GENWRIGHT_SERVER__PARALLEL": "2",
        "GENWRIGHT_SERVER__MAX_QUEUE": "4",
    }
    _add(folder, slow)
    with running(folder, slow) as server:
        yield server


SLOW = "scripted:tps=20,least=100"


def _add(folder, env) -> None:
    source = folder.parent / "documents"
    source.mkdir()
    for name, text in DOCUMENTS.items():
        (source / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "genwright", "add", str(source)]
    subprocess.run(
        command, check=True, capture_output=True, timeout=200, env=environment(folder, env)
    )


@pytest.fixture(scope="module")
def client(real) -> Iterator[OpenAI]:
    with OpenAI(base_url=real.api, api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def slow(stub) -> Iterator[OpenAI]:
    with OpenAI(base_url=stub.api, api_key="none", max_retries=0) as client:
        yield client


def tokens_of(server: Running, text: str) -> list[int]:
    return httpx.post(f"{server.url}/tokenize", json={"prompt": text}).json()["tokens"]


def test_models_lists_assistants_before_models_and_finds_each_by_name(client):
    listed = client.models.list().data
    names = [model.id for model in listed]
    assert names[0] == "assistant"
    assert {CHAT, "multilingual-e5-small"} <= set(names)
    assert all(model.object == "model" and model.owned_by for model in listed)
    assert listed[0].x_genwright["label"] == "assistant@1"
    for name in (*names, "assistant@1", "assistant@live"):
        assert client.models.retrieve(name).id == name
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no/such@model")


def test_a_chat_has_text_usage_and_the_id_of_its_trace(client):
    reply = client.chat.completions.create(
        model=CHAT, messages=SAY, max_completion_tokens=12, temperature=0, seed=1
    )
    choice = reply.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert reply.object == "chat.completion" and reply.model == CHAT
    assert abs(reply.created - time.time()) < 600
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert 0 < reply.usage.completion_tokens <= 12
    assert reply.usage.prompt_tokens_details.cached_tokens >= 0
    prefix, _, trace = reply.id.partition("-")
    assert prefix == "chatcmpl" and len(trace) == 32
    assert reply.system_fingerprint.startswith("fp_")


def test_streamed_pieces_are_the_whole_reply_and_usage_comes_last(client):
    asked = {"model": CHAT, "messages": SAY, "max_tokens": 16, "temperature": 0}
    whole = client.chat.completions.create(**asked)
    chunks = list(
        client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    )
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_n_replies_come_with_their_numbers_streamed_or_not(client):
    asked = {"model": CHAT, "messages": SAY, "max_tokens": 8, "n": 3, "seed": 5}
    whole = client.chat.completions.create(**asked)
    assert [choice.index for choice in whole.choices] == [0, 1, 2]
    texts = {0: "", 1: "", 2: ""}
    for chunk in client.chat.completions.create(**asked, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert all(texts.values())
    assert len(set(texts.values())) > 1  # each is a sample of its own


def test_a_seed_repeats_a_sample_and_a_stop_ends_it(client):
    asked = {"model": CHAT, "messages": SAY, "max_tokens": 24, "temperature": 0}
    one = client.chat.completions.create(**asked).choices[0].message.content
    word = one.split()[2]
    cut = client.chat.completions.create(**asked, stop=[word])
    assert cut.choices[0].message.content == one[: one.index(word)]
    assert cut.choices[0].finish_reason == "stop"


def test_logit_bias_and_penalties_reach_the_sampler(client, real):
    tokens = tokens_of(real, "blue")
    reply = client.chat.completions.create(
        model=CHAT,
        messages=SAY,
        max_tokens=4,
        temperature=0,
        logit_bias={str(tokens[0]): 100},
        presence_penalty=-1,
        frequency_penalty=-1,
    )
    assert "blue" in reply.choices[0].message.content


def test_logprobs_come_with_bytes_and_alternatives_streamed_or_not(client):
    asked = {"model": CHAT, "messages": SAY, "max_tokens": 6, "temperature": 0}
    asked |= {"logprobs": True, "top_logprobs": 3}
    reply = client.chat.completions.create(**asked)
    tokens = reply.choices[0].logprobs.content
    assert len(tokens) == reply.usage.completion_tokens
    assert "".join(token.token for token in tokens) == reply.choices[0].message.content
    for token in tokens:
        assert token.logprob <= 0 and bytes(token.bytes).decode() == token.token
        assert len(token.top_logprobs) == 3
        assert token.logprob == max(other.logprob for other in token.top_logprobs)
    streamed = []
    for chunk in client.chat.completions.create(**asked, stream=True):
        if chunk.choices and chunk.choices[0].logprobs:
            streamed += chunk.choices[0].logprobs.content
    assert [each.token for each in streamed] == [each.token for each in tokens]


def test_tools_are_called_with_arguments_that_fit_streamed_or_not(client):
    asked = {"model": CHAT, "messages": [{"role": "user", "content": "Weather in Rome?"}]}
    asked |= {"tools": [WEATHER], "tool_choice": "required", "temperature": 0, "max_tokens": 80}
    reply = client.chat.completions.create(**asked)
    call = reply.choices[0].message.tool_calls[0]
    assert reply.choices[0].finish_reason == "tool_calls"
    assert (call.type, call.function.name) == ("function", "weather")
    assert json.loads(call.function.arguments)["city"] in ("Paris", "Rome")
    with client.chat.completions.stream(**asked) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert kinds.count("tool_calls.function.arguments.delta") > 2
    assert json.loads(final.choices[0].message.tool_calls[0].function.arguments)


def test_one_named_tool_is_called_and_its_result_is_read(client):
    other = {
        "type": "function",
        "function": {"name": "time_of_day", "parameters": {"type": "object", "properties": {}}},
    }
    asked = [{"role": "user", "content": "What now?"}]
    reply = client.chat.completions.create(
        model=CHAT,
        messages=asked,
        tools=[WEATHER, other],
        tool_choice={"type": "function", "function": {"name": "time_of_day"}},
        parallel_tool_calls=False,
        max_tokens=60,
        temperature=0,
    )
    message = reply.choices[0].message
    assert [call.function.name for call in message.tool_calls] == ["time_of_day"]
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "noon"}
    after = client.chat.completions.create(
        model=CHAT,
        messages=[*asked, message, result],
        tools=[WEATHER, other],
        tool_choice="none",
        max_tokens=12,
    )
    assert after.choices[0].message.tool_calls is None


def test_tools_and_logprobs_go_together(client):
    asked = {"model": CHAT, "messages": [{"role": "user", "content": "Weather in Rome?"}]}
    asked |= {"tools": [WEATHER], "tool_choice": "required", "temperature": 0, "max_tokens": 80}
    reply = client.chat.completions.create(**asked, logprobs=True, top_logprobs=1)
    assert reply.choices[0].message.tool_calls
    assert reply.choices[0].logprobs.content


class Colour(BaseModel):
    name: str
    warm: bool


def test_a_schema_is_kept_by_grammar_and_parsed_by_the_client(client):
    parsed = client.chat.completions.parse(
        model=CHAT, messages=SAY, response_format=Colour, max_tokens=120, temperature=0
    )
    assert isinstance(parsed.choices[0].message.parsed, Colour)
    with client.chat.completions.stream(
        model=CHAT, messages=SAY, response_format=Colour, max_tokens=120, temperature=0
    ) as stream:
        final = stream.get_final_completion()
    assert isinstance(final.choices[0].message.parsed, Colour)


def test_json_object_is_json(client):
    reply = client.chat.completions.create(
        model=CHAT,
        messages=[{"role": "user", "content": "Give a JSON object with one colour."}],
        response_format={"type": "json_object"},
        max_tokens=200,
        temperature=0,
    )
    if reply.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(reply.choices[0].message.content), dict)
    assert reply.choices[0].message.content.lstrip().startswith("{")


def test_an_assistant_cites_and_says_how_sure_it_is(client):
    reply = client.chat.completions.create(
        model="assistant", messages=[{"role": "user", "content": QUESTION}]
    )
    text, about = reply.choices[0].message.content, reply.x_genwright
    assert "400 hours" in text
    assert about["assistant"] == "assistant@1" and not about["refused"]
    assert reply.id == f"chatcmpl-{about['trace_id']}"
    for sentence in about["sentences"]:
        assert text[sentence["start"] : sentence["end"]] == sentence["text"]
        assert 0 <= sentence["support"] <= 1
    cited = reply.choices[0].message.annotations[0]
    assert cited.type == "file_citation"
    place = cited.file_citation
    assert place["filename"] == "pump.md" and place["file_id"]
    assert "400 hours" in place["quote"]
    assert 0 <= place["start_index"] < place["end_index"] <= len(text)


def test_an_assistant_streams_sentences_and_its_last_chunk_carries_the_citations(client):
    chunks = list(
        client.chat.completions.create(
            model="assistant@live",
            messages=[{"role": "user", "content": QUESTION}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
    last = chunks[-2]
    assert "400 hours" in text
    assert last.choices[0].finish_reason == "stop"
    assert last.choices[0].delta.annotations[0]["file_citation"]["quote"]
    assert last.x_genwright["sentences"][0]["citations"][0]["document"]
    assert chunks[-1].usage.total_tokens > 0


def test_an_assistant_refuses_what_its_documents_do_not_say(client):
    reply = client.chat.completions.create(
        model="assistant",
        messages=[{"role": "user", "content": "Who won the chess final in Oslo in 1986?"}],
    )
    assert reply.x_genwright["refused"]
    assert reply.choices[0].message.annotations == []


def test_a_follow_up_question_is_understood(client):
    first = {"role": "user", "content": "When is the boiler of hall 3 drained?"}
    said = client.chat.completions.create(model="assistant", messages=[first])
    reply = client.chat.completions.create(
        model="assistant",
        messages=[
            first,
            said.choices[0].message,
            {"role": "user", "content": "At what pressure does its safety valve open?"},
        ],
    )
    assert "6 bar" in reply.choices[0].message.content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tools", [WEATHER]),
        ("response_format", {"type": "json_object"}),
        ("logprobs", True),
        ("n", 2),
        ("stop", ["."]),
        ("logit_bias", {"1": 1}),
    ],
)
def test_what_an_assistant_cannot_do_is_refused_by_name(client, name, value):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(
            model="assistant", messages=[{"role": "user", "content": QUESTION}], **{name: value}
        )
    assert refused.value.param == name


def test_completions_echo_score_and_continue(client):
    reply = client.completions.create(
        model=CHAT,
        prompt="The capital of France is",
        max_tokens=2,
        echo=True,
        logprobs=2,
        temperature=0,
    )
    choice = reply.choices[0]
    assert choice.text.startswith("The capital of France is")
    scores = choice.logprobs
    assert "".join(scores.tokens) == choice.text
    assert scores.token_logprobs[0] is None and scores.top_logprobs[0] is None
    assert all(each < 0 for each in scores.token_logprobs[1:])
    for token, offset in zip(scores.tokens, scores.text_offset, strict=True):
        assert choice.text[offset : offset + len(token)] == token
    for token, score, top in zip(
        scores.tokens[1:], scores.token_logprobs[1:], scores.top_logprobs[1:], strict=True
    ):
        assert top[token] == score


def test_completions_take_texts_and_tokens_one_or_many(client, real):
    tokens = tokens_of(real, "One two")
    for prompt, many in (
        ("One two", 1),
        (["One two", "Three"], 2),
        (tokens, 1),
        ([tokens, tokens], 2),
    ):
        reply = client.completions.create(
            model=CHAT, prompt=prompt, max_tokens=2, temperature=0, n=2
        )
        assert [choice.index for choice in reply.choices] == list(range(2 * many))
    text = client.completions.create(model=CHAT, prompt="One two", max_tokens=3, temperature=0)
    same = client.completions.create(model=CHAT, prompt=tokens, max_tokens=3, temperature=0)
    assert text.choices[0].text == same.choices[0].text


def test_tokens_of_no_vocabulary_are_the_callers_mistake(client, real):
    for more in ({"max_tokens": 1}, {"max_tokens": 0, "echo": True, "logprobs": 1}):
        with pytest.raises(openai.BadRequestError):
            client.completions.create(model=CHAT, prompt=[281917161, 3], **more)
    reply = httpx.post(f"{real.url}/detokenize", json={"tokens": [281917161]})
    assert reply.status_code == 400


def test_completions_stream(client):
    asked = {"model": CHAT, "prompt": "One, two,", "max_tokens": 6, "temperature": 0, "logprobs": 1}
    whole = client.completions.create(**asked)
    chunks = list(
        client.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    )
    assert "".join(each.choices[0].text for each in chunks if each.choices) == whole.choices[0].text
    offsets = [
        at
        for each in chunks
        if each.choices and each.choices[0].logprobs
        for at in each.choices[0].logprobs.text_offset
    ]
    assert offsets == whole.choices[0].logprobs.text_offset
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens


def test_embeddings_are_unit_vectors_in_either_encoding(client):
    model = "multilingual-e5-small"
    floats = client.embeddings.create(
        model=model, input=["a pump", "a boiler"], encoding_format="float"
    )
    packed = client.embeddings.create(model=model, input=["a pump", "a boiler"])  # base64 unasked
    raw = client.embeddings.with_raw_response.create(
        model=model, input=["a pump", "a boiler"], encoding_format="base64"
    )
    text = json.loads(raw.text)["data"][0]["embedding"]
    row = struct.unpack(f"<{384}f", base64.b64decode(text))
    for each in (packed.data[0].embedding, row):
        np.testing.assert_allclose(floats.data[0].embedding, each, atol=1e-6)
    assert abs(np.linalg.norm(row) - 1) < 1e-5
    assert floats.usage.prompt_tokens > 0


def test_embeddings_are_shortened_to_unit_length_and_never_lengthened(client):
    model = "multilingual-e5-small"
    whole = np.array(client.embeddings.create(model=model, input="a pump").data[0].embedding)
    short = client.embeddings.create(model=model, input="a pump", dimensions=64).data[0].embedding
    np.testing.assert_allclose(short, whole[:64] / np.linalg.norm(whole[:64]), atol=1e-5)
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(model=model, input="a pump", dimensions=385)
    assert refused.value.param == "dimensions"


def test_an_embedder_reads_its_own_tokens(client):
    model = "multilingual-e5-small"
    pump = [100]  # any piece of its vocabulary
    by_tokens = client.embeddings.create(model=model, input=[pump, pump]).data
    assert len(by_tokens) == 2 and len(by_tokens[0].embedding) == 384


def test_moderations_give_every_category(client):
    result = client.moderations.create(input=["I will kill you.", "Change the oil."]).results
    assert result[0].flagged and result[0].categories.harassment_threatening
    assert not result[1].flagged and result[1].category_scores.violence == 0
    assert result[0].x_genwright["method"] == "rules"


def test_errors_have_the_clients_types(client):
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="nope", messages=SAY)
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(model=CHAT, messages=SAY, temperature=3)
    assert wrong.value.param == "temperature"
    with pytest.raises(openai.BadRequestError) as long:
        client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": "a b " * 9000}]
        )
    assert "context" in str(long.value)
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    with pytest.raises(openai.BadRequestError, match="text only"):
        client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": [image]}])


def test_many_at_once_are_answered(real):
    async def ask() -> list[str]:
        async with AsyncOpenAI(base_url=real.api, api_key="none", max_retries=0) as client:
            calls = [
                client.chat.completions.create(
                    model=CHAT,
                    messages=[{"role": "user", "content": f"Say {number}."}],
                    max_tokens=6,
                )
                for number in range(8)
            ]
            return [reply.choices[0].message.content for reply in await asyncio.gather(*calls)]

    assert all(asyncio.run(ask()))


def test_leaving_a_stream_frees_its_slot(slow, stub):
    streams = [
        slow.chat.completions.create(model=SLOW, messages=SAY, stream=True) for _ in range(2)
    ]
    for stream in streams:
        next(iter(stream))
    for stream in streams:
        stream.close()
    began = time.monotonic()
    reply = slow.chat.completions.create(model=SLOW, messages=SAY, max_tokens=1)
    assert reply.choices[0].message.content
    # Each of the two would have gone on for five seconds and more.
    assert time.monotonic() - began < 4
    wait_until(
        lambda: read_metric(stub, 'vllm:request_success_total{finished_reason="cancelled"') >= 2
    )


def test_cancelling_a_task_frees_its_slot_while_it_waits_and_while_it_is_read(stub):
    async def some() -> float:
        async with AsyncOpenAI(base_url=stub.api, api_key="none", max_retries=0) as client:
            asked = {"model": SLOW, "messages": SAY}
            tasks = [
                asyncio.ensure_future(client.chat.completions.create(**asked)) for _ in range(4)
            ]
            await asyncio.to_thread(wait_for_requests, stub, 2, 2)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            began = time.monotonic()
            await client.chat.completions.create(**asked, max_tokens=1)
            return time.monotonic() - began

    assert asyncio.run(some()) < 4


def test_a_full_queue_says_when_to_come_back(stub):
    async def flood() -> list[object]:
        async with AsyncOpenAI(base_url=stub.api, api_key="none", max_retries=0) as client:
            asked = {"model": SLOW, "messages": SAY, "max_tokens": 20}
            calls = [client.chat.completions.create(**asked) for _ in range(12)]
            return await asyncio.gather(*calls, return_exceptions=True)

    ended = asyncio.run(flood())
    refused = [each for each in ended if isinstance(each, openai.RateLimitError)]
    assert refused and len(refused) < len(ended)
    assert all(int(each.response.headers["retry-after"]) >= 1 for each in refused)
    assert refused[0].code == "rate_limit_exceeded"
