"""A test stands where its subject does: tests/P/test_M.py tests M, a module or package of P."""

from pathlib import Path

from tests.conftest import ROOT

SOURCE, TESTS = ROOT / "src" / "genwright", ROOT / "tests"
OTHERS = {"browser", "contracts", "docs", "journeys"}
"""Folders that test the whole by another door."""
LAWS = {"test_benchmarks.py", "test_house.py", "test_injection.py", "test_mirror.py"}


def has_subject(test: Path) -> bool:
    """Whether the source has what a file is named after; a package's own name means all of it."""
    folder, name = SOURCE / test.parent, test.stem.removeprefix("test_")
    is_there = (folder / f"{name}.py").is_file() or (folder / name).is_dir()
    return folder.is_dir() and (is_there or name == folder.name)


def test_every_file_is_named_after_a_module_or_package_of_the_source():
    files = [path.relative_to(TESTS) for path in sorted(TESTS.rglob("test_*.py"))]
    assert len(files) > 100
    assert [str(each) for each in files
            if each.parts[0] not in OTHERS | LAWS and not has_subject(each)] == []  # fmt: skip
