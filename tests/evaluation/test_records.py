"""Evaluations are kept as rows."""

from genwright.evaluation import save_run
from genwright.storage import Database, Run
from genwright.types import OWNER, Principal


def test_a_run_is_read_back_as_it_was_saved(tmp_path):
    database = Database(tmp_path / "genwright.db")
    what = {
        "kind": "eval.retrieval",
        "config": {"k": 8},
        "data": {"sha256": "0" * 64},
        "results": {"ndcg@10": {"value": 0.7, "low": None, "high": None}},
        "seconds": 1.5,
    }
    first = save_run(database, OWNER, **what)
    second = save_run(database, Principal("ann"), **what)

    assert second > first
    with database.read(OWNER) as session:
        run = session.get(Run, second)
        assert {key: getattr(run, key) for key in what} == what
        assert run.owner == "ann"
        assert run.created_at is not None
    database.close()
