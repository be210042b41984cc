"""The help names every command; every command explains itself by an example; docs name them all."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from genwright.cli.main import COMMANDS, RENAMED, RENAMED_OPTIONS, cli, move_globals_first, run

DOCS = Path(__file__).parent.parent.parent / "docs" / "cli.md"
GROUP: Any = typer.main.get_command(cli)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and sub-command with its whole name."""
    for name in COMMANDS:
        command = GROUP.commands[name]
        inner = getattr(command, "commands", {})
        yield from ((f"{name} {each}", command.commands[each]) for each in inner)
        if not inner:
            yield name, command


def test_help_lists_every_command_and_loads_none():
    code = (
        "import sys; from genwright.cli.main import run; run(['--help']);"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " ('torch', 'sqlalchemy', 'numpy', 'pydantic_settings', 'rich')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name, line in COMMANDS.items():
        assert name in done.stdout and line.split()[0] in done.stdout


def test_status_imports_neither_models_nor_migrations(plain):
    plain("status")
    code = (
        "import sys; from genwright.cli.main import run; run(['status']);"
        "print([name for name in ('torch', 'alembic', 'numpy', 'faiss', 'onnxruntime', 'rich')"
        " if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=plain.env()
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value)[:20])
def test_every_command_has_help_with_an_example(name, command):
    assert f"Example: genwright {name}" in command.help


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value)[:20])
def test_the_documentation_names_every_command_and_option(name, command):
    text = DOCS.read_text(encoding="utf-8")
    assert f"`genwright {name}" in text
    section = text.partition(f"## `genwright {name.split()[0]}`")[2].partition("\n## ")[0]
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("-"):
                assert f"`{option}" in section, f"{name} {option} is not in {DOCS.name}"


def test_the_documentation_names_every_global_option():
    text = DOCS.read_text(encoding="utf-8")
    for parameter in GROUP.params:
        assert all(f"`{option}" in text for option in parameter.opts)


def test_global_options_may_stand_after_the_command_but_not_after_two_dashes():
    assert move_globals_first(["list", "--set", "a.b=1", "-q"]) == ["--set", "a.b=1", "-q", "list"]
    assert move_globals_first(["search", "--", "-w"]) == ["search", "--", "-w"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("tune", "--minutes", "3"),
        ("tune", "--accept-licence"),
        ("pretrain", "--minutes=3"),
        ("rlhf", "--minutes", "3"),
        ("datasets", "check", "rows.jsonl", "--mend", "out.jsonl"),
        ("feedback", "export", "out.jsonl", "--keep", "edits"),
        ("synth", "questions", "-o", "out.jsonl", "--keep", "made"),
    ],
    ids=" ".join,
)
def test_an_earlier_option_says_the_present_one(arguments, capsys):
    old = next(each for each in arguments if each.startswith("--")).partition("=")[0]
    assert run(arguments) == 2
    assert f"error: {old} is called {RENAMED_OPTIONS[old]} now." in capsys.readouterr().err


def test_an_earlier_objective_says_the_present_one(capsys):
    assert run(["tune", "--objective", "summarisation"]) == 2
    assert "error: 'summarisation' is called 'summarization' now." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["tune", "pretrain", "rlhf"])
def test_a_setting_of_the_workspace_is_no_parameter_of_a_training(command, capsys):
    assert run([command, "--set", "rank=8"]) == 2
    assert "--param KEY=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_earlier_command_says_the_present_one(old, new, capsys):
    assert run([old]) == 2
    assert f"{old!r} is called {new!r} now" in capsys.readouterr().err


def test_the_version_is_printed(plain):
    assert plain("--version").stdout.startswith("genwright ")
