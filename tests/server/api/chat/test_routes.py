"""``/v1/chat/completions`` over a socket: what the wire has, and what happens when it breaks."""

import json
import os
import signal
import socket
import sqlite3

import httpx
import pytest
from tests.fixtures.running import PLAIN, fill, genwright, read_metric, wait_for_requests
from tests.fixtures.waiting import wait_until

SAY = [{"role": "user", "content": "Say something."}]
CHAT = "/v1/chat/completions"
SLOW = {
    **PLAIN,
    "GENWRIGHT_ANSWER__MODEL": "scripted:tps=10,least=200",
    "GENWRIGHT_SERVER__PARALLEL": "1",
}
SLOW_NAME = SLOW["GENWRIGHT_ANSWER__MODEL"]
ENDED = "vllm:request_success_total"
"""Counts requests by how they ended, cancelled ones too."""


def events(text: str) -> list[str]:
    return [line[6:] for line in text.splitlines() if line.startswith("data: ")]


def test_a_stream_ends_with_done_and_each_event_is_a_chunk(http):
    reply = http.post(CHAT, json={"model": "scripted", "messages": SAY, "stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    *chunks, last = events(reply.text)
    assert last == "[DONE]"
    for chunk in map(json.loads, chunks):
        assert chunk["object"] == "chat.completion.chunk"
        assert set(chunk["choices"][0]) == {"index", "delta", "logprobs", "finish_reason"}
        assert "usage" not in chunk
    assert json.loads(chunks[-1])["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unheard_of", 1),
        ("audio", {"voice": "alloy"}),
        ("functions", []),
        ("function_call", "auto"),
        ("modalities", ["audio"]),
        ("prediction", {"type": "content", "content": "x"}),
        ("web_search_options", {}),
        ("reasoning_effort", "high"),
        ("service_tier", "flex"),
        ("n", 9),
        ("n", 0),
        ("n", True),
        ("temperature", 2.1),
        ("temperature", "1"),
        ("top_p", -1),
        ("seed", 2**63),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("logit_bias", {"x": 1}),
        ("logit_bias", {"1": 101}),
        ("logit_bias", {str(n): 1 for n in range(1025)}),
        ("max_tokens", 0),
        ("messages", []),
        ("messages", [{"role": "robot", "content": "x"}]),
        ("messages", [{"role": "user"}]),
        ("metadata", {"k": "v" * 513}),
        ("tools", [{"type": "custom", "custom": {"name": "x"}}]),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "a b"}}),
        ("model", ""),
        ("model", "m" * 201),
    ],
)
def test_what_is_out_of_bounds_or_unknown_is_refused_by_its_name(http, field, value):
    reply = http.post(CHAT, json={"model": "scripted", "messages": SAY, field: value})
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"].split(".")[0] == field


@pytest.mark.parametrize(
    "more",
    [
        {"top_logprobs": 2},
        {"stream_options": {"include_usage": True}},
        {"tool_choice": "required"},
        {"tools": [{"type": "function", "function": {"name": "a"}}] * 2},
    ],
)
def test_fields_that_do_not_go_together_are_refused(http, more):
    reply = http.post(CHAT, json={"model": "scripted", "messages": SAY, **more})
    assert reply.status_code == 400 and reply.json()["error"]["message"]


def test_a_deep_schema_does_not_reach_the_engine(http):
    deep: dict = {}
    for _ in range(400):
        deep = {"type": "object", "properties": {"a": deep}}
    schema = {"type": "json_schema", "json_schema": {"name": "deep", "schema": deep}}
    reply = http.post(CHAT, json={"model": "scripted", "messages": SAY, "response_format": schema})
    assert reply.status_code == 400


def test_fields_without_effect_are_taken(http):
    reply = http.post(
        CHAT,
        json={
            "model": "scripted",
            "messages": [{"role": "developer", "content": "Be kind."}, *SAY],
            "metadata": {"a": "b"},
            "user": "me",
            "store": True,
            "service_tier": "auto",
            "modalities": ["text"],
            "parallel_tool_calls": True,
            "prompt_cache_key": "k",
            "tools": None,
            "stop": None,
        },
    )
    assert reply.status_code == 200


def test_what_is_not_json_is_refused_in_the_same_shape(http):
    for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"model": "\\ud800", "messages": []}'):
        reply = http.post(CHAT, content=body, headers={"content-type": "application/json"})
        assert reply.status_code == 400
        assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


def test_fields_an_assistant_does_not_heed_are_named(http):
    asked = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How often is the oil changed?"},
    ]
    reply = http.post(
        CHAT, json={"model": "assistant", "messages": asked, "temperature": 0.5, "seed": 1}
    )
    assert reply.json()["x_genwright"]["ignored"] == ["temperature", "seed", "messages: system"]


def test_an_assistant_needs_a_question(http):
    for messages in (
        [{"role": "system", "content": "x"}],
        [{"role": "user", "content": " "}],
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        [{"role": "user", "content": "a"}, {"role": "tool", "content": "b", "tool_call_id": "c"}],
    ):
        reply = http.post(CHAT, json={"model": "assistant", "messages": messages})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "messages")


def test_the_trace_of_a_plain_model_is_found_by_the_id_of_its_reply(plain, http):
    said = [{"role": "user", "content": "My address is ann@example.org, thanks."}]
    reply = http.post(CHAT, json={"model": "scripted", "messages": said}).json()
    trace = reply["id"].removeprefix("chatcmpl-")
    workspace = plain.workspace

    def find_row() -> tuple[str, str] | None:
        with sqlite3.connect(workspace / "genwright.db") as database:
            return database.execute(
                "SELECT name, attributes FROM span WHERE trace_id = ? AND parent_id = ''", (trace,)
            ).fetchone()

    row = wait_until(find_row, 15)
    attributes = json.loads(row[1])
    assert row[0] == "chat scripted"
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.usage.output_tokens"] == reply["usage"]["completion_tokens"]
    assert "[email]" in attributes["gen_ai.input.messages"]
    assert "ann@example.org" not in row[1]


