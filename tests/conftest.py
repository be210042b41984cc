"""What every test may ask for: the real data sets and the folder of pulled models."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

pytest_plugins = ["tests.fixtures.library", "tests.fixtures.tuning"]
collect_ignore = ["fixtures"]  # no tests, and one loader that is for a sandbox alone

os.environ.setdefault("HF_HUB_OFFLINE", "1")

settings.register_profile("genwright", deadline=None, max_examples=50)  # how fast is another matter
settings.load_profile("genwright")


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
