"""ONNX Runtime keeps to itself: nothing is written elsewhere, nothing is sent."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures import offline
from tests.fixtures.tiny_bert import WIDTH, make_bert

import genwright

HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TMPDIR")

needs_seccomp = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in offline.AUDIT,
    reason="needs Linux on x86_64 or aarch64: the kernel watches for connections by seccomp",
)


def run_offline(homes: Path, argument: str) -> subprocess.CompletedProcess[str]:
    """Run the program with every folder of the user's moved to one that is empty."""
    for name in HOMES:
        (homes / name).mkdir(parents=True)
    environment = {
        key: value for key, value in os.environ.items() if key[:4] not in ("ORT_", "XDG_")
    }
    environment |= {name: str(homes / name) for name in HOMES}
    source = str(Path(genwright.__file__).parents[1])
    environment |= {"PYTHONPATH": source, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, offline.__file__, argument],
        env=environment,
        cwd=homes / "HOME",
        capture_output=True,
        text=True,
        check=False,
    )


@needs_seccomp
def test_embedding_writes_nothing_elsewhere_and_connects_to_nothing(tmp_path):
    folder = make_bert(tmp_path / "model")
    ran = run_offline(tmp_path / "homes", str(folder))
    assert (ran.returncode, ran.stdout) == (0, f"(2, {WIDTH})\n"), ran.stderr
    assert [path for path in (tmp_path / "homes").rglob("*") if path.name not in HOMES] == []


@needs_seccomp
def test_a_connection_would_have_been_noticed(tmp_path):
    assert run_offline(tmp_path / "homes", "--socket").returncode == -signal.SIGSYS


def test_the_runtime_is_imported_in_one_place():
    source = Path(genwright.__file__).parent
    importing = [
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if "import onnxruntime" in path.read_text(encoding="utf-8")
    ]
    assert importing == ["embeddings/sessions.py"]
