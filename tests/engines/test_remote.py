"""Requests over HTTP against a real server on the loopback that follows a script."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import httpx
import numpy as np
import pytest

from genwright.engines import ChatMessage, ChatRequest, open_server
from genwright.engines.remote import BadStatus, RemoteServer
from genwright.errors import EngineFailed, Refused, UsageError
from genwright.settings import OpenAISettings

OK = (200, {}, b'{"fine": true}')
BUSY = (503, {}, b'{"error": {"message": "loading"}}')
PARADE = "two\u2028lines\x85and\x0bmore"


class Scripted(ThreadingHTTPServer):
    """Answers requests in turn by (status, headers, body); None breaks the connection off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[tuple[int, dict[str, str], bytes] | None] = []
        self.asked: list[tuple[str, dict[str, str], dict]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    """Plays the script."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers, json.loads(body)))
        step = self.server.script.pop(0)
        if step is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        status, headers, body = step
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def remote(server) -> Iterator[RemoteServer]:
    made = RemoteServer(server.url, "a key", first_delay=0.001)
    yield made
    made.close()


@pytest.fixture
def engine(server):
    with open_server("box", OpenAISettings(base_url=server.url), "some-model") as engine:
        yield engine


def events(*chunks: object) -> tuple[int, dict[str, str], bytes]:
    lines = [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n" for chunk in chunks]
    body = "".join([": ping\r\n\r\n", *lines, "data: [DONE]\n\n"]).encode()
    return 200, {"content-type": "text/event-stream"}, body


def piece(text: str) -> dict:
    return {"choices": [{"delta": {"content": text}}]}


def chat(engine) -> str:
    return "".join(delta.text for delta in engine.chat(ChatRequest((ChatMessage("user", "?"),))))


def test_a_request_carries_the_key_and_its_body(server, remote):
    server.script = [OK, OK]
    assert remote.post("/embeddings", {"input": ["ü"]}) == {"fine": True}
    assert remote.post(f"{server.url.removesuffix('/v1')}/tokenize", {}) == {"fine": True}
    (path, headers, body), (beside, _, _) = server.asked
    assert (path, beside) == ("/v1/embeddings", "/tokenize")
    assert headers["authorization"] == "Bearer a key"
    assert body == {"input": ["ü"]}


def test_no_key_no_header(server):
    server.script = [OK]
    RemoteServer(server.url).post("/embeddings", {})
    assert "authorization" not in server.asked[0][1]


@pytest.mark.parametrize("trouble", [BUSY, (429, {"retry-after": "0.01"}, b"slow down"), None])
def test_what_passes_is_tried_again(server, remote, trouble):
    server.script = [trouble, trouble, OK]
    assert remote.post("/embeddings", {}) == {"fine": True}


def test_three_tries_are_enough(server, remote):
    server.script = [BUSY] * 4
    with pytest.raises(BadStatus) as caught:
        remote.post("/embeddings", {})
    assert (caught.value.status, caught.value.said) == (503, "loading")
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "refusal",
    [(400, {}, b'{"error": "no"}'), (501, {}, b"never"), (429, {"retry-after": "3600"}, b"")],
)
def test_what_does_not_pass_soon_is_tried_once(server, remote, refusal):
    server.script = [refusal, OK]
    with pytest.raises(BadStatus):
        remote.post("/embeddings", {})
    assert len(server.asked) == 1


def test_whoever_cancels_does_not_wait_for_another_try(server):
    server.script = [(503, {"retry-after": "50"}, b""), OK]
    cancelled = Event()
    cancelled.set()
    remote = RemoteServer(server.url)
    with pytest.raises(BadStatus), remote.stream("/chat/completions", {}, cancelled):
        pass
    assert len(server.asked) == 1


def test_nobody_there_is_told_after_three_tries():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(httpx.ConnectError):
            RemoteServer(url, first_delay=0.001).post("/", {})


def test_marks_within_a_reply_end_no_line(server, remote):
    server.script = [events({"said": PARADE}, {"said": "end"})]
    with remote.stream("/chat/completions", {}) as chunks:
        assert [chunk["said"] for chunk in chunks] == [PARADE, "end"]


def test_a_chat_streams(server, engine):
    server.script = [events(piece("One "), piece("two."))]
    assert chat(engine) == "One two."
    assert server.asked[0][2]["model"] == "some-model"


@pytest.mark.parametrize(
    ("step", "error", "said"),
    [
        ((404, {}, b'{"error": {"message": "no such model"}}'), Refused, "no such model"),
        ((400, {}, b'{"error": {"message": "too long"}}'), UsageError, "too long"),
        ((401, {}, b"<html>who are you?"), EngineFailed, "who are you"),
        (events(piece("On"), {"error": {"message": "out of memory"}}), EngineFailed, "memory"),
        ((200, {}, b"data: {broken\n"), EngineFailed, "invalid response"),
        ((200, {}, b"data: []\n"), EngineFailed, "invalid response"),
        ((200, {"content-length": "999"}, b"data: {}\n"), EngineFailed, "disconnected"),
    ],
)
def test_errors_are_told_in_genwrights_words(server, engine, step, error, said):
    server.script = [step]
    with pytest.raises(error, match=said):
        chat(engine)


@pytest.mark.parametrize("reply", [b"[]", b"{}", b'{"data": [{}]}', b"<html>"])
def test_rubbish_instead_of_vectors_is_told(server, engine, reply):
    server.script = [(200, {}, reply)]
    with pytest.raises(EngineFailed, match="invalid response"):
        engine.embed(["text"])


def test_vectors_come_in_the_order_of_the_texts_at_unit_length(server, engine):
    rows = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}]
    server.script = [(200, {}, json.dumps({"data": rows}).encode())]
    np.testing.assert_allclose(engine.embed(["a", "b"]), [[0.6, 0.8], [0, 1]], atol=1e-6)
