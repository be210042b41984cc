"""A real server in a child process, for the benchmarks of serving."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from genwright.workspace import create_workspace

ROOT = Path(__file__).parent.parent
PLAIN = {"GENWRIGHT_EMBEDDING__MODEL": "hashing", "GENWRIGHT_ANSWER__MODEL": "scripted"}


class Server:
    """A server that listens."""

    def __init__(self, workspace: Path, env: Mapping[str, str], *arguments: str) -> None:
        self.workspace = workspace
        kept = {key: each for key, each in os.environ.items() if key != "GENWRIGHT_WORKSPACE"}
        models = {"GENWRIGHT_MODELS_DIR": str(ROOT / ".models")}
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "genwright", "serve", "--port", "0", *arguments],
            stderr=self.log,
            stdout=subprocess.DEVNULL,
            env={**models, **kept, "GENWRIGHT_WORKSPACE": str(workspace), **env},
        )
        self.url = self._wait()

    def _wait(self) -> str:
        end = time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r" at (http://\S+)", self.said())
            if found:
                if _ready(found[1]):
                    return found[1]
            time.sleep(0.05)
        sys.exit(f"the server did not start:\n{self.said()}")

    def said(self) -> str:
        """Its log so far."""
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def memory_mb(self, kind: str = "VmRSS") -> float:
        """Resident memory of the server process, without its engines.

        ``RssAnon`` is its own; ``RssFile`` beside it are files that it maps, the store among them,
        which the system takes back when it wants to.
        """
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{kind}:\s+(\d+)", text)[1]) / 1024

    def counts(self) -> tuple[int, int]:
        """Open descriptors and threads."""
        folder = Path(f"/proc/{self.process.pid}")
        return len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir()))

    def stop(self) -> int:
        """End it by SIGTERM; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.process.kill()
        self.process.wait()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def serving(
    env: Mapping[str, str] | None = None, *arguments: str, workspace: Path | None = None
) -> Iterator[Server]:
    """A server over a workspace, by default a new one with the stub models."""
    with tempfile.TemporaryDirectory() as folder:
        where = workspace or create_workspace(Path(folder) / "workspace")
        server = Server(where, PLAIN if env is None else env, *arguments)
        try:
            yield server
        finally:
            server.stop()


def percentile(values: list[float], q: float) -> float:
    """The q-th percentile, 0 to 100."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, round(q / 100 * (len(ranked) - 1)))] if ranked else 0.0
