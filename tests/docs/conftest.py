"""Programs under docs/build, loaded from their files: they are no part of the package."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

BUILD = Path(__file__).parent.parent.parent / "docs" / "build"


@pytest.fixture(scope="session")
def build():
    """A function that gives a program of docs/build as a module."""

    def load(name: str) -> ModuleType:
        spec = spec_from_file_location(f"docs_build_{name}", BUILD / f"{name}.py")
        assert spec and spec.loader
        module = sys.modules[spec.name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
