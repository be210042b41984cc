"""Traces: written whole, read back as trees by whom they belong to."""

import os
import subprocess
import sys
import threading

import pytest
from opentelemetry.sdk.trace import TracerProvider
from sqlalchemy import func, select

from genwright.errors import NotFound
from genwright.monitoring import Tracing, read_trace
from genwright.monitoring.tracing import read_trace_id
from genwright.storage import Database, Span
from genwright.types import OWNER, Principal


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


@pytest.fixture
def tracing(database):
    return Tracing(database, OWNER)


def count(database: Database) -> int:
    with database.read(OWNER) as session:
        return session.scalar(select(func.count()).select_from(Span))


def test_a_trace_is_read_back_as_the_tree_it_was(database, tracing):
    with tracing.start_span("invoke_agent genwright"):
        with tracing.start_span("retrieval"):
            with tracing.start_span("embeddings all-minilm-l6-v2"):
                pass
        with tracing.start_span("chat smollm2"):
            pass

    root = read_trace(database, OWNER, "last")
    assert root.name == "invoke_agent genwright"
    assert [step.name for step in root.steps] == ["retrieval", "chat smollm2"]
    assert [step.name for step in root.steps[0].steps] == ["embeddings all-minilm-l6-v2"]
    assert root.seconds >= sum(step.seconds for step in root.steps) >= 0
    assert {step.trace_id for step in root.steps} == {root.trace_id}


def test_names_and_attributes_are_kept_as_the_conventions_write_them(database, tracing):
    known = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "genwright"}
    with tracing.start_span("chat smollm2", known) as span:
        span.set_attribute("gen_ai.usage.input_tokens", 12)
        span.set_attribute("gen_ai.request.temperature", 0.5)
        span.set_attribute("gen_ai.response.finish_reasons", ["stop"])

    assert read_trace(database, OWNER, "last").json()["attributes"] == {
        **known,
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.finish_reasons": ["stop"],
    }


def test_an_error_marks_every_step_it_passes_and_goes_on(database, tracing):
    with pytest.raises(KeyError), tracing.start_span("ask"), tracing.start_span("retrieval"):
        raise KeyError("nothing of that name")

    root = read_trace(database, OWNER, "last")
    for step in (root, root.steps[0]):
        assert step.status == "error"
        assert step.attributes["error.type"] == "KeyError"
        assert "nothing of that name" in step.attributes["error.message"]


def test_nothing_is_written_before_the_request_has_ended(database, tracing):
    with tracing.start_span("ask"):
        with tracing.start_span("retrieval"):
            pass
        assert count(database) == 0
    assert count(database) == 2


def test_requests_at_once_keep_to_their_own_traces(database, tracing):
    def request(number: int) -> None:
        with tracing.start_span(f"ask {number}"):
            for step in range(3):
                with tracing.start_span(f"step {number}.{step}"):
                    pass

    threads = [threading.Thread(target=request, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read(OWNER) as session:
        traces = session.scalars(select(Span.trace_id).where(Span.parent_id == "")).all()
    assert len(traces) == 8
    for trace in traces:
        root = read_trace(database, OWNER, trace)
        number = root.name.split()[1]
        assert [step.name for step in root.steps] == [f"step {number}.{n}" for n in range(3)]


def test_a_step_that_outlives_its_request_is_kept(database, tracing):
    def stream():
        with tracing.start_span("chat"):
            yield "piece"
            yield "never asked for"

    with tracing.start_span("ask"):
        pieces = stream()
        next(pieces)
    pieces.close()
    root = read_trace(database, OWNER, "last")
    assert [step.name for step in root.steps] == ["chat"]
    assert root.steps[0].status == "unset"  # to stop listening is no error

    with tracing.start_span("the next request"):
        pass
    assert read_trace(database, OWNER, "last").name == "the next request"
    assert read_trace(database, OWNER, root.trace_id).name == "ask"


def test_inside_another_programs_trace_the_outermost_step_of_ours_is_the_root(database, tracing):
    theirs = TracerProvider(shutdown_on_exit=False).get_tracer("theirs")
    with theirs.start_as_current_span("GET /ask"), tracing.start_span("ask") as span:
        assert read_trace_id(span)
    assert read_trace(database, OWNER, read_trace_id(span)).name == "ask"


def test_a_trace_is_written_whatever_the_environment_says_of_sampling(tmp_path):
    script = (
        "import sys, pathlib\n"
        "from genwright.monitoring import Tracing, read_trace\n"
        "from genwright.storage import Database\n"
        "from genwright.types import OWNER\n"
        "database = Database(pathlib.Path(sys.argv[1]))\n"
        "with Tracing(database, OWNER).start_span('ask'): pass\n"
        "print(read_trace(database, OWNER, 'last').name)\n"
    )
    environment = {**os.environ, "OTEL_TRACES_SAMPLER": "always_off"}
    command = [sys.executable, "-c", script, str(tmp_path / "genwright.db")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ask"


def test_a_trace_is_found_by_its_first_digits(database, tracing):
    with tracing.start_span("ask") as span:
        pass
    assert read_trace(database, OWNER, read_trace_id(span)[:8]).name == "ask"
    assert read_trace(database, OWNER, read_trace_id(span)).name == "ask"


@pytest.mark.parametrize("wrong", ["%", "_", "zz", "' OR 1=1"])
def test_what_is_no_trace_is_not_found(database, tracing, wrong):
    with tracing.start_span("ask"):
        pass
    with pytest.raises(NotFound, match="give more of its 32 digits"):
        read_trace(database, OWNER, wrong)


def test_a_beginning_of_two_traces_is_not_guessed(database, tracing):
    for _ in range(2):
        with tracing.start_span("ask"):
            pass
    with pytest.raises(NotFound, match="More than one"):
        read_trace(database, OWNER, "")


def test_without_any_trace_it_says_what_makes_one(database):
    with pytest.raises(NotFound, match="genwright ask"):
        read_trace(database, OWNER, "last")


def test_others_traces_are_not_found_and_the_owner_sees_all(database, tracing):
    ann, bob = Principal("ann"), Principal("bob")
    with Tracing(database, ann).start_span("ann asks") as span:
        pass
    with tracing.start_span("the owner asks"):
        pass

    assert read_trace(database, ann, "last").name == "ann asks"
    assert read_trace(database, OWNER, read_trace_id(span)).name == "ann asks"
    for asked in ("last", read_trace_id(span)):
        with pytest.raises(NotFound):
            read_trace(database, bob, asked)
