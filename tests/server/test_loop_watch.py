"""What a server does for the loop by itself: improvements begin when due, one at a time."""

import pytest

from genwright.improve.loop import KIND
from genwright.runs import Runs
from genwright.server.loop_watch import look_after
from genwright.server.service import Service
from genwright.types import OWNER, Principal
from genwright.workspace import create_workspace, open_workspace


@pytest.fixture
def service(tmp_path):
    settings = {"embedding": {"model": "hashing"}, "improve": {"every_hours": 1.0}}
    workspace = open_workspace(create_workspace(tmp_path / "workspace"), settings)
    made = Service(workspace)
    made.assistants.list_assistants(OWNER)
    yield made
    made.close()
    workspace.close()


def begin_others(service, kind, count=60):
    runs = Runs(service.workspace.database, Principal("ben"))
    for _ in range(count):
        runs.update(runs.begin(kind, "else", {}, {}), status="done", process=None)


@pytest.mark.parametrize("kind", ["eval.qa", KIND])
def test_a_running_improvement_is_seen_behind_sixty_newer_runs(service, kind):
    runs = Runs(service.workspace.database, OWNER)
    run = runs.begin(KIND, "assistant", {}, {})
    begin_others(service, kind)
    look_after(service)
    assert [row.id for row in runs.list_newest([KIND], name="assistant")] == [run]
    assert [row.id for row in runs.list_running([KIND])] == [run]


def test_the_age_of_an_improvement_is_seen_behind_sixty_newer_runs(service):
    runs = Runs(service.workspace.database, OWNER)
    run = runs.begin(KIND, "assistant", {}, {})
    runs.update(run, status="done", process=None)
    begin_others(service, KIND)
    look_after(service)
    assert [row.id for row in runs.list_newest([KIND], name="assistant")] == [run]
