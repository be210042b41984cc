"""The nine steps: recorded, resumable, deployed, and clear where they cannot be walked."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="needs the train extra")

from tests.fixtures.tiny_families import TEMPLATE, build
from tests.fixtures.tuning import data_for, pairs

from genwright.datasets import Dataset, Splits
from genwright.engines import ChatMessage, ChatRequest, Sampling, collect_chat
from genwright.errors import NotFound, Refused, UsageError
from genwright.registry import Assistants
from genwright.registry.lineage import find_lineage
from genwright.tuning.config import build_tune_config
from genwright.tuning.job import TuneRequest, parse_tune_request
from genwright.tuning.merge import merge_version
from genwright.tuning.steps.forecast import Forecast, check_memory
from genwright.tuning.steps.suggestion import suggest
from genwright.tuning.steps.walk import STEPS, begin_tuning, tune
from genwright.types import OWNER

QUICK = {"max_steps": "4", "batch_size": "4", "max_length": "64", "rank": "2", "threads": "1",
         "log_every": "1", "max_new_tokens": "4", "quantization": "f32,q8_0",
         "learning_rate": "1e-2", "precision": "float32"}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build("llama2", tmp_path_factory.mktemp("m") / "llama", template=TEMPLATE)


def config(folder, **sets):
    return build_tune_config({"base": str(folder), "name": "numbers"}, QUICK | sets)


def test_a_full_tuning_is_served_by_llama_cpp_with_the_loss_of_each_file(runtime, folder):
    tuned = tune(
        runtime, begin_tuning(runtime, config(folder, method="full"), data_for("generation"))
    )

    version = runtime.versions.resolve(OWNER, "numbers")
    assert version.facts.engine == "llamacpp"
    assert set(version.facts.losses) == {"f32", "q8_0"}
    assert version.facts.losses["f32"]["perplexity"]["value"] > 1
    assert set(tuned.metrics) == {"test", "base"}
    for values in tuned.metrics["test"].values():
        assert values["low"] <= values["value"] <= values["high"]
    assert "base" in version.facts.evaluation["against"]
    engine = runtime.models.get_engine("numbers@1")
    _, usage = collect_chat(engine, ChatRequest((ChatMessage("user", "say one"),), Sampling(4)))
    assert usage.completion_tokens <= 4


def test_an_adapter_is_the_candidate_of_an_assistant_and_has_a_lineage(runtime, folder):
    tune(runtime, begin_tuning(runtime, config(folder, method="full"), data_for("generation")))
    workspace = runtime.workspace
    assistants = Assistants(workspace.database, workspace.settings, workspace.prompts_dir)
    assistants.resolve(OWNER)
    more = build_tune_config({"base": "numbers@1", "name": "more"}, QUICK)
    run = begin_tuning(runtime, more, data_for("generation"), assistant="assistant")
    tuned = tune(runtime, run)

    version = runtime.versions.resolve(OWNER, "more")
    assert version.facts.kind == "adapter" and version.facts.engine == "llamacpp"
    assert version.facts.parent == "numbers@1"
    candidate = assistants.resolve(OWNER, "assistant@candidate")
    assert candidate.version.config.answer.model == tuned.served_as == "numbers@1+more@1"
    tree = json.dumps(find_lineage(workspace, OWNER, "assistant@candidate").json())
    for part in ("more@1", "numbers@1", "tiny-train", f'"run", "name": "{run}"'):
        assert part in tree
    one = runtime.models.get_engine(tuned.served_as)
    other = runtime.models.get_engine("numbers@1")
    request = ChatRequest((ChatMessage("user", "say one"),), Sampling(4))
    assert isinstance(collect_chat(one, request)[0], str)
    assert isinstance(collect_chat(other, request)[0], str)

    merged = merge_version(runtime, "more@1")
    assert merged.facts.kind == "model" and merged.facts.parent == "more@1"


def test_dora_is_merged_because_llama_cpp_would_lose_it(runtime, folder):
    tune(runtime, begin_tuning(runtime, config(folder, dora="true"), data_for("generation")))
    version = runtime.versions.resolve(OWNER, "numbers")
    assert version.facts.kind == "model" and version.facts.engine == "llamacpp"
    assert "DoRA" in version.facts.measured["notes"][0]


def test_every_step_is_recorded_with_what_was_predicted_and_what_came(runtime, folder):
    run = begin_tuning(runtime, config(folder), data_for("generation"), trials=0)
    tune(runtime, run)
    row = runtime.runs.get(run)
    steps = {each["step"]: each for each in row.results["steps"]}
    assert [each["number"] for each in row.results["steps"]] == [1, 2, 3, 4, 5, 7, 8, 9]
    assert set(steps) == set(STEPS) - {"search"}
    assert row.status == "done" and row.message == "numbers@1"
    assert steps["strategy"]["predicted"]["memory_mb"] > 0
    assert steps["training"]["peak_mb"] > 0
    assert steps["strategy"]["suggested"]["reason"]
    assert steps["iteration"]["runs"] and steps["iteration"]["try_next"]
    values = runtime.runs.read_values(run)
    assert values["validation_loss"] and values["loss"]


def test_a_search_tries_prunes_and_goes_on(runtime, folder):
    run = begin_tuning(
        runtime, config(folder, evaluate_every="1"), data_for("generation"), trials=3
    )
    tuned = tune(runtime, run)
    found = next(each for each in tuned.steps if each["step"] == "search")
    assert len(found["trials"]) == 3
    finished = [t["loss"] for t in found["trials"] if t["state"] == "complete"]
    assert found["loss"] == min(finished)
    version = runtime.versions.resolve(OWNER, "numbers")
    assert version.facts.config["train"]["learning_rate"] == found["best"]["learning_rate"]


def test_a_stopped_run_goes_on_to_the_same_loss(runtime, folder):
    quick = config(folder, max_steps="12", evaluate_every="3", patience="0")
    whole = tune(runtime, begin_tuning(runtime, quick, data_for("generation")))

    run = begin_tuning(runtime, quick, data_for("generation"))
    inner = runtime.progress

    def stop_at_five(done, total, what):
        inner(done, total, what)
        if what.startswith("step 5"):
            runtime.stop.set()

    runtime.progress = stop_at_five
    stopped = tune(runtime, run)
    assert stopped.status == "stopped" and stopped.version == ""
    assert runtime.runs.get(run).status == "stopped"
    runtime.stop.clear()
    runtime.progress = inner
    again = tune(runtime, run)
    assert again.version == "numbers@2"
    a, b = (next(s for s in each.steps if s["step"] == "training") for each in (whole, again))
    assert a["loss"] == pytest.approx(b["loss"], rel=1e-6)


def test_a_bug_in_a_step_ends_the_run_as_failed(runtime, folder):
    run = begin_tuning(runtime, config(folder), data_for("generation"))

    def break_off(done, total, what):
        if what == "objective":
            raise TypeError("a number was expected")

    with pytest.raises(TypeError):
        tune(runtime.act_for(OWNER, progress=break_off), run)
    row = runtime.runs.get(run)
    assert (row.status, row.message) == ("failed", "TypeError: a number was expected")
    assert [each["step"] for each in row.steps] == ["base", "data"]


def test_what_was_done_is_not_done_again(runtime, folder):
    run = begin_tuning(runtime, config(folder), data_for("generation"))
    seen = []

    def interrupt(done, total, what):
        seen.append(what)
        if what == "evaluation":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(runtime.act_for(OWNER, progress=interrupt), run)
    assert runtime.runs.get(run).status == "stopped"
    interrupted = {each["step"]: each for each in runtime.runs.get(run).steps}
    assert list(interrupted) == ["base", "data", "objective", "strategy", "training"]

    seen.clear()
    made = tune(runtime.act_for(OWNER, progress=lambda *what: seen.append(what[2])), run)
    assert not {"data", "objective", "strategy"} & set(seen)
    assert made.version == "numbers@1"
    for step in ("data", "strategy", "training"):
        assert interrupted[step] in made.steps

    again = tune(runtime, run)
    assert again.json() == made.json()
    assert len(runtime.versions.list_versions(OWNER, "numbers")) == 1


@pytest.mark.parametrize("at", ["iteration", "deployment"])
def test_what_was_measured_is_not_measured_again(runtime, folder, at):
    run = begin_tuning(runtime, config(folder), data_for("generation"))
    seen = []

    def interrupt(done, total, what):
        if what == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(runtime.act_for(OWNER, progress=interrupt), run)
    interrupted = {each["step"]: each for each in runtime.runs.get(run).steps}
    before = STEPS[STEPS.index("evaluation") : STEPS.index(at)]
    assert set(before) == interrupted.keys() & {"evaluation", "iteration"}

    made = tune(runtime.act_for(OWNER, progress=lambda *what: seen.append(what[2])), run)

    assert not {*before} & {*seen}
    assert not [what for what in seen if what.startswith(("tuned: ", "base: "))]
    assert all(interrupted[step] in made.steps for step in before)
    version = runtime.versions.resolve(OWNER, made.version)
    assert {"number": 7, "step": "evaluation", **version.facts.evaluation} == interrupted[
        "evaluation"
    ]


def test_training_on_from_an_adapter_has_it_as_parent(runtime, folder):
    tune(runtime, begin_tuning(runtime, config(folder), data_for("generation")))
    more = build_tune_config(
        {"base": str(folder), "name": "numbers", "resume_from": "numbers@1"}, QUICK
    )
    tune(runtime, begin_tuning(runtime, more, data_for("generation")))
    assert runtime.versions.resolve(OWNER, "numbers@2").facts.parent == "numbers@1"
    wrong = build_tune_config(
        {"base": str(folder), "name": "n", "resume_from": "numbers@1", "method": "prompt"}, QUICK
    )
    with pytest.raises(Refused, match="is a lora on"):
        tune(runtime, begin_tuning(runtime, wrong, data_for("generation")))


def test_a_run_is_written_to_mlflow_where_it_is_named(runtime, folder, tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="needs the mlflow extra")
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    try:
        MlflowClient(tracking_uri=uri).search_experiments()
    except Exception:
        uri = f"file:{tmp_path}/mlruns"
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    run = begin_tuning(runtime, config(folder, baseline="false"), data_for("generation"))
    tune(runtime, run)
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("genwright")
    [made] = client.search_runs([experiment.experiment_id])
    assert made.data.tags["genwright.run"] == str(run)
    assert made.data.tags["genwright.version"] == "numbers@1"
    assert made.data.params["tune.method"] == "lora"
    assert len(client.get_metric_history(made.info.run_id, "validation_loss")) > 1


def test_what_cannot_be_done_is_said_before_time_is_lost(runtime, folder, tmp_path):
    classes = build_tune_config({"base": str(folder), "objective": "classification"})
    with pytest.raises(UsageError, match="learns from rows of"):
        begin_tuning(runtime, classes, data_for("generation"))
    long = build_tune_config({"base": str(folder), "name": "n"}, QUICK | {"max_length": "4096"})
    with pytest.raises(Refused, match="reads at most 256 tokens"):
        tune(runtime, begin_tuning(runtime, long, data_for("generation")))
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    try:
        with pytest.raises(Refused, match="does not seem to allow this"):
            tune(runtime, begin_tuning(runtime, config(folder), data_for("generation")))
    finally:
        (folder / "README.md").unlink()
    with pytest.raises(NotFound, match="no-such"):
        tune(
            runtime,
            begin_tuning(runtime, build_tune_config({"base": "no-such"}), data_for("generation")),
        )
    with pytest.raises(Refused, match="needs about 1,000,000 MB"):
        check_memory(Forecast(1e6, 0, 1, 1), free=10**9)


def test_a_tokenizer_that_does_not_fit_is_refused(runtime, folder, tmp_path):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(folder, other)
    described = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(described | {"vocab_size": 100}))
    with pytest.raises(Refused, match="do not belong together"):
        tune(runtime, begin_tuning(runtime, config(other), data_for("generation")))


def test_rows_with_errors_are_refused_with_the_worst(runtime, folder):
    empty = tuple({"prompt": f"a {i}", "completion": ""} for i in range(6))
    bad = Splits(
        Dataset("bad", "prompt_completion", pairs(8) + empty),
        Dataset("v", "prompt_completion", pairs(2, 50)),
        Dataset("t", "prompt_completion", pairs(2, 70)),
    )
    with pytest.raises(Refused, match="6 of 14 rows have errors, most of them empty"):
        tune(runtime, begin_tuning(runtime, config(folder), bad))


def test_options_in_words_become_settings_or_an_error():
    made = parse_tune_request(
        TuneRequest(base="x", options=["rank=4", "epochs=2", "target_modules=q_proj,v_proj"])
    )
    assert made.options.rank == 4 and made.options.target_modules == ("q_proj", "v_proj")
    with pytest.raises(UsageError, match=r"Known keys: .*rank"):
        parse_tune_request(TuneRequest(base="x", options=["ranc=4"]))
    with pytest.raises(UsageError, match="--param KEY=VALUE"):
        parse_tune_request(TuneRequest(base="x", options=["rank"]))


def test_the_method_that_suits_depends_on_base_data_and_memory():
    free = 8 * 10**9
    assert suggest("classification", 22e6, 5000, free, True).method == "full"
    assert suggest("generation", 135e6, 20, free, False).method == "prompt"
    assert suggest("generation", 7e9, 5000, free, False).method == "lora"


@pytest.mark.slow
def test_the_command_prints_what_scripts_read(folder, tmp_path):
    workspace, data = tmp_path / "w", tmp_path / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in pairs(40)))
    run = [sys.executable, "-m", "genwright"]
    subprocess.run([*run, "init", str(workspace)], check=True, capture_output=True)
    sets = [part for key, value in QUICK.items() for part in ("--param", f"{key}={value}")]
    done = subprocess.run(
        [*run, "-w", str(workspace), "tune", "--base", str(folder), "--data", str(data),
         "--objective", "generation", "--method", "lora", "--name", "numbers", "--json", *sets],
        capture_output=True, text=True, check=True,
        env={**os.environ, "GENWRIGHT_EMBEDDING__MODEL": "hashing",
             "GENWRIGHT_ENGINE__CONTEXT": "256"},
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert {
        "run",
        "version",
        "method",
        "metrics",
        "seconds",
        "peak_mb",
        "tokens_per_second",
    } <= set(result)
    assert set(result["metrics"]["test"]["exact_match"]) == {"value", "low", "high"}
    listed = subprocess.run(
        [*run, "-w", str(workspace), "registry", "list", "--json"], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert json.loads(listed.stdout)[0]["name"] == "numbers"
