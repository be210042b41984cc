"""The tree of errors, as its own drawing has it, and optional packages."""

import re

import pytest

from genwright import errors
from genwright.errors import GenwrightError, MissingDependency
from genwright.extras import need

TREE = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, GenwrightError)
}


def drawn() -> dict[str, str]:
    """Each name in the drawing with the one it hangs from."""
    above, parents = {}, {}
    for line in errors.__doc__.splitlines():
        if match := re.match(r"    ([│├└─ ]*)([A-Z]\w+)", line):
            depth, name = len(match[1]) // 4, match[2]
            above[depth] = name
            if depth:
                parents[name] = above[depth - 1]
    return parents


def test_the_drawing_is_the_tree():
    assert drawn() == {
        name: cls.__base__.__name__ for name, cls in TREE.items() if cls is not GenwrightError
    }


def test_every_branch_has_its_exit_code_and_status():
    codes = {cls.exit_code for cls in TREE.values()}
    assert codes == {1, 2, 3, 4, 5}
    for name, cls in TREE.items():
        assert cls.__doc__
        line = next(line for line in errors.__doc__.splitlines() if re.search(rf"\b{name}\b", line))
        if "exit" in line:
            assert f"exit {cls.exit_code}, HTTP {cls.http_status}" in line


def test_an_optional_package_is_missed_with_the_command_that_installs_it():
    assert need("json", "train", "Reading").loads("1") == 1
    with pytest.raises(MissingDependency, match=r'pip install "genwright\[train\]"'):
        need("no_such_module.inner", "train", "Fine-tuning")
