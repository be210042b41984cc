"""One sandbox for all tests that need no limits of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from genwright.documents import Reader
from genwright.settings import DocumentSettings


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    with Reader(DocumentSettings()) as each:
        yield each


@pytest.fixture(scope="session")
def files(test_data: Path) -> Path:
    """The sets of real documents."""
    folder = test_data / "03-documents"
    if not folder.is_dir():
        pytest.skip(f"no {folder}: the document sets are not there")
    return folder
