"""Workspaces and running servers."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.fixtures.running import Running, Serve, fill, running

from genwright.workspace import create_workspace


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
