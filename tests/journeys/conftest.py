"""The real command line in child processes, over a workspace and documents of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from genwright.workspace import create_workspace

DOCUMENTS = {
    "pump.md": """\
# The Velda pump

## Oil

Change the oil of the Velda pump every 400 hours. Use grade 46 oil only.

## Noise

A whistling noise means that air gets in: tighten the intake flange.
""",
    "boiler.txt": """\
The boiler of hall 3 is drained on the first Monday of May.

Its safety valve opens at 6 bar.
""",
    "staff.csv": "name,room\nMira,204\nTomas,117\n",
}

CLOSED_PORT = "http://127.0.0.1:9"
OFFLINE = {
    "HTTP_PROXY": CLOSED_PORT,
    "HTTPS_PROXY": CLOSED_PORT,
    "PIP_NO_INDEX": "1",
    "HF_HUB_OFFLINE": "1",
}


@dataclass
class CommandLine:
    """Runs genwright as a user would, without a network."""

    workspace: Path
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    def arguments(self, *arguments: object) -> list[str]:
        return [self.python, "-m", "genwright", *(str(each) for each in arguments)]

    def env(self) -> dict[str, str]:
        kept = {key: each for key, each in os.environ.items() if not key.startswith("GENWRIGHT_")}
        return {**kept, **OFFLINE, "GENWRIGHT_WORKSPACE": str(self.workspace), **self.environment}

    def __call__(
        self, *arguments: object, stdin: bytes = b"", status: int = 0
    ) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            self.arguments(*arguments),
            input=stdin,
            capture_output=True,
            check=False,
            env=self.env(),
            timeout=200,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def json(self, *arguments: object, status: int = 0, stdin: bytes = b"") -> Any:
        return json.loads(self(*arguments, "--json", status=status, stdin=stdin).stdout)

    def start(self, *arguments: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.arguments(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.env(),
            text=True,
        )


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
