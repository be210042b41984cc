"""Laws of the walk over the steps of a run: done once, gone on with, and ended alike."""

from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.errors import NotFound, Refused, RunStopped, UsageError
from genwright.runs import Runs
from genwright.runs.steps import KeyedSteps, NumberedSteps, StepWalk
from genwright.storage import Database
from genwright.types import OWNER

STEPS = ("a", "b", "c", "d")
AGAIN = "genwright tune --resume 1"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    database = Database(tmp_path_factory.mktemp("runs") / "genwright.db")
    yield Runs(database, OWNER)
    database.close()


def begin(runs, **results):
    run = runs.begin("tune", "numbers", {}, {})
    runs.update(run, results=results, status="stopped", process=None)
    return run


@pytest.mark.parametrize("layout", [KeyedSteps(), KeyedSteps("stages"), NumberedSteps(STEPS)])
@given(ends=st.lists(st.sampled_from(STEPS), max_size=4))
def test_each_step_is_done_once_however_often_it_is_interrupted(runs, layout, ends):
    run, done = begin(runs), []

    def walk_to(end):
        with StepWalk(runs, run, AGAIN, layout).running() as walk:
            for step in STEPS:
                if step == end:
                    raise KeyboardInterrupt
                walk.once(step, lambda step=step: done.append(step) or {"came to": step})
            walk.finish("all done")

    for end in ends:
        with pytest.raises(KeyboardInterrupt):
            walk_to(end)
        assert runs.get(run).status == "stopped"
        assert set(layout.read(runs.get(run).results)) == set(done)
    walk_to("")
    assert done == list(STEPS)
    row = runs.get(run)
    assert (row.status, row.message) == ("done", "all done")
    assert layout.read(row.results) == {step: {"came to": step} for step in STEPS}


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (TypeError("'int' object is not iterable"), "failed", "TypeError: 'int' object"),
        (KeyError("rows"), "failed", "KeyError: 'rows'"),
        (Refused("No weights: pull some."), "failed", "No weights: pull some."),
        (RunStopped("At step 5."), "stopped", "At step 5."),
        (KeyboardInterrupt(), "stopped", f"KeyboardInterrupt: {AGAIN}"),
        (SystemExit(1), "stopped", f"SystemExit: {AGAIN}"),
    ],
)
def test_how_a_run_ends_tells_what_ended_it(runs, error, status, message):
    run = begin(runs)
    with pytest.raises(type(error)) as raised, StepWalk(runs, run, AGAIN).running() as walk:
        walk.once("a", dict)
        raise error
    row = runs.get(run)
    assert raised.value is error
    assert row.status == status
    assert row.message.startswith(message)
    assert row.results == {"state": {"a": {}}}  # what was done stays


def test_without_memory_it_says_what_takes_less(runs):
    run = begin(runs)
    walk = StepWalk(runs, run, AGAIN, saving="lower batch_size")
    with pytest.raises(UsageError, match="out of memory: lower batch_size"), walk.running():
        raise MemoryError
    row = runs.get(run)
    assert row.status == "failed"
    assert "lower batch_size" in row.message and AGAIN in row.message


def test_a_stop_event_ends_it_before_its_next_step_and_excuses_what_it_broke(runs):
    stop = Event()
    run = begin(runs)
    with (
        pytest.raises(RunStopped, match=AGAIN),
        StepWalk(runs, run, AGAIN, stop=stop).running() as walk,
    ):
        walk.once("a", lambda: stop.set() or {"finished": True})
        walk.once("b", dict)
    assert runs.get(run).status == "stopped"
    assert runs.get(run).results == {"state": {"a": {"finished": True}}}
    with pytest.raises(RunStopped, match=AGAIN), StepWalk(runs, run, AGAIN, stop=stop).running():
        raise Refused("The engine has died.")
    assert runs.get(run).status == "stopped"
    with pytest.raises(TypeError), StepWalk(runs, run, AGAIN, stop=stop).running():
        raise TypeError("a bug stays one")
    assert runs.get(run).status == "failed"


def test_a_run_that_is_done_stays_so(runs):
    run = begin(runs)
    with pytest.raises(KeyboardInterrupt), StepWalk(runs, run, AGAIN).running() as walk:
        walk.finish("numbers@1", {"outcome": "promoted"})
        raise KeyboardInterrupt
    row = runs.get(run)
    assert (row.status, row.message) == ("done", "numbers@1")
    assert row.results == {"outcome": "promoted"}


def test_steps_that_were_stored_before_are_not_done_again(runs):
    numbered = [{"number": 1, "step": "a", "rows": 3}, {"number": 3, "step": "c"}]
    run = begin(runs, steps=numbered, kept="beside")
    with StepWalk(runs, run, AGAIN, NumberedSteps(STEPS)).running() as walk:
        assert walk.once("a", lambda: pytest.fail("done twice")) == {"rows": 3}
        walk.once("d", lambda: {"rows": 4})
    row = runs.get(run)
    assert row.steps == [*numbered, {"number": 4, "step": "d", "rows": 4}]
    assert row.results["kept"] == "beside"


def test_it_tells_where_it_is_and_adds_up_its_seconds(runs):
    told = []
    run = begin(runs)
    runs.update(run, seconds=100.0)

    def look():
        assert runs.get(run).message == "a"
        assert runs.get(run).status == "running"
        return {}

    walk = StepWalk(runs, run, AGAIN, progress=lambda *what: told.append(what))
    with walk.running():
        walk.once("a", look)
        assert runs.get(run).message == "a done"
    assert told == [(0, 0, "a")]
    assert 100 <= runs.get(run).seconds < 130


def test_an_inner_run_is_begun_once(runs):
    run, begun = begin(runs), []

    def begin_one():
        begun.append(runs.begin("tune", "inner", {}, {}))
        return begun[-1]

    for _ in range(2):
        with pytest.raises(TypeError), StepWalk(runs, run, AGAIN).running() as walk:
            inner = walk.begin_inner(walk.state.setdefault("sft", {}), begin_one)
            assert inner == runs.get(run).results["state"]["sft"]["run"] == begun[0]
            raise TypeError
    assert len(begun) == 1


def test_there_is_no_walk_without_a_run(runs):
    with pytest.raises(NotFound, match="no run 999"):
        StepWalk(runs, 999, AGAIN)
