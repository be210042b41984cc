"""The wheel holds all that the program needs: installed alone, far from a checkout, it works."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.fixtures.command_line import DOCUMENTS, OFFLINE
from tests.journeys.environments import ROOT, build_wheel, make_environment

COMPILED = (".pyc", ".pyo")
HASHING = {"GENWRIGHT_EMBEDDING__MODEL": "hashing"}
OIL = "How often should the oil of the Velda pump be changed?"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_environment(tmp_path_factory.mktemp("installed") / "environment", wheel)


@pytest.fixture(scope="module")
def elsewhere(programs: Path, tmp_path_factory: pytest.TempPathFactory):
    """Runs a program of the environment in a folder that has nothing to do with the checkout."""
    home = tmp_path_factory.mktemp("home")

    def run(*command: object, folder: Path = home) -> str:
        program, *arguments = (str(each) for each in command)
        done = subprocess.run(
            [str(programs / program), *arguments],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), **OFFLINE, **HASHING},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def test_the_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if name.startswith("genwright/")}
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "genwright").rglob("*")
        if path.is_file() and path.suffix not in COMPILED
    }
    assert packed == wanted


def test_what_is_imported_is_what_was_installed(elsewhere, programs):
    script = "import genwright; print(genwright.__file__)"
    file = Path(elsewhere("python", "-I", "-c", script).strip())
    assert file.is_relative_to(programs.parent)
    assert not file.is_relative_to(ROOT)


def test_the_first_commands_of_the_readme(elsewhere, tmp_path):
    manuals = tmp_path / "manuals"
    manuals.mkdir()
    for name, text in DOCUMENTS.items():
        (manuals / name).write_text(text, encoding="utf-8")
    notes = tmp_path / "notes"

    assert "Usage: genwright" in elsewhere("genwright", "--help")
    elsewhere("genwright", "init", notes)
    added = json.loads(elsewhere("genwright", "add", manuals, "--json", folder=notes))
    assert (added["added"], added["skipped"]) == (len(DOCUMENTS), [])
    answer = json.loads(elsewhere("genwright", "ask", OIL, "--extractive", "--json", folder=notes))
    assert "400 hours" in answer["answer"]
    assert answer["sentences"][0]["citations"]
    assert "multilingual-e5-small" in elsewhere("genwright", "models", "list", folder=notes)
    status = json.loads(elsewhere("genwright", "status", "--json", folder=notes))
    assert status["documents"] == len(DOCUMENTS)


@pytest.mark.parametrize(
    "script",
    [
        "from genwright.grounding.calibration import load_calibration; load_calibration()",
        "from genwright.prompts import load_prompt; load_prompt('answer')",
        "from genwright.server.pages.views.rendering import make_environment\n"
        "assert make_environment().get_template('chat.html')",
    ],
    ids=["calibration", "prompts", "templates"],
)
def test_data_files_are_found(elsewhere, script):
    elsewhere("python", "-I", "-c", script)
