"""The vector index follows the store, finds what an exact comparison finds, and heals."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from tests.fixtures.rows import add_document

from genwright.retrieval import EVERYWHERE, Scope, VectorSearch
from genwright.retrieval.index import build_index
from genwright.retrieval.vector import ABANDONED_SECONDS, SAVE_AFTER
from genwright.settings import RetrievalSettings
from genwright.storage import Database, Document, Passage, Vector
from genwright.types import OWNER, Principal

DIM = 16
SETTINGS = RetrievalSettings()


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def clustered(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """Vectors around 50 centres, as texts about 50 subjects have."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((50, dim))
    return unit(centres[draw.integers(0, 50, count)] + 0.5 * draw.standard_normal((count, dim)))


class Made:
    """Embeds by drawing: every text another vector, the same each time it is asked."""

    fingerprint = "made"

    def embed(self, texts: list[str]) -> np.ndarray:
        draws = (np.random.default_rng(list(text.encode())) for text in texts)
        return unit(np.array([draw.standard_normal(DIM) for draw in draws]))

    embed_queries = embed


def add(database: Database, source: str, count: int, who: Principal = OWNER, **more: str) -> int:
    with database.write(who) as session:
        texts = [f"{source} {number}" for number in range(count)]
        return add_document(session, source, texts, embedder=Made(), **more).id


def remove(database: Database, document: int) -> None:
    with database.write(OWNER) as session:
        session.execute(delete(Document).where(Document.id == document))


def search(folder: Path, settings: RetrievalSettings = SETTINGS) -> VectorSearch:
    return VectorSearch(folder, "made", DIM, settings)


def is_exact(vectors: VectorSearch, database: Database, who: Principal = OWNER) -> bool:
    """Whether a few searches find what comparing the rows themselves does."""
    with database.read(who) as session:
        rows = session.execute(
            select(Vector.passage_id, Vector.data)
            .join(Passage, Vector.passage_id == Passage.id)
            .join(Document, Passage.document_id == Document.id)
            .where((Document.owner == who.name) | (who == OWNER))
        ).all()
        ids = [passage for passage, _ in rows]
        matrix = np.array([np.frombuffer(data, "<f4") for _, data in rows]).reshape(-1, DIM)
        for query in unit(np.random.default_rng(5).standard_normal((5, DIM))):
            found = vectors.search(session, query, EVERYWHERE, 5)
            best = np.sort(matrix @ query)[::-1][:5]
            # Half precision may let two of nearly the same cosine change places.
            if len(found) != len(best) or not {passage for passage, _ in found} <= set(ids):
                return False
            if not np.allclose([score for _, score in found], best, atol=2e-3):
                return False
    return True


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    database = Database(tmp_path_factory.mktemp("small") / "genwright.db")
    add(database, "first", 30)
    database.close()
    return database.path


@pytest.fixture
def database(small, tmp_path):
    (tmp_path / "genwright.db").write_bytes(small.read_bytes())
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


@pytest.fixture
def vectors(tmp_path):
    return search(tmp_path / "indexes")


def files(vectors: VectorSearch) -> list[Path]:
    return sorted(vectors.folder.iterdir())


