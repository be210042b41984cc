"""Methods that train: the run in which they do is known, and an interrupted one goes on."""

import json

import pytest

pytest.importorskip("torch", reason="needs the train extra")

from tests.fixtures.tiny_families import TEMPLATE, build
from tests.fixtures.tuning import data_for

from genwright.answers.assistants import open_assistant
from genwright.errors import RunStopped
from genwright.feedback import Opinion, record_feedback
from genwright.improve.loop import (
    ImprovementRequest,
    open_assistants,
    open_runs,
    run_improvement,
    submit_improvement,
)
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.tuning.config import build_tune_config
from genwright.tuning.steps.walk import begin_tuning, tune
from genwright.types import OWNER
from genwright.workspace import create_workspace, open_workspace

FACTS = [(f"What is {n} and {n}?", f"Together {n} and {n} make {2 * n}.") for n in range(60)]
QUICK = {"max_steps": "1", "batch_size": "4", "max_length": "64", "threads": "1",
         "max_new_tokens": "4", "quantization": "f32", "precision": "float32"}  # fmt: skip


@pytest.fixture
def runtime(tmp_path):
    overrides = {
        "embedding": {"model": "hashing"},
        "engine": {"threads": 1, "context": 1024},
        "answer": {"extractive": True, "min_answerable": 0.0},
        "improve": {"min_feedback": 1},
    }
    workspace = open_workspace(create_workspace(tmp_path / "workspace"), overrides)
    with Runtime(workspace) as made:
        DocumentIngester(made).add_bytes(b"Numbers can be added.", "numbers.txt")
        yield made
    workspace.close()


def answer_by_a_tiny_model(runtime, tmp_path):
    """The live assistant's model can be trained, and 60 of its answers were corrected."""
    assistants = open_assistants(runtime)
    served = assistants.resolve(OWNER, "")
    opened = open_assistant(runtime, served)
    for asked, right in FACTS:
        answer = opened.ask(asked)
        record_feedback(
            runtime.database, OWNER, answer.trace_id, Opinion(-1, correction=right), per_minute=99
        )
    folder = build("llama2", tmp_path / "m" / "llama", template=TEMPLATE)
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(described | {"max_position_embeddings": 1024}))
    config = build_tune_config(
        {"base": str(folder), "name": "tiny", "method": "full", "baseline": False}, QUICK
    )
    tune(runtime, begin_tuning(runtime, config, data_for("generation")))
    changes = {"answer": {"model": "tiny@1", "extractive": False}}
    assistants.revise(OWNER, "assistant", changes, note="answers by tiny@1")
    assistants.promote(OWNER, "assistant")


def interrupted(runtime, run, at):
    """Walk an improvement until its progress says something, and press Ctrl-C then."""

    def progress(done, total, what):
        if what.startswith(at):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_improvement(runtime.act_for(OWNER, progress=progress), run)
    return open_runs(runtime).get(run)


def test_an_interrupted_training_goes_on_whatever_the_message_says(runtime, tmp_path):
    answer_by_a_tiny_model(runtime, tmp_path)
    runs = open_runs(runtime)
    run = submit_improvement(runtime, ImprovementRequest(methods=("sft",)))

    row = interrupted(runtime, run, at="step ")
    inner = row.results["state"]["propose"]["sft"]["run"]
    assert (row.status, runs.get(inner).status) == ("stopped", "stopped")
    runs.update(run, message="somebody wrote something else here")

    row = interrupted(runtime, run, at="gate: sft")
    made = row.results["state"]["propose"]["sft"]
    assert made["facts"]["run"] == inner
    assert made["facts"]["version"] == runs.get(inner).message == "assistant-sft@1"
    assert [each.id for each in runs.list_newest(["tune"], name="assistant-sft")] == [inner]


def test_a_training_that_was_finished_is_not_made_again(runtime, tmp_path):
    answer_by_a_tiny_model(runtime, tmp_path)
    run = submit_improvement(runtime, ImprovementRequest(methods=("sft",)))
    inner = interrupted(runtime, run, at="evaluation").results["state"]["propose"]["sft"]["run"]
    tune(runtime, inner)
    made = interrupted(runtime, run, at="gate: sft").results["state"]["propose"]["sft"]
    assert made["facts"]["run"] == inner
    assert len(runtime.versions.list_versions(OWNER, "assistant-sft")) == 1


def test_a_stop_while_it_trains_stops_the_improvement(runtime, tmp_path):
    answer_by_a_tiny_model(runtime, tmp_path)
    run = submit_improvement(runtime, ImprovementRequest(methods=("sft",)))

    def stop(done, total, what):
        if what.startswith("step "):
            runtime.stop.set()

    with pytest.raises(RunStopped, match="go on with --resume"):
        run_improvement(runtime.act_for(OWNER, progress=stop), run)
    row = open_runs(runtime).get(run)
    assert row.status == "stopped"
    assert set(row.results["state"]["propose"]["sft"]) == {"run"}
