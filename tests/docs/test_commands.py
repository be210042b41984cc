"""Every command that the pages show is one that the program has, with its options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from genwright.cli.main import cli

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "cli.md"),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]
FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
TOP: Any = typer.main.get_command(cli)


def shown(page: Path) -> Iterator[str]:
    """Commands in blocks of code, and whole ones in running text."""
    text = page.read_text(encoding="utf-8")
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").split("\n"):
            yield from re.findall(r"^(?:\$ )?(genwright [a-z].*)", line)
    yield from re.findall(r"`(genwright [a-z][^`…|]*)`", FENCE.sub("", text))


def fault(line: str) -> str:
    """What the program would not know of a command."""
    words = shlex.split(line.replace("&&", "#").replace(" · ", " # "), comments=True)[1:]
    command, known = TOP, {option for each in TOP.params for option in each.opts}
    known |= {"-h", "--help"}
    for word in words:
        inner = getattr(command, "commands", {})
        if word.startswith("-") and not word.lstrip("-")[:1].isdigit():
            known |= {
                name for each in command.params for name in [*each.opts, *each.secondary_opts]
            }
            if word.partition("=")[0] not in known:
                return f"{line!r} has an unknown option {word}"
        elif inner:
            if word not in inner:
                return "" if word.isupper() else f"{line!r}: there is no {word!r}"
            command = inner[word]
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page):
    assert [found for line in shown(page) if (found := fault(line))] == []


def test_an_unknown_command_and_an_unknown_option_are_found():
    assert fault("genwright ask --nosuch 1") and fault("genwright nosuch")
    assert not fault('genwright ask --json "How?"')
