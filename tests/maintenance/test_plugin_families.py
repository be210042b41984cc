"""The list of families says what the families themselves say, without importing them."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import genwright
from genwright.maintenance.plugin_families import PluginFamily, list_families
from genwright.plugins import Plugins

FAMILIES = list_families()
SOURCE = Path(genwright.__file__).parent


def find_registry(family: PluginFamily) -> Plugins[object]:
    try:
        module = import_module(f"{family.package}.base")
    except ModuleNotFoundError:  # the base of a family may stand above its folder
        module = import_module(f"{family.package.rpartition('.')[0]}.base")
    [found] = [each for each in vars(module).values() if isinstance(each, Plugins)]
    return found


def test_every_family_of_the_source_is_listed():
    declared = {
        name
        for file in SOURCE.rglob("*.py")
        for name in re.findall(r'^\w.* = Plugins\("([\w.]+)"', file.read_text("utf-8"), re.M)
    }
    assert {each.package for each in FAMILIES} == declared
    assert len(declared) >= 8


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.package)
def test_what_is_listed_is_what_is_registered(family: PluginFamily):
    if family.package.startswith("genwright.tuning"):
        pytest.importorskip("torch", reason="needs the train extra")
    registry = find_registry(family)
    listed = [each.name for each in family.implementations]
    assert listed == registry.names()
    for each in family.implementations:
        found = registry.get(each.name)
        assert (found.__module__, each.problem) == (each.module, "")
        assert each.summary and (found.__doc__ or "").startswith(each.summary)


def test_listing_imports_no_implementation():
    script = (
        "import sys; from genwright.maintenance.plugin_families import list_families\n"
        "list_families(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert not modules.intersection({"torch", "numpy", "pydantic", "sqlalchemy"})
    assert "genwright.documents" not in modules
