"""A run that goes on in a process of its own, by the arguments that its kind says."""

import pytest
from tests.fixtures.waiting import wait_until

from genwright.errors import Refused
from genwright.runs import Runs
from genwright.runs.launch import launch, stop_run
from genwright.types import OWNER
from genwright.workspace import create_workspace, open_workspace


@pytest.fixture
def workspace(tmp_path):
    made = open_workspace(create_workspace(tmp_path / "workspace"))
    yield made
    made.close()


def test_a_launched_run_goes_on_in_a_process_of_its_own(workspace):
    runs = Runs(workspace.database, OWNER)
    run = runs.begin("tune", "numbers", {}, {})
    process = launch(workspace, OWNER, run, ("runs", "show"))
    assert process > 0
    assert runs.get(run).message == "starting"
    log = workspace.runs_dir / str(run) / "log.txt"
    wait_until(lambda: log.read_text().strip().endswith("}"))
    assert f'"run": {run}' in log.read_text()


def test_a_run_that_nothing_is_at_work_on_cannot_be_stopped(workspace):
    runs = Runs(workspace.database, OWNER)
    run = runs.begin("tune", "numbers", {}, {})
    runs.update(run, status="done", process=None)
    with pytest.raises(Refused, match="not at work"):
        stop_run(workspace.database, OWNER, run)