def test_identifiers_are_taken_out_of_prompts_where_the_settings_say_so(workspace, serve):
    server = serve({**PLAIN, "GENWRIGHT_PRIVACY__PROMPTS": "redact"})
    said = [{"role": "user", "content": "Write to ann@example.org now."}]
    reply = httpx.post(f"{server.url}{CHAT}", json={"model": "scripted", "messages": said}).json()
    assert "ann@example.org" not in json.dumps(reply)


def test_prompts_with_identifiers_are_refused_where_the_settings_say_so(workspace, serve):
    server = serve({**PLAIN, "GENWRIGHT_PRIVACY__PROMPTS": "refuse"})
    said = [{"role": "user", "content": "Write to ann@example.org now."}]
    reply = httpx.post(f"{server.url}{CHAT}", json={"model": "scripted", "messages": said})
    assert reply.status_code == 400 and "1 email" in reply.json()["error"]["message"]


def test_a_scoped_key_sees_and_asks_only_what_it_is_for(workspace, serve):
    fill(workspace)
    genwright(workspace, "users", "create", "ann", "--role", "reader")
    made = genwright(
        workspace, "keys", "create", "ann", "narrow", "--assistant", "assistant", "--json"
    )
    secret = json.loads(made)["secret"]
    server = serve()
    headers = {"authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as ann:
        assert [each["id"] for each in ann.get("/v1/models").json()["data"]] == ["assistant"]
        hidden = ann.post(CHAT, json={"model": "scripted", "messages": SAY})
        absent = ann.post(CHAT, json={"model": "absent42", "messages": SAY})
        assert hidden.status_code == absent.status_code == 404
        assert hidden.text.replace("scripted", "absent42") == absent.text
        assert ann.post(CHAT, json={"model": "assistant@1", "messages": SAY}).status_code == 200


def hang_up(server, body: dict, waiting: int = 0, until: bytes = b"") -> None:
    """Send a request, and close the socket once it is at work or waits, and something came."""
    address = httpx.URL(server.url)
    data = json.dumps(body).encode()
    lines = ("Host: localhost", "Content-Type: application/json", f"Content-Length: {len(data)}")
    head = "\r\n".join((f"POST {CHAT} HTTP/1.1", *lines, "", ""))
    with socket.create_connection((address.host, address.port), timeout=30) as client:
        client.sendall(head.encode() + data)
        seen = b""
        while until and until not in seen:
            seen += client.recv(65536)
        wait_for_requests(server, 1, waiting)


@pytest.mark.parametrize("phase", ["streaming", "not streaming", "prefill"])
def test_hanging_up_ends_the_work_in_every_phase(workspace, serve, phase):
    model = "scripted:tps=10,least=200,prefill=1" if phase == "prefill" else SLOW_NAME
    server = serve({**SLOW, "GENWRIGHT_ANSWER__MODEL": model})
    body = {"model": model, "messages": SAY * (20 if phase == "prefill" else 1)}
    streams = phase != "not streaming"
    hang_up(server, body | {"stream": streams}, 0, b"data:" if phase == "streaming" else b"")
    # The only slot is free again; left alone, the work would go on for 20 s and more.
    wait_until(lambda: read_metric(server, ENDED) >= 1, 10)


def test_hanging_up_in_the_queue_leaves_it(workspace, serve):
    server = serve(SLOW)
    with httpx.stream(
        "POST",
        f"{server.url}{CHAT}",
        json={"model": SLOW_NAME, "messages": SAY, "stream": True},
        timeout=60,
    ) as first:
        lines = first.iter_lines()  # kept: an iterator that is let go closes its stream
        next(lines)
        hang_up(server, {"model": SLOW_NAME, "messages": SAY}, 1)
        # It is counted as cancelled while the slot is held.
        wait_until(lambda: read_metric(server, ENDED) >= 1, 10)


def test_an_engine_that_dies_ends_a_stream_with_an_error_event(workspace, serve, models_dir):
    server = serve(
        {"GENWRIGHT_MODELS_DIR": str(models_dir), "GENWRIGHT_EMBEDDING__MODEL": "hashing"}
    )
    model = "smollm2-135m-instruct"
    asked = {
        "model": model,
        "messages": [{"role": "user", "content": "Write a long story."}],
        "stream": True,
    }
    lines = []
    with httpx.stream("POST", f"{server.url}{CHAT}", json=asked, timeout=60) as reply:
        for line in reply.iter_lines():
            if not lines:
                _kill_engines(server.process.pid)
            lines.append(line)
    last = json.loads([line for line in lines if line.startswith("data: ")][-1][6:])
    assert last["error"]["type"] == "service_unavailable_error" and last["error"]["message"]
    again = httpx.post(
        f"{server.url}{CHAT}", json={**asked, "stream": False, "max_tokens": 3}, timeout=60
    )
    assert again.status_code == 200


def _kill_engines(parent: int) -> None:
    """End the model processes of one server."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat, open(f"/proc/{entry}/cmdline") as line:
                is_child = stat.read().rpartition(")")[2].split()[1] == str(parent)
                if is_child and "genwright.engines.llamacpp.child" in line.read():
                    os.kill(int(entry), signal.SIGKILL)
        except OSError:
            continue
