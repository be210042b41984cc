"""A store with passages that nobody needs a model to tell apart."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.rows import MOONS, PUMPS, add_document

from genwright.embeddings.hashing import HashingEmbedder
from genwright.storage import Database
from genwright.types import OWNER, Principal


@pytest.fixture(scope="session")
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, embedder: HashingEmbedder) -> Path:
    """Two documents of the owner's in two collections, and one of ann's."""
    database = Database(tmp_path_factory.mktemp("filled") / "genwright.db")
    with database.write(OWNER) as session:
        details = {"author": "Ada", "year": 2020, "a b.c": "odd"}
        add_document(session, "/docs/pumps.md", PUMPS, embedder=embedder, details=details)
        add_document(
            session, "/docs/moons.md", MOONS, collection="sky", embedder=embedder, format="markdown"
        )
    with database.write(Principal("ann")) as session:
        add_document(session, "/home/ann/diary.md", ["Dear diary, the oil."], embedder=embedder)
    database.close()  # which empties the write-ahead log into the file
    return database.path


@pytest.fixture
def database(filled: Path, tmp_path: Path) -> Iterator[Database]:
    """A copy of it for each test."""
    database = Database(Path(shutil.copy(filled, tmp_path)))
    yield database
    database.close()