STEPS = st.lists(
    st.sampled_from(["add", "remove first", "remove last", "reopen", "save"]), max_size=8
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(STEPS)
def test_whatever_comes_and_goes_the_index_is_never_behind(small, tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("steps")
    (folder / "genwright.db").write_bytes(small.read_bytes())
    database, vectors = Database(folder / "genwright.db"), search(folder)
    for number, step in enumerate(steps):
        if step == "add":
            add(database, f"more {number}", 3)
        elif step == "reopen":
            vectors = search(folder)
        elif step == "save":
            vectors.save()
        else:
            order = Document.id if step == "remove first" else Document.id.desc()
            with database.read(OWNER) as session:
                document = session.scalar(select(Document.id).order_by(order).limit(1))
            if document is not None:
                remove(database, document)
        assert is_exact(vectors, database)
    database.close()


def test_an_index_sees_what_another_process_wrote(database, vectors):
    assert is_exact(vectors, database)
    other = Database(database.path)
    remove(other, add(other, "second", 4))
    add(other, "third", 4)
    other.close()
    assert is_exact(vectors, database)


def test_two_indexes_over_one_folder_do_not_disturb_each_other(database, vectors):
    other = search(vectors.folder.parent)
    assert is_exact(vectors, database)
    add(database, "second", 4)
    assert is_exact(other, database)
    other.save()
    assert is_exact(vectors, database)
    vectors.save()
    assert is_exact(search(vectors.folder.parent), database)


def test_a_search_that_began_before_a_write_loses_nothing_for_the_next(database, vectors):
    with database.read(OWNER) as early:
        early.scalar(select(func.count()).select_from(Document))
        add(database, "second", 4)
        assert is_exact(vectors, database)
        vectors.rebuild(early)  # sees less than the index had read
    assert is_exact(vectors, database)


def test_a_new_process_reads_the_file_and_takes_what_came_since_from_the_rows(database, vectors):
    assert is_exact(vectors, database)
    [before] = files(vectors)
    add(database, "second", 3)
    again = search(vectors.folder.parent)
    assert is_exact(again, database)
    assert files(again) == [before]  # too little has changed to write it again


def damage_end(data: bytes) -> bytes:
    return data[: len(data) // 2]


def damage_sizes(data: bytes) -> bytes:
    return data[:8] + b"\xff" * 40 + data[48:]


def damage_a_bit(data: bytes) -> bytes:
    place = len(data) - 40
    return data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :]


def damage_all(data: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [damage_end, damage_sizes, damage_a_bit, damage_all])
def test_a_damaged_file_is_made_anew(database, vectors, damage):
    assert is_exact(vectors, database)
    [file] = files(vectors)
    file.write_bytes(damage(file.read_bytes()))
    again = search(vectors.folder.parent)
    assert is_exact(again, database)
    assert is_exact(search(vectors.folder.parent), database)
    assert len(files(again)) == 1


def test_a_missing_file_and_one_of_another_name_are_no_trouble(database, vectors):
    assert is_exact(vectors, database)
    [file] = files(vectors)
    file.rename(file.with_name("an old index.faiss"))
    again = search(vectors.folder.parent)
    assert is_exact(again, database)
    assert len(files(again)) == 1


def test_an_index_that_knows_more_than_the_store_is_not_believed(database, vectors, small):
    add(database, "second", 4)
    assert is_exact(vectors, database)
    vectors.save()
    database.close()

    # The store is put back from a backup, and goes on with the same ids for other passages.
    for file in database.path.parent.glob("genwright.db*"):
        file.unlink()
    database.path.write_bytes(small.read_bytes())
    add(database, "other", 2)
    assert is_exact(search(vectors.folder.parent), database)


def test_what_a_crash_left_is_cleared_once_it_is_old(database, vectors):
    assert is_exact(vectors, database)
    old, new = vectors.folder / "old.part", vectors.folder / "new.part"
    for part in (old, new):
        part.write_bytes(b"half")
    long_ago = time.time() - 2 * ABANDONED_SECONDS
    os.utime(old, (long_ago, long_ago))
    add(database, "second", 1)
    assert is_exact(vectors, database)
    vectors.save()
    assert not old.exists()
    assert new.exists()  # somebody may be writing it


def test_many_changes_are_saved_by_the_search_that_reads_them(database, vectors):
    assert is_exact(vectors, database)
    [before] = files(vectors)
    add(database, "second", SAVE_AFTER)
    assert is_exact(vectors, database)
    assert files(vectors) != [before]
    assert len(files(vectors)) == 1


def test_one_embedders_vectors_are_not_anothers(database, tmp_path):
    other = VectorSearch(tmp_path / "indexes", "another/one: v2", 8, SETTINGS)
    with database.read(OWNER) as session:
        assert other.search(session, unit(np.ones(8)), EVERYWHERE, 5) == []
    assert other.folder.parent == tmp_path / "indexes"  # a slash in a name makes no folder


def test_rights_and_scope_are_kept_while_vectors_are_compared(database, vectors):
    mine = add(database, "ann's", 3, Principal("ann"))
    add(database, "sky", 3, collection="sky")
    assert is_exact(vectors, database, Principal("ann"))
    query = unit(np.ones(DIM))
    with database.read(OWNER) as session:
        sky = vectors.search(session, query, Scope(collections=("sky",)), 10)
        without = vectors.search(session, query, Scope(without=(mine,)), 100)
        homes = dict(session.execute(select(Passage.id, Passage.document_id)).all())
    assert len(sky) == 3
    assert len(without) == 33
    assert mine not in {homes[passage] for passage, _ in without}


# The approximate kind.

COUNT, WIDE = 12_000, 48


@pytest.fixture(scope="module")
def approximate():
    rows = clustered(COUNT, WIDE)
    return build_index(np.arange(1, COUNT + 1), rows, WIDE, exact_limit=1000, recall=0.97), rows


def test_an_approximate_index_has_the_recall_it_says(approximate):
    index, rows = approximate
    assert not index.is_exact
    assert index.recall >= 0.95
    queries = clustered(COUNT + 200, WIDE)[COUNT:]  # near the same centres, and not in it
    hits = [
        len({id_ for id_, _ in index.search(query, 10)} & _truth(rows, query)) for query in queries
    ]
    assert np.mean(hits) / 10 >= 0.95


def _truth(rows: np.ndarray, query: np.ndarray) -> set[int]:
    return {int(place) + 1 for place in np.argsort(-(rows @ query))[:10]}


def test_a_narrow_scope_far_from_the_query_is_searched_whole(approximate):
    index, rows = approximate
    query = rows[0]
    far = np.sort(np.argsort(rows @ query)[:500] + 1).astype(np.int64)
    found = [id_ for id_, _ in index.search(query, 10, among=far)]
    best = far[np.argsort(-(rows[far - 1] @ query))[:10]]
    assert len(set(found) & set(best.tolist())) >= 9  # rounding


def test_what_is_added_to_and_removed_from_an_approximate_index_counts():
    rows = clustered(3000, DIM)
    index = build_index(np.arange(2000), rows[:2000], DIM, exact_limit=100, recall=0.97)
    index.add(np.arange(2000, 3000), rows[2000:])
    assert index.search(rows[2500], 1)[0][0] == 2500
    index.remove(np.array([2500, 77_777]))
    assert len(index) == 2999
    assert index.search(rows[2500], 1)[0][0] != 2500


@pytest.mark.parametrize("count", [1, 5, 39, 100])
def test_few_vectors_can_be_approximate_too(count):
    rows = clustered(count, DIM)
    index = build_index(np.arange(count), rows, DIM, exact_limit=0, recall=1.0)
    assert index.search(rows[-1], 3)[0][0] == count - 1


def test_an_index_grows_from_exact_to_approximate_and_is_built_again_when_it_doubles():
    rows = clustered(2000, DIM)
    small = build_index(np.arange(50), rows[:50], DIM, exact_limit=100, recall=0.97)
    assert not small.is_outgrown(exact_limit=100)
    small.add(np.arange(50, 101), rows[50:101])
    assert small.is_outgrown(exact_limit=100)

    large = build_index(np.arange(900), rows[:900], DIM, exact_limit=100, recall=0.97)
    assert not large.is_outgrown(exact_limit=100)
    large.add(np.arange(900, 1900), rows[900:1900])
    assert large.is_outgrown(exact_limit=100)


def test_a_store_with_a_small_limit_is_searched_approximately(tmp_path, database):
    limits = RetrievalSettings(exact_limit=100)
    vectors = search(tmp_path / "indexes", limits)
    assert is_exact(vectors, database)
    add(database, "second", 200)
    with database.read(OWNER) as session:
        assert not vectors.catch_up(session).is_exact
        again = search(tmp_path / "indexes", limits)
        assert not again.catch_up(session).is_exact
        assert again.catch_up(session).recall >= 0.95


def test_nothing_among_nothing(approximate):
    index, rows = approximate
    assert index.search(rows[0], 5, among=np.array([], dtype=np.int64)) == []
    assert index.search(rows[0], 0) == []
