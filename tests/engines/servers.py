"""A real OpenAI-compatible server for tests: llama.cpp's, on the loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from genwright.engines.llamacpp.child import LlamaServerConfig


@contextmanager
def openai_server(model: Path, key: str) -> Iterator[str]:
    """Serve a model over TCP; gives the ``base_url``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = LlamaServerConfig(
        model=str(model),
        kind="chat",
        listen="127.0.0.1",
        port=port,
        key=key,
        parent=os.getpid(),
        threads=2,
        context=2048,
    )
    command = [sys.executable, "-m", "genwright.engines.llamacpp.child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdin.write(config.encode_line())
        process.stdin.flush()
        try:
            _wait(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.stdin.close()


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(url)
