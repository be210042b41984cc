"""The real command line in child processes, over a workspace and documents of its own."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fixtures.command_line import DOCUMENTS, CommandLine

from genwright.workspace import create_workspace


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def genwright(workspace: Path, models_dir: Path) -> CommandLine:
    """With the embedded models."""
    command = CommandLine(workspace, {"GENWRIGHT_MODELS_DIR": str(models_dir)})
    create_workspace(workspace)
    return command


@pytest.fixture
def plain(workspace: Path) -> CommandLine:
    """With the embedder and the engine that need no model: for what does not depend on one."""
    free = {"GENWRIGHT_EMBEDDING__MODEL": "hashing", "GENWRIGHT_ANSWER__MODEL": "scripted"}
    command = CommandLine(workspace, free)
    create_workspace(workspace)
    return command


@pytest.fixture
def started() -> Callable[["subprocess.Popen[str]"], str]:
    """Waits for a process, and gives its output when it ended well."""

    def wait(process: "subprocess.Popen[str]") -> str:
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        return out

    return wait
