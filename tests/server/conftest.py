"""Workspaces and running servers."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.server.running import PLAIN, Running, environment, running

from genwright.workspace import create_workspace

Serve = Callable[..., Running]

DOCUMENTS = {
    "pump.md": "# The Velda pump\n\nChange the oil of the Velda pump every 400 hours.\n",
    "boiler.txt": "The boiler of hall 3 is drained in May. Its safety valve opens at 6 bar.\n",
}


def genwright(workspace: Path, *arguments: str, env: Mapping[str, str] = PLAIN) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "genwright", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=200,
        env=environment(workspace, env),
    )
    return done.stdout


def fill(workspace: Path, documents: Mapping[str, str] = DOCUMENTS) -> None:
    """Add documents to a workspace by the command."""
    folder = workspace.parent / "documents"
    folder.mkdir(exist_ok=True)
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    genwright(workspace, "add", str(folder))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The folder of a new workspace."""
    return create_workspace(tmp_path / "workspace")


@pytest.fixture
def serve(workspace: Path) -> Iterator[Serve]:
    """Starts servers over the workspace; they are ended after the test."""
    with ExitStack() as stack:

        def start(env: Mapping[str, str] | None = None, *args: str, ready: bool = True) -> Running:
            return stack.enter_context(running(workspace, env, *args, ready=ready))

        yield start


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over two documents, without models, shared by the tests of a file."""
    folder = create_workspace(tmp_path_factory.mktemp("plain") / "workspace")
    fill(folder)
    with running(folder) as server:
        yield server


@pytest.fixture(scope="module")
def http(plain: Running) -> Iterator[httpx.Client]:
    """Speaks to that server."""
    with httpx.Client(base_url=plain.url, timeout=60) as client:
        yield client
