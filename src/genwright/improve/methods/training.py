"""What the methods that train share: a tuning on the rows of feedback, and its version."""

from collections.abc import Sequence
from typing import Any

from genwright.datasets import Dataset, split_dataset
from genwright.errors import MissingDependency, RunStopped
from genwright.improve.methods.base import Material, MethodNotApplicable
from genwright.improve.results import Proposal
from genwright.tuning.config import TuneConfig, build_tune_config
from genwright.tuning.steps.walk import begin_tuning, tune
from genwright.types import Json

LEAST = 20
MINUTES = 12.0
"""Most minutes of one training."""


def tune_live_model(
    material: Material, method: str, form: str, rows: Sequence[Json], sets: dict[str, Any]
) -> Proposal:
    """Tune the live model on rows, and let the assistant answer by the result.

    The tuning is a run of its own: an improvement that was interrupted goes on with it.

    Raises:
        MethodNotApplicable: There are too few rows, or no trainable model answers.
        RunStopped: Somebody has asked the training to stop.
    """
    live = material.live
    if live.answer.extractive:
        raise MethodNotApplicable("it quotes and asks no model: there is nothing to train")
    if "/" in live.answer.model:
        raise MethodNotApplicable(f"{live.answer.model!r} is a server's: it cannot be trained here")
    kept = material.select_learnable(rows)
    if len(kept) < LEAST:
        raise MethodNotApplicable(f"{len(kept)} rows to learn from, {LEAST} are needed")
    try:
        parts = split_dataset(
            Dataset(f"{material.assistant}-{method}", form, tuple(kept), "feedback"),  # type: ignore[arg-type]
            validation=0.0, test=0.0, seed=material.seed,  # the gate measures, on other questions
        )  # fmt: skip
        run = material.begin_run(
            method,
            lambda: begin_tuning(material.runtime, _make_config(material, method, sets), parts),
        )
        made = tune(material.runtime, run)
    except MissingDependency as error:
        raise MethodNotApplicable(str(error)) from error
    if not made.version:
        raise RunStopped(f"The training in run {run} was stopped: go on with --resume.")
    changes = {"answer": {"model": made.served_as, "extractive": False}}
    facts = {"run": run, "version": made.version, "metrics": made.metrics, "rows": len(kept)}
    reason = f"{made.version} was trained on {len(kept)} rows of feedback ({method})"
    return Proposal(method, changes, reason, facts)


def _make_config(material: Material, method: str, sets: dict[str, Any]) -> TuneConfig:
    """The configuration of a tuning: the base is the live model's, its adapter is trained on."""
    found = material.runtime.models.find_trained(material.live.answer.model)
    base, resume = material.live.answer.model, ""
    if found is not None:
        base = found.facts.base if found.facts.kind == "adapter" else found.label
        resume = found.label if found.facts.kind == "adapter" else ""
    values = {
        "base": base,
        "resume_from": resume,
        "objective": "generation" if method == "sft" else method,
        "method": found.facts.method if resume and found is not None else "lora",
        "name": f"{material.assistant}-{method}",
        "train": {"time_limit_minutes": MINUTES, "seed": material.seed},
        "baseline": False,
    }
    return build_tune_config(values, {"max_length": 768, "batch_size": 4, **sets})
