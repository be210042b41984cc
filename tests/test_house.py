"""Laws of the source: sizes of files and folders, words of names, and what may import what."""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from genwright.environment import VARIABLES

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "genwright"
MOST_MODULES, MOST_LINES = 15, 400
LISTINGS = {"cli/commands", "server/pages"}
"""Folders whose listing is the documentation: a command or a page is a file."""
FILES = sorted(SOURCE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def definitions(*kinds: type[ast.AST]) -> Iterator[tuple[str, str]]:
    """Names of classes or functions, each with its file."""
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, kinds):
                yield node.name, name(file)  # type: ignore[attr-defined]


def linter() -> dict:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings["tool"]["importlinter"]["contracts"]


def test_no_folder_holds_too_many_modules():
    modules = Counter(name(file.parent) for file in FILES if file.name != "__init__.py")
    crowded = {folder for folder, number in modules.items() if number > MOST_MODULES}
    assert crowded - LISTINGS == set()


def test_no_file_is_too_long():
    lines = {name(file): len(file.read_bytes().splitlines()) for file in FILES}
    assert {file for file, number in lines.items() if number > MOST_LINES} == set()


def test_no_function_is_named_by_what_it_is_of():
    found = definitions(ast.FunctionDef, ast.AsyncFunctionDef)
    assert [each for each in found if each[0].endswith("_of")] == []


def test_no_class_name_is_used_twice():
    homes: dict[str, list[str]] = {}
    for each, file in definitions(ast.ClassDef):
        homes.setdefault(each, []).append(file)
    assert {each: files for each, files in homes.items() if len(files) > 1} == {}


def test_web_and_terminal_libraries_are_forbidden_to_all_that_stands_below_the_server():
    layers, forbidden = linter()[0]["layers"], linter()[2]
    assert forbidden["type"] == "forbidden"
    order = [each.strip() for layer in layers for each in layer.replace(":", "|").split("|")]
    below = order[order.index("server") + 1 :]
    assert forbidden["source_modules"] == sorted(f"genwright.{each}" for each in below)


@pytest.mark.parametrize("kind", ["layers", "acyclic_siblings", "forbidden", "protected"])
def test_the_linter_holds_a_contract_of_each_kind(kind):
    assert kind in [each["type"] for each in linter()]


def reads_environment(node: ast.AST) -> bool:
    """Whether a value is taken out of ``os.environ``; setting one or handing all on is not."""
    match node:
        case ast.Subscript(value=value, ctx=ast.Load()):
            return ast.unparse(value) == "os.environ"
        case ast.Compare(comparators=[value]):
            return ast.unparse(value) == "os.environ"
        case ast.comprehension(iter=value):
            return ast.unparse(value) == "os.environ"
        case ast.Call(func=ast.Attribute() as called):
            return ast.unparse(called) in ("os.environ.get", "os.getenv")
    return False


def test_the_environment_is_read_in_two_places():
    readers = {
        name(file)
        for file in FILES
        if any(map(reads_environment, ast.walk(ast.parse(file.read_bytes()))))
    }
    assert readers == {"environment.py", "settings/sources.py"}


def test_every_variable_that_is_no_setting_is_in_the_documentation():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [f"| `{variable}` | {meaning} |" for variable, meaning in VARIABLES.items()]
    assert "\n".join(["|---|---|", *rows]) in page
