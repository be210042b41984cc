"""RLHF as it is taught: fine-tuning, a reward model, PPO. Ouyang et al. 2022, arXiv:2203.02155.

Three tunings, each a run of its own with its version in the registry; the whole is a run, too, and
goes on where it was interrupted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genwright.datasets import Dataset, Splits, read_splits
from genwright.errors import NotFound, RunStopped
from genwright.runs.steps import KeyedSteps, StepWalk, format_resume
from genwright.runtime import Runtime
from genwright.tuning.config import TuneConfig, build_tune_config
from genwright.tuning.objectives.preferring import parse_turns
from genwright.tuning.steps.walk import begin_tuning, tune
from genwright.types import Json

KIND = "rlhf"
RESUME = ("rlhf", "--resume")
"""Arguments of the program that go on with a run, before its id."""
STAGES = ("sft", "reward", "ppo")


@dataclass(frozen=True)
class RLHFRecipe:
    """What RLHF is given."""

    base: str
    pairs: str
    """File or folder of preference rows."""
    demonstrations: str = ""
    """File or folder of rows to fine-tune on first; empty for the chosen replies of the pairs."""
    name: str = "rlhf"
    minutes: float = 10.0
    """Of each stage, at most."""
    seed: int = 0

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class RLHFResult:
    """Versions of the three stages."""

    run: int
    sft: str
    reward: str
    policy: str
    metrics: Json

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def begin_rlhf(runtime: Runtime, recipe: RLHFRecipe) -> int:
    """Keep what is asked for, and return the id of its run.

    Raises:
        NotFound: A file is not there.
    """
    for path in (recipe.pairs, recipe.demonstrations):
        if path and not Path(path).exists():
            raise NotFound(f"There is no file {path}.")
    return runtime.runs.begin(KIND, recipe.name, recipe.json(), {})


def run_rlhf(runtime: Runtime, run: int, sets: dict[str, Any] | None = None) -> RLHFResult:
    """Walk the three stages, or go on with one that was interrupted.

    Args:
        runtime: What the tunings work with.
        run: Of ``begin_rlhf``.
        sets: Settings of every stage, such as ``batch_size``.

    Raises:
        RunStopped: Somebody has asked it to stop; the message says how to go on.
        Refused: The data of a stage do not fit.
    """
    row = runtime.runs.get(run)
    if row.kind != KIND:
        raise NotFound(f"Run {run} is not an RLHF run: genwright runs list --kind rlhf")
    recipe = RLHFRecipe(**row.config)
    walk = StepWalk(
        runtime.runs, run, format_resume(RESUME, run), KeyedSteps("stages"),
        stop=runtime.stop, progress=runtime.progress,
        saving="lower batch_size or max_length with --param",
    )  # fmt: skip
    with walk.running():
        for stage in STAGES:
            if "version" not in walk.state.get(stage, {}):
                _run_stage(runtime, recipe, stage, walk, sets or {})
        walk.finish(walk.state["ppo"]["version"])
    versions = {stage: walk.state[stage]["version"] for stage in STAGES}
    metrics = {stage: walk.state[stage]["metrics"] for stage in STAGES}
    return RLHFResult(run, versions["sft"], versions["reward"], versions["ppo"], metrics)


def _run_stage(
    runtime: Runtime, recipe: RLHFRecipe, stage: str, walk: StepWalk, sets: dict[str, Any]
) -> None:
    """Tune in a run of its own, and keep its version."""
    walk.begin(stage)

    def begin() -> int:
        config = _make_config(recipe, stage, walk.state, sets)
        return begin_tuning(runtime, config, _read_data(recipe, stage))

    inner = walk.begin_inner(walk.state.setdefault(stage, {}), begin)
    made = tune(runtime, inner)
    if not made.version:
        raise RunStopped(f"{stage} was stopped: {walk.resume}")
    walk.record(stage, {"run": inner, "version": made.version, "metrics": made.metrics})


def _make_config(recipe: RLHFRecipe, stage: str, done: Json, sets: dict[str, Any]) -> TuneConfig:
    values: Json = {
        "base": recipe.base,
        "method": "lora",
        "objective": {"sft": "generation", "reward": "reward", "ppo": "ppo"}[stage],
        "name": f"{recipe.name}-{stage}",
        "train": {"time_limit_minutes": recipe.minutes, "seed": recipe.seed},
        "baseline": False,
    }
    if stage == "ppo":
        values["resume_from"] = done["sft"]["version"]
        values["preference"] = {"reward": done["reward"]["version"]}
    return build_tune_config(values, {"batch_size": 8, "max_length": 512, "test_rows": 40, **sets})


def _read_data(recipe: RLHFRecipe, stage: str) -> Splits:
    if stage == "sft" and recipe.demonstrations:
        return read_splits(Path(recipe.demonstrations), seed=recipe.seed)
    pairs = read_splits(Path(recipe.pairs), form="preference", seed=recipe.seed)
    if stage != "sft":
        return pairs
    return Splits(
        *(_make_demonstrations(part) for part in (pairs.train, pairs.validation, pairs.test))
    )


def _make_demonstrations(part: Dataset) -> Dataset:
    """The chosen replies as conversations to learn."""
    return replace(part, form="messages", rows=tuple(_make_conversations(part.rows)))


def _make_conversations(rows: Sequence[Json]) -> list[Json]:
    return [
        {
            "messages": [
                *({"role": t.role, "content": t.content} for t in parse_turns(row["prompt"])),
                {"role": "assistant", "content": row["chosen"]},
            ]
        }
        for row in rows
    ]
