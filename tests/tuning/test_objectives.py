"""Learning from preferences: every objective trained, measured, registered and served."""

import json
import math

import pytest

pytest.importorskip("torch", reason="needs the train extra: pip install 'genwright[train]'")

import torch
from tests.fixtures.tiny_families import build

from genwright.datasets import Dataset, Splits
from genwright.errors import Refused, RunStopped, UsageError
from genwright.evaluation.intervals import ConfidenceInterval
from genwright.tuning.config import build_tune_config
from genwright.tuning.objectives import objectives
from genwright.tuning.rewards import (
    PROGRAMMATIC,
    open_reward,
    open_trained_reward,
    reward_brevity,
    reward_citations,
)
from genwright.tuning.rlhf import RLHFRecipe, begin_rlhf, run_rlhf
from genwright.tuning.steps.preference_evaluation import (
    auc_interval,
    calibration_error,
    measure_logps,
)
from genwright.tuning.steps.walk import begin_tuning, tune
from genwright.types import OWNER

WORDS = "one two three four five six seven eight nine ten".split()


def preference(count, start=0):
    return tuple(
        {"prompt": f"say {WORDS[i % 10]} {i + start}", "chosen": WORDS[i % 10],
         "rejected": "the blue pump is bad"}
        for i in range(count)
    )  # fmt: skip


def thumbs(count, start=0):
    return tuple(
        {"prompt": f"say {WORDS[i % 10]} {i + start}", "label": i % 2 == 0,
         "completion": WORDS[i % 10] if i % 2 == 0 else "the blue pump is bad"}
        for i in range(count)
    )  # fmt: skip


def data(form="preference", train=16):
    rows = {"preference": preference, "thumbs": thumbs}[form]
    return Splits(
        Dataset("tiny-train", form, rows(train)),
        Dataset("tiny-validation", form, rows(4, 100)),
        Dataset("tiny-test", form, rows(8, 200)),
    )


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return build("llama2", tmp_path_factory.mktemp("models") / "llama")


def config_of(base, objective, **sets):
    given = {"max_steps": "6", "batch_size": "4", "max_length": "64", "rank": "4",
             "threads": "1", "learning_rate": "1e-2", "precision": "float32",
             "baseline": "false", "quantization": "f32", "reply_tokens": "4"}  # fmt: skip
    values = {"base": str(base), "objective": objective, "method": "lora", "name": objective}
    return build_tune_config(values, given | {k: str(v) for k, v in sets.items()})


def losses(runtime, run):
    return [value for _, value in runtime.runs.read_values(run)["loss"]]


@pytest.mark.parametrize("objective", ["dpo", "ipo", "kto", "reward"])
def test_offline_objectives(objective, llama, runtime):
    form = "thumbs" if objective == "kto" else "preference"
    config = config_of(llama, objective, log_every=1)
    run = begin_tuning(runtime, config, data(form))
    tuned = tune(runtime, run)
    version = runtime.versions.resolve(OWNER, objective)
    assert tuned.version == f"{objective}@1"
    assert version.facts.objective == ("reward" if objective == "reward" else "generation")
    metric = objectives.get(objective).metrics[0]
    assert tuned.metrics["test"][metric]["value"] > 0.7  # told apart after six steps
    first = losses(runtime, run)[0]
    known = {"dpo": math.log(2), "kto": 0.5, "reward": None, "ipo": None}[objective]
    if known is not None:  # policy and reference are the same at the start
        assert first == pytest.approx(known, abs=1e-3)
    names = [p.name for p in (version.folder / "adapter").rglob("*")]
    assert "ref" not in names  # the reference is not a part of what was learnt


def test_a_stopped_training_goes_on(llama, runtime):
    config = config_of(llama, "dpo", max_steps=8, save_every=2, log_every=1)
    whole = tune(runtime, begin_tuning(runtime, config, data()))
    run = begin_tuning(runtime, config, data())

    def progress(done, total, what):
        if what.startswith("step 4,"):
            runtime.stop.set()

    assert tune(runtime.act_for(OWNER, progress=progress), run).status == "stopped"
    runtime.stop.clear()
    again = tune(runtime, run)
    assert again.status == "done"
    assert again.metrics["test"]["margin"] == whole.metrics["test"]["margin"]


@pytest.mark.parametrize("objective", ["grpo", "rloo", "ppo"])
def test_online_objectives(objective, llama, runtime):
    config = config_of(llama, objective, reward="brief", max_steps=2, temperature=0.9)
    tuned = tune(runtime, begin_tuning(runtime, config, data()))
    assert tuned.version == f"{objective}@1"
    assert 0 <= tuned.metrics["test"]["reward"]["value"] <= 1
    if objective == "ppo":
        values = runtime.runs.read_values(tuned.run)
        assert {"reward", "kl", "value_loss"} <= set(values)


def test_reward_model_scores_and_steers(llama, runtime):
    tune(runtime, begin_tuning(runtime, config_of(llama, "reward", max_steps=20), data(train=40)))
    score = open_trained_reward(runtime, "reward@1")
    good, bad = score(["say one 1", "say one 1"], ["one", "the blue pump is bad"])
    assert good > bad
    config = config_of(llama, "ppo", reward="reward@1", max_steps=2)
    tuned = tune(runtime, begin_tuning(runtime, config, data()))
    assert math.isfinite(tuned.metrics["test"]["reward"]["value"])
    with pytest.raises(UsageError, match="not a reward model"):
        open_trained_reward(runtime, "ppo@1")


