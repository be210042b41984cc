"""What every test may ask for: the real data sets and the folder of pulled models."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

pytest_plugins = ["tests.fixtures.library", "tests.fixtures.tuning"]
collect_ignore = ["fixtures"]  # no tests, and one loader that is for a sandbox alone

os.environ.setdefault("HF_HUB_OFFLINE", "1")

FOLDER_MARKS = {
    "browser": "browser",
    "contracts": "contract",
    "export": "train",
    "journeys": "journey",
    "training": "train",
    "tuning": "train",
}

settings.register_profile("genwright", deadline=None, max_examples=50)  # how fast is another matter
settings.load_profile("genwright")


@pytest.hookimpl(tryfirst=True)  # before -m is looked at
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and leave the nightly ones out unless ``-m`` names them."""
    for item in items:
        parts = item.path.relative_to(ROOT).parts
        if parts[0] == "tests" and (mark := FOLDER_MARKS.get(parts[1])):
            item.add_marker(mark)
    if "nightly" not in config.option.markexpr:
        left = [item for item in items if item.get_closest_marker("nightly")]
        items[:] = [item for item in items if not item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=left)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data sets; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("GENWRIGHT_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: set GENWRIGHT_TEST_DATA to a folder that has them")
    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder that `make models` pulled the two embedded models into."""
    folder = Path(os.environ.get("GENWRIGHT_MODELS_DIR", ROOT / ".models"))
    if not folder.is_dir():
        pytest.skip(f"no models at {folder}: run `make models`")
    return folder
