"""The real server in a child process, for every test that speaks to it over a socket."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

START_SECONDS = 90
PLAIN = {"GENWRIGHT_EMBEDDING__MODEL": "hashing", "GENWRIGHT_ANSWER__MODEL": "scripted"}
"""The embedder and the engine that need no model."""
CLOSED_PORT = "http://127.0.0.1:9"
OFFLINE = {"HTTP_PROXY": CLOSED_PORT, "HTTPS_PROXY": CLOSED_PORT, "NO_PROXY": "127.0.0.1,localhost"}


def environment(workspace: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Of a child: without the settings of whoever runs the tests, and without a network."""
    kept = {key: each for key, each in os.environ.items() if not key.startswith("GENWRIGHT_")}
    return {**kept, **OFFLINE, "GENWRIGHT_WORKSPACE": str(workspace), **env}


@dataclass
class Running:
    """A server that listens; ``log`` is what it has said so far."""

    url: str
    workspace: Path
    process: "subprocess.Popen[str]"
    log: list[str] = field(default_factory=list)

    @property
    def api(self) -> str:
        """The ``base_url`` of OpenAI's clients."""
        return f"{self.url}/v1"

    def stop(self) -> int:
        """End it by SIGTERM and give its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.process.kill()
        self.process.wait(30)


@contextmanager
def running(
    workspace: Path, env: Mapping[str, str] | None = None, *args: str, ready: bool = True
) -> Iterator[Running]:
    """Serve a workspace on a free port of the loopback.

    Args:
        workspace: Folder of an existing workspace.
        env: Settings as ``GENWRIGHT_*``; by default those that need no model.
        args: More arguments of ``genwright serve``.
        ready: Whether to wait until ``/ready`` says yes.
    """
    command = [sys.executable, "-m", "genwright", "serve", "--port", "0", *args]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(workspace, PLAIN if env is None else env),
    )
    log: list[str] = []
    reading = threading.Thread(target=_read, args=(process, log), daemon=True)
    reading.start()
    try:
        server = Running(_address(process, log), workspace, process, log)
        if ready:
            _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(45)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)
        reading.join(10)
        process.stderr.close()


def _read(process: "subprocess.Popen[str]", log: list[str]) -> None:
    for line in process.stderr:
        log.append(line.rstrip("\n"))


def _address(process: "subprocess.Popen[str]", log: list[str]) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        for line in list(log):
            if " at http://" in line:
                return line.split(" at ")[-1].strip()
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError("the server did not start:\n" + "\n".join(log))


def _wait_until_ready(server: Running) -> None:
    end, said = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < end:
        try:
            reply = httpx.get(f"{server.url}/ready", timeout=10)
            if reply.status_code == 200:
                return
            said = reply.text
        except httpx.TransportError as error:
            said = str(error)
        time.sleep(0.05)
    raise RuntimeError(f"the server is not ready: {said}\n" + "\n".join(server.log))