def test_rlhf_is_three_stages_that_go_on(llama, runtime, tmp_path):
    for name, rows in (("train", preference(24)), ("validation", preference(4, 100)),
                       ("test", preference(8, 200))):  # fmt: skip
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text)
    sets = {"max_steps": "2", "batch_size": "4", "max_length": "64", "rank": "2", "threads": "1",
            "precision": "float32", "quantization": "f32", "max_new_tokens": "4",
            "reply_tokens": "4"}  # fmt: skip
    run = begin_rlhf(runtime, RLHFRecipe(str(llama), str(tmp_path)))

    def progress(done, total, what):
        if runtime.runs.get(run).message.startswith("reward"):
            runtime.stop.set()  # while the reward model is trained

    with pytest.raises(RunStopped, match=f"rlhf --resume {run}"):
        run_rlhf(runtime.act_for(OWNER, progress=progress), run, sets)
    assert runtime.runs.get(run).status == "stopped"
    runtime.stop.clear()

    def break_off(done, total, what):
        if runtime.runs.get(run).message == "reward":
            raise TypeError("a number was expected")

    with pytest.raises(TypeError):
        run_rlhf(runtime.act_for(OWNER, progress=break_off), run, sets)
    row = runtime.runs.get(run)
    assert (row.status, row.message) == ("failed", "TypeError: a number was expected")
    assert row.results["stages"]["sft"]["version"] == "rlhf-sft@1"
    found = run_rlhf(runtime, run, sets)
    assert (found.sft, found.reward, found.policy) == (
        "rlhf-sft@1", "rlhf-reward@1", "rlhf-ppo@1",
    )  # fmt: skip
    policy = runtime.versions.resolve(OWNER, found.policy)
    assert policy.facts.parent == "rlhf-sft@1"
    assert "reward" in found.metrics["ppo"]["test"]


def test_ppo_goes_on_where_it_was_stopped(llama, runtime):
    config = config_of(llama, "ppo", reward="brief", max_steps=12)
    run = begin_tuning(runtime, config, data())
    runtime.stop.set()
    assert tune(runtime, run).status == "stopped"
    runtime.stop.clear()
    assert tune(runtime, run).status == "done"


def test_bad_requests_are_refused(llama, runtime):
    for objective, sets, error in (
        ("grpo", {}, "what scores replies"),
        ("grpo", {"reward": "brief", "generations": "3"}, "must be a multiple of generations"),
        ("kto", {"batch_size": "1"}, "batch_size=2"),
    ):
        form = "thumbs" if objective == "kto" else "preference"
        run = begin_tuning(runtime, config_of(llama, objective, **sets), data(form))
        with pytest.raises((Refused, UsageError), match=error):
            tune(runtime, run)
        assert runtime.runs.get(run).status == "failed"
    with pytest.raises(UsageError, match="learns from rows of preference"):
        begin_tuning(runtime, config_of(llama, "dpo"), data("thumbs"))
    assert runtime.versions.list_models(OWNER) == []


def test_programmatic_rewards():
    assert reward_brevity(["?"] * 3, ["", "word " * 60, "word " * 100]) == [0.0, 0.5, 0.0]
    assert reward_citations(["?"] * 2, ["It is [1]. So [2]!", "None."]) == [1.0, 0.0]
    assert PROGRAMMATIC["json"](["?"] * 2, ['{"a": 1}', "{"]) == [1.0, 0.0]
    both = open_reward(None, "brief+cites", None)
    assert both(["?"], ["It is so [1]."]) == [2.0]


def test_log_probabilities_do_not_mind_padding(llama):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(llama).eval()
    rows = [{"prompt_ids": [5, 6, 7], "chosen_ids": [8, 9]},
            {"prompt_ids": [5], "chosen_ids": [6, 7, 8, 9, 10]}]  # fmt: skip
    together = measure_logps(model, rows, "chosen_ids", 0)
    alone = [measure_logps(model, [row], "chosen_ids", 0)[0] for row in rows]
    assert together == pytest.approx(alone, abs=1e-3)
    with torch.inference_mode():
        chances = model(torch.tensor([[5, 6, 7, 8, 9]])).logits.log_softmax(-1)
    wanted = float(chances[0, 2, 8] + chances[0, 3, 9])
    assert together[0] == pytest.approx(wanted, abs=1e-3)


def test_calibration_and_auc():
    sure = [20.0] * 50
    assert calibration_error(sure).value == pytest.approx(0, abs=1e-6)
    wrong = calibration_error([-20.0] * 50)
    assert wrong.value == pytest.approx(1, abs=1e-6)
    assert auc_interval([3, 2, 1, 0], [True, True, False, False]).value == 1
    assert auc_interval([1, 1], [True, False]).value == 0.5
    one = auc_interval([1, 2], [True, True])
    assert isinstance(one, ConfidenceInterval)
    assert math.isnan(one.value)
    assert json.dumps(one.json())
