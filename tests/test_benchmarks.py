"""Benchmarks and examples name what the source has: nobody runs them often enough to notice."""

import ast
from importlib import import_module
from pathlib import Path

import pytest
from tests.conftest import ROOT

PROGRAMS = [*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "examples").rglob("*.py")]
OURS = ("genwright.", "tests.")


def is_there(module: str, name: str) -> bool:
    """Whether a module has a name, or a module below it has it."""
    found = import_module(module)
    if hasattr(found, name):
        return True
    try:
        import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_program_imports_of_ours_is_there(program: Path):
    pytest.importorskip("torch", reason="some programs train")
    imports = [
        (node.module, each.name)
        for node in ast.walk(ast.parse(program.read_bytes()))
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(OURS)
        for each in node.names
    ]
    assert [pair for pair in imports if not is_there(*pair)] == []
