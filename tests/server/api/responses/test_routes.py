"""``/v1/responses`` by the real client: events in order, stored turns, and whose they are."""

import json
import re
import threading
import time

import httpx
import openai
import pytest
from openai import OpenAI
from tests.fixtures.running import PLAIN, fill, genwright, running

from genwright.workspace import create_workspace

QUESTION = "How often is the oil of the Velda pump changed?"
RESPONSES = "/v1/responses"
TOOL = {
    "type": "function",
    "name": "weather",
    "description": "The weather.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
        "required": ["city"],
    },
    "strict": True,
}


@pytest.fixture(scope="module")
def client(plain):
    with OpenAI(base_url=plain.api, api_key="none", max_retries=0) as client:
        yield client


def say(client: OpenAI, **more: object) -> openai.types.responses.Response:
    return client.responses.create(**{"model": "scripted", "input": "Say something.", **more})


def test_a_text_comes_back_as_a_message(client):
    made = say(client, metadata={"a": "b"}, user="me", instructions="Be brief.")
    assert made.status == "completed" and made.output_text
    assert made.output[0].role == "assistant" and made.output[0].status == "completed"
    assert re.fullmatch(r"resp_[0-9a-f]{32}", made.id)
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    assert made.metadata == {"a": "b"} and made.instructions == "Be brief."
    assert made.error is None and made.incomplete_details is None


def test_one_that_is_cut_short_says_why(client):
    made = say(client, max_output_tokens=1)
    assert made.status == "incomplete"
    assert made.incomplete_details.reason == "max_output_tokens"


def test_events_come_in_their_order_and_are_numbered(client):
    events = list(say(client, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type.removeprefix("response.") for event in events]
    deltas = kinds.count("output_text.delta")
    assert deltas > 1
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta"] * deltas,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    text = "".join(event.delta for event in events if event.type.endswith("text.delta"))
    assert events[-1].response.output_text == text == events[-4].text
    assert events[0].response.status == "in_progress" and events[0].response.output == []


def test_a_function_is_called_and_its_output_goes_on(client):
    asked = {"tools": [TOOL], "tool_choice": {"type": "function", "name": "weather"}}
    made = say(client, **asked)
    call = made.output[0]
    assert (call.type, call.name, call.status) == ("function_call", "weather", "completed")
    assert json.loads(call.arguments)["city"] == "Paris"
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    after = say(client, input=[output], previous_response_id=made.id, tools=[TOOL])
    assert after.status == "completed"
    by_hand = say(client, input=[{"role": "user", "content": "Weather?"}, call, output])
    assert by_hand.output_text


def test_a_streamed_call_has_its_own_events(client):
    events = list(say(client, tools=[TOOL], tool_choice="required", stream=True))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[2] == "output_item.added" and kinds[-3:] == [
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    pieces = [event.delta for event in events if event.type.endswith("arguments.delta")]
    assert "".join(pieces) == events[-1].response.output[0].arguments


def test_a_schema_gives_json(client):
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 3}},
        "required": ["n"],
    }
    form = {"type": "json_schema", "name": "n", "schema": schema, "strict": True}
    made = say(client, text={"format": form})
    assert json.loads(made.output_text) == {"n": 3}
    assert made.text.format.type == "json_schema"


def test_logprobs_are_included_where_they_are_asked_for(client):
    made = say(client, include=["message.output_text.logprobs"], max_output_tokens=3)
    scores = made.output[0].content[0].logprobs
    assert "".join(each.token for each in scores) == made.output_text


def test_a_response_goes_on_from_another(client):
    one = say(client, input="The colour is red.")
    two = say(client, input="And the shape is round.", previous_response_id=one.id)
    three = say(client, input="What is red?", previous_response_id=two.id)
    assert three.previous_response_id == two.id
    assert three.usage.input_tokens > two.usage.input_tokens > one.usage.input_tokens


def test_a_stored_response_is_read_listed_and_removed(client):
    made = say(
        client, input=[{"role": "user", "content": "One."}, {"role": "user", "content": "Two."}]
    )
    assert client.responses.retrieve(made.id) == made
    items = client.responses.input_items.list(made.id).data
    assert [item.content[0].text for item in items] == ["Two.", "One."]
    first = client.responses.input_items.list(made.id, order="asc", limit=1)
    assert [item.content[0].text for item in first] == ["One.", "Two."]  # by pages
    client.responses.delete(made.id)
    for gone in (
        client.responses.retrieve,
        client.responses.delete,
        client.responses.input_items.list,
    ):
        with pytest.raises(openai.NotFoundError):
            gone(made.id)


def test_one_that_is_not_stored_cannot_be_gone_on_from(client):
    made = say(client, store=False)
    with pytest.raises(openai.NotFoundError):
        say(client, previous_response_id=made.id)


def test_an_assistant_cites(client):
    made = client.responses.create(model="assistant", input=QUESTION, instructions="Be brief.")
    part = made.output[0].content[0]
    cited = part.annotations[0]
    assert (cited.type, cited.filename) == ("file_citation", "pump.md")
    assert cited.quote in "Change the oil of the Velda pump every 400 hours."
    assert part.text[cited.start_index : cited.end_index]
    assert made.x_genwright["trace_id"] == made.id.removeprefix("resp_")
    assert made.x_genwright["ignored"] == ["instructions"]
    kinds = [
        event.type
        for event in client.responses.create(model="assistant", input=QUESTION, stream=True)
    ]
    assert kinds.index("response.output_text.annotation.added") < kinds.index(
        "response.output_text.done"
    )


