"""What a list of runs shows: a limit counts only the runs that fit and that the reader may see."""

import os

import pytest

from genwright.errors import NotFound
from genwright.runs import Runs
from genwright.storage import Database
from genwright.types import OWNER, Principal

ANN, BEN = Principal("ann", role="reader"), Principal("ben")


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "genwright.db")
    yield made
    made.close()


def begin(database, principal, kind, name="", count=1, **changes):
    runs = Runs(database, principal)
    made = [runs.begin(kind, name, {}, {}) for _ in range(count)]
    for run in made if changes else ():
        runs.update(run, **changes)
    return made


def test_newer_runs_of_other_kinds_do_not_hide_one(database):
    [improvement] = begin(database, OWNER, "improve", "faq")
    begin(database, BEN, "eval.qa", count=60, status="done")
    found = Runs(database, OWNER).list_newest(["improve"], 50)
    assert [row.id for row in found] == [improvement]


def test_a_readers_list_is_not_shortened_by_the_runs_of_others(database):
    mine = begin(database, ANN, "eval.qa", count=3)
    begin(database, BEN, "eval.qa", count=10)
    assert [row.id for row in Runs(database, ANN).list_newest(limit=3)] == mine[::-1]
    assert [row.id for row in Runs(database, ANN).list_newest(["eval"], 2)] == mine[:0:-1]
    everybody = Runs(database, OWNER).list_newest(limit=13)
    assert {row.owner for row in everybody} == {"ann", "ben"}


def test_nobody_reads_the_run_of_somebody_else(database):
    [run] = begin(database, BEN, "tune")
    assert Runs(database, BEN).get(run).id == Runs(database, OWNER).get(run).id == run
    with pytest.raises(NotFound, match=f"no run {run}"):
        Runs(database, ANN).get(run)


def test_kinds_are_how_kinds_begin_and_no_pattern(database):
    begin(database, OWNER, "eval.qa")
    begin(database, OWNER, "tune")
    runs = Runs(database, OWNER)
    assert [row.kind for row in runs.list_newest(["eval", "tune"])] == ["tune", "eval.qa"]
    assert [row.kind for row in runs.list_newest(["eval."])] == ["eval.qa"]
    for pattern in ("%", "_une", "une"):
        assert runs.list_newest([pattern]) == []


def test_name_and_end_count_before_the_limit(database):
    [run] = begin(database, OWNER, "improve", "faq", status="done")
    begin(database, OWNER, "improve", "other", count=5, status="done")
    begin(database, OWNER, "improve", "faq", count=5, status="failed")
    found = Runs(database, OWNER).list_newest(["improve"], 1, name="faq", only_done=True)
    assert [row.id for row in found] == [run]


def test_running_are_all_those_that_a_process_is_at_work_on(database):
    [alive] = begin(database, OWNER, "improve", "faq")
    begin(database, OWNER, "improve", "faq", process=2**22 + os.getpid())  # no such process
    begin(database, OWNER, "improve", "faq", count=60, status="done")
    begin(database, OWNER, "tune", count=60)
    assert [row.id for row in Runs(database, OWNER).list_running(["improve"])] == [alive]


def test_a_run_has_numbered_steps_or_none(database):
    runs = Runs(database, OWNER)
    tuned, trained = (runs.begin(kind, "", {}, {}) for kind in ("tune", "pretrain"))
    runs.update(tuned, results={"steps": [{"number": 1, "step": "base"}]})
    runs.update(trained, results={"steps": 12, "version": "story@1"})
    assert [each["step"] for each in runs.get(tuned).steps] == ["base"]
    assert runs.get(trained).steps == []
