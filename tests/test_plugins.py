"""Implementations by name: from the folder, and from other distributions."""

import subprocess
import sys
from importlib import import_module

import pytest

from genwright.errors import UnknownName
from genwright.plugins import Plugins, find_names
from genwright.retrieval.rerankers import rerankers

POINTS = "[genwright.retrieval.rerankers]\nmine = a_strangers_reranker\n"
MODULE = """
from genwright.retrieval.rerankers.base import rerankers

@rerankers.register("mine")
class Mine:
    def rerank(self, query, texts):
        return [1.0] * len(texts)
"""
FAMILIES = [
    "genwright.documents.loaders:loaders",
    "genwright.documents.splitters:splitters",
    "genwright.embeddings:embedders",
    "genwright.engines:engines",
    "genwright.retrieval.rerankers:rerankers",
    "genwright.tuning.methods:methods",
    "genwright.tuning.objectives:objectives",
]


@pytest.fixture
def shapes() -> Plugins[object]:
    return Plugins("genwright.retrieval.rerankers")


def test_a_name_is_given_once(shapes):
    first = shapes.register("round")(type("Round", (), {}))
    assert shapes.register("round")(first) is first
    with pytest.raises(ValueError, match="already has a 'round'"):
        shapes.register("round")(type("Other", (), {}))


def test_a_misspelt_name_is_answered_with_the_nearest_and_all():
    with pytest.raises(UnknownName) as caught:
        rerankers.get("lamacpp")
    assert "Did you mean 'llamacpp'? Known: llamacpp, none." in str(caught.value)


@pytest.mark.parametrize("name", ["", "base", "../none", "none.none", "os", "__init__", "a b"])
def test_a_name_that_is_no_implementation_is_unknown(name):
    with pytest.raises(UnknownName):
        rerankers.get(name)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_of_every_family_gives_a_class_with_a_docstring(family):
    module, name = family.split(":")
    found: Plugins[object] = getattr(
        sys.modules.get(module) or __import__(module, fromlist="x"), name
    )
    assert found.package == module
    assert found.names() == sorted(found.names())
    for each in found.names():
        assert found.get(each).__doc__


def test_one_name_loads_one_file():
    script = (
        "import sys\n"
        "from genwright.documents.loaders import loaders\n"
        "loaders.get('csv')\n"
        "print([m for m in sys.modules if m.startswith('genwright.documents.loaders.')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "loaders.csv" in done.stdout
    assert "loaders.pdf" not in done.stdout


def test_an_implementation_may_be_a_folder():
    script = (
        "import sys; from genwright.engines import engines\n"
        "assert engines.get('llamacpp').__module__ == 'genwright.engines.llamacpp.engine'\n"
        "assert {'llamacpp', 'transformers'} <= set(engines.names())\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_another_distribution_adds_an_implementation(tmp_path):
    about = tmp_path / "stranger-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (about / "entry_points.txt").write_text(POINTS)
    (tmp_path / "a_strangers_reranker.py").write_text(MODULE)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from genwright.retrieval.rerankers import rerankers\n"
        "print(rerankers.get('mine')().rerank('q', ['t']), rerankers.names())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[1.0] ['llamacpp', 'mine', 'none']"


@pytest.mark.parametrize("family", FAMILIES)
def test_names_are_found_without_importing_what_they_name(family):
    package, name = family.split(":")
    assert find_names(package) == getattr(import_module(package), name).names()
    code = (
        f"import sys; from genwright.plugins import find_names; names = find_names({package!r});"
        f"print([each for each in names if f'{package}.{{each}}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
