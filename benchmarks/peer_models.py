"""The models that peers and genwright share: a chat model and an embedder, each behind HTTP.

Peers run under a Python of their own, which cannot load what genwright prepared; so both models
are served on this machine only, while the benchmark runs. A peer is a process that is told by JSON
on its standard input and gives a line of JSON for each answer.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from measure import PEERS

from genwright.embeddings import Embedder
from genwright.engines.llamacpp.child import LlamaServerConfig

KEY = "benchmark"
"""The chat server wants one."""
MARKS = ("query: ", "passage: ")
"""What a text begins with that is searched for, or searched in; both are the embedder's to add."""


@contextlib.contextmanager
def serve_chat(gguf: str, threads: int, context: int) -> Iterator[str]:
    """A llama.cpp server of a chat model on a free port; its base URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = LlamaServerConfig(
        model=gguf, kind="chat", listen="127.0.0.1", key=KEY, parent=os.getpid(),
        threads=threads, context=context, port=port,
    )  # fmt: skip
    command = [sys.executable, "-m", "genwright.engines.llamacpp.child"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin
    process.stdin.write(config.encode_line())
    process.stdin.flush()
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def _wait_until_healthy(url: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"The chat model did not load within {seconds:g} s.")


@contextlib.contextmanager
def serve_vectors(embedder: Embedder) -> Iterator[str]:
    """The embedder behind a URL: a list of texts with one mark is posted; vectors come back."""
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with turn:
                body = json.dumps(_embed(embedder, texts)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _embed(embedder: Embedder, texts: list[str]) -> list[list[float]]:
    """Vectors of texts that all have the mark of the first."""
    mark = next(each for each in MARKS if texts[0].startswith(each))
    embed = embedder.embed_queries if mark == MARKS[0] else embedder.embed
    return embed([text.removeprefix(mark) for text in texts]).tolist()


def ask_peer(python: str, name: str, told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answers of ``peers/rag_NAME.py``, each as soon as it is there.

    Args:
        python: The peers' interpreter.
        name: Of the peer.
        told: What ``peers/told.py`` describes.

    Raises:
        SystemExit: The peer failed.
    """
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)  # genwright's, for another interpreter
    process = subprocess.Popen(
        [python, str(PEERS / f"rag_{name}.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdin and process.stdout
    try:
        with process.stdin as stdin:
            json.dump(told, stdin)
        for line in process.stdout:
            if line.startswith("{"):
                yield json.loads(line)
        if process.wait():
            raise SystemExit(f"{name} ended with {process.returncode}.")
    finally:
        process.kill()
