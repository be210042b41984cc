"""Workspaces and running servers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.server.running import Running, running

from genwright.workspace import create

Serve = Callable[..., Running]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The folder of a new workspace."""
    return create(tmp_path / "workspace")


@pytest.fixture
def serve(workspace: Path) -> Iterator[Serve]:
    """Starts servers over the workspace; they are ended after the test."""
    with ExitStack() as stack:

        def start(env: Mapping[str, str] | None = None, *args: str, ready: bool = True) -> Running:
            return stack.enter_context(running(workspace, env, *args, ready=ready))

        yield start