def test_file_search_answers_from_the_named_stores(client):
    store = client.vector_stores.list().data[0]
    tool = {"type": "file_search", "vector_store_ids": [store.id], "max_num_results": 3}
    made = client.responses.create(
        model="scripted",
        input=QUESTION,
        tools=[tool],
        include=["file_search_call.results"],
        instructions='Say }} and {% raw %} and "quotes" and \\ and 😀.',
    )
    search, message = made.output
    assert (search.type, search.status, search.queries) == (
        "file_search_call",
        "completed",
        [QUESTION],
    )
    assert 0 < len(search.results) <= 3 and search.results[0].text
    assert "400 hours" in message.content[0].text
    assert message.content[0].annotations[0].filename == "pump.md"
    kinds = [
        event.type.removeprefix("response.")
        for event in client.responses.create(
            model="scripted", input=QUESTION, tools=[tool], stream=True
        )
    ]
    assert kinds[2:7] == [
        "output_item.added",
        "file_search_call.in_progress",
        "file_search_call.searching",
        "file_search_call.completed",
        "output_item.done",
    ]
    with pytest.raises(openai.NotFoundError):
        tool["vector_store_ids"] = ["vs_999999"]
        client.responses.create(model="scripted", input=QUESTION, tools=[tool])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("background", True),
        ("reasoning", {"effort": "low"}),
        ("conversation", "conv_1"),
        ("prompt", {"id": "x"}),
        ("truncation", "auto"),
        ("include", ["reasoning.encrypted_content"]),
        ("tools", [{"type": "web_search"}]),
        ("max_output_tokens", 0),
        ("unheard_of", 1),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(http, field, value):
    reply = http.post(RESPONSES, json={"model": "scripted", "input": "x", field: value})
    assert reply.status_code == 400
    assert reply.json()["error"]["param"].split(".")[0] == field


def test_images_are_refused_with_the_reason(http):
    part = {"type": "input_image", "image_url": "data:,"}
    body = {"model": "scripted", "input": [{"role": "user", "content": [part]}]}
    reply = http.post(RESPONSES, json=body)
    assert reply.status_code == 400 and "text only" in reply.json()["error"]["message"]


def test_a_response_is_cancelled_while_it_is_made_and_not_after(tmp_path):
    folder, model = create_workspace(tmp_path / "workspace"), "scripted:tps=10,least=200"
    with running(folder, {**PLAIN, "GENWRIGHT_ANSWER__MODEL": model}) as server:
        with OpenAI(base_url=server.api, api_key="none", max_retries=0) as client:
            stream = say(client, model=model, stream=True)
            events = [next(stream)]
            id_ = events[0].response.id
            cancelled = []
            other = threading.Thread(target=lambda: cancelled.append(client.responses.cancel(id_)))
            other.start()
            began = time.monotonic()
            events += list(stream)
            other.join()
            assert time.monotonic() - began < 10  # left alone it would take 20 s
            assert cancelled[0].status == "cancelled"
            assert events[-1].response.status == "cancelled"
            assert client.responses.retrieve(id_).status == "cancelled"
            with pytest.raises(openai.BadRequestError):
                client.responses.cancel(id_)


def test_somebody_elses_response_looks_like_none(tmp_path):
    folder = create_workspace(tmp_path / "workspace")
    fill(folder)
    clients = []
    for name in ("ann", "bob"):
        genwright(folder, "users", "create", name, "--role", "admin")
        clients.append(
            json.loads(genwright(folder, "keys", "create", name, "test", "--json"))["secret"]
        )
    with running(folder) as server:
        ann, bob = (
            httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=60)
            for key in clients
        )
        with ann, bob:
            made = ann.post(RESPONSES, json={"model": "scripted", "input": "x"}).json()["id"]
            none = made[:-4] + "0000"
            for method, path in (
                ("GET", ""),
                ("DELETE", ""),
                ("POST", "/cancel"),
                ("GET", "/input_items"),
            ):
                theirs = bob.request(method, f"{RESPONSES}/{made}{path}")
                absent = bob.request(method, f"{RESPONSES}/{none}{path}")
                assert theirs.status_code == absent.status_code == 404
                assert theirs.text.replace(made, none) == absent.text
            on = {"model": "scripted", "input": "x", "previous_response_id": made}
            assert bob.post(RESPONSES, json=on).status_code == 404
            assert ann.get(f"{RESPONSES}/{made}").status_code == 200


def test_a_stored_answer_withholds_what_its_owner_may_no_longer_read(tmp_path):
    folder = create_workspace(tmp_path / "workspace")
    fill(folder)
    genwright(folder, "users", "create", "ann")
    genwright(folder, "access", "grant", "ann", "--collection", "default")
    key = json.loads(genwright(folder, "keys", "create", "ann", "test", "--json"))["secret"]
    with running(folder) as server:
        with httpx.Client(base_url=server.url, headers={"x-api-key": key}, timeout=60) as ann:
            made = ann.post(RESPONSES, json={"model": "assistant", "input": QUESTION}).json()
            assert "400 hours" in json.dumps(made["output"])
            genwright(folder, "access", "revoke", "ann", "--collection", "default")
            again = ann.get(f"{RESPONSES}/{made['id']}").json()
            assert "400 hours" not in json.dumps(again)
            assert "Withheld" in again["output"][0]["content"][0]["text"]
            assert ann.get(f"{RESPONSES}/{made['id']}/input_items").status_code == 200
