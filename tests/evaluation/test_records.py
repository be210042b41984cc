"""Evaluations are kept as rows."""

import pytest

from genwright.errors import EngineFailed
from genwright.evaluation import list_runs, save_run
from genwright.evaluation.records import keep_evaluation
from genwright.runs import Runs
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


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (TypeError("a number was expected"), "failed", "TypeError: a number was expected"),
        (EngineFailed("It died: start it again."), "failed", "It died: start it again."),
        (KeyboardInterrupt(), "stopped", "KeyboardInterrupt: evaluate again"),
    ],
)
def test_an_evaluation_ends_like_every_run(tmp_path, error, status, message):
    database = Database(tmp_path / "genwright.db")
    runs = Runs(database, OWNER)
    with keep_evaluation(database, OWNER, "eval.qa", {"k": 8}, {"sha256": "0"}) as walk:
        assert runs.get(walk.run).status == "running"
        walk.finish(results={"f1": {"value": 0.5}})
    done = walk.run
    with pytest.raises(type(error)), keep_evaluation(database, OWNER, "eval.qa") as walk:
        raise error
    row = runs.get(walk.run)
    assert (row.status, row.message, row.results) == (status, message, {})
    [listed] = list_runs(database, OWNER, "eval.")  # a comparison needs measures
    assert listed["run"] == done
    assert listed["results"] == {"f1": {"value": 0.5}}
    assert (listed["config"], listed["data"]) == ({"k": 8}, {"sha256": "0"})
    database.close()
