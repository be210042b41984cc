"""Every method on every family: trained, evaluated, registered, reloaded and served.

By default each method runs on a decoder and an encoder, and each family with LoRA; all the other
pairs are ``nightly``.
"""

from itertools import product

import pytest

pytest.importorskip("torch", reason="needs the train extra: pip install 'genwright[train]'")

import torch
from tests.fixtures.tiny_families import ENCODERS, FAMILIES, build
from tests.fixtures.tuning import data_for

from genwright.engines.transformers.loading import load
from genwright.errors import Refused
from genwright.models.trained import locate_weights
from genwright.tuning.config import build_tune_config
from genwright.tuning.methods import methods
from genwright.tuning.steps.walk import STEPS, begin_tuning, tune
from genwright.types import OWNER

IMPOSSIBLE = {("xlnet", "prefix")}
"""XLNet takes no keys and values from outside: transformers gives it none to put a prefix in."""
DAILY_FAMILIES, DAILY_METHOD = {"llama2", "bert"}, "lora"


def list_pairs():
    """All pairs of a family and a method; those that can wait for the night are marked so."""
    for family, method in product(FAMILIES, methods.names()):
        is_daily = family in DAILY_FAMILIES or method == DAILY_METHOD
        is_daily |= (family, method) in IMPOSSIBLE  # refused at once
        yield pytest.param(family, method, marks=() if is_daily else pytest.mark.nightly)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def of(family: str):
        if family not in made:
            made[family] = build(family, tmp_path_factory.mktemp("models") / family)
        return made[family]

    return of


@pytest.mark.slow
@pytest.mark.parametrize(("family", "method"), list(list_pairs()))
def test_a_method_trains_evaluates_registers_reloads_and_serves(family, method, folders, runtime):
    objective = "classification" if family in ENCODERS else "generation"
    config = build_tune_config(
        {"base": str(folders(family)), "objective": objective, "method": method, "name": "tiny"},
        {"max_steps": "2", "batch_size": "4", "max_length": "64", "num_virtual_tokens": "4",
         "rank": "2", "max_new_tokens": "4", "threads": "1", "layers": "1", "baseline": "false",
         "quantization": "f32", "learning_rate": "1e-2", "precision": "float32"},
    )  # fmt: skip
    run = begin_tuning(runtime, config, data_for(objective))
    if (family, method) in IMPOSSIBLE:
        with pytest.raises(Refused, match="use the methods lora"):
            tune(runtime, run)
        assert runtime.runs.get(run).status == "failed"
        assert runtime.versions.list_models(OWNER) == []
        return

    tuned = tune(runtime, run)

    version = runtime.versions.resolve(OWNER, "tiny")
    assert version.label == tuned.version == "tiny@1"
    assert {step["step"] for step in tuned.steps} == set(STEPS) - {"search"}
    assert tuned.metrics["test"], "its served replies were measured"
    assert version.facts.evaluation["test"] == tuned.metrics["test"]
    runtime.versions.check(version)
    base = runtime.models.open_base(config.base)
    model, tokenizer = load(locate_weights(version.folder, version.facts, base))
    ids = tokenizer("the red pump", return_tensors="pt", return_token_type_ids=False)
    if family == "t5":
        ids["decoder_input_ids"] = ids["input_ids"]
    with torch.inference_mode():
        assert torch.isfinite(model(**ids).logits).all()
