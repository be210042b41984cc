"""Step eight: the runs so far in one table, errors to look at, and what to try next."""

import math
from typing import TYPE_CHECKING

from genwright.runs import Runs
from genwright.training.job import FitResult
from genwright.types import Json

if TYPE_CHECKING:
    from genwright.tuning.steps.results import TuneEvaluation

EXAMPLES = 10
FEW_TESTED = 100
ENOUGH = 0.97


def suggest_next_steps(
    runs: Runs, run: int, name: str, evaluated: "TuneEvaluation", fitted: FitResult
) -> Json:
    """What a person looks at before the next try.

    Args:
        runs: Of the workspace.
        run: The present one.
        name: Of the model: its runs are compared.
        evaluated: What was measured.
        fitted: How the training went.
    """
    table = [row for row in list_finished_runs(runs, name) if row["run"] != run]
    mine = evaluated.test.get(evaluated.metric)
    table.insert(0, {
        "run": run, "method": "this one", "metric": evaluated.metric,
        "value": _round_number(mine.value if mine else math.nan), "seconds": fitted.seconds,
    })  # fmt: skip
    scored = [
        row for row in table if row["metric"] == evaluated.metric and row["value"] is not None
    ]
    best = max(scored, key=lambda row: row["value"]) if scored else None
    wrong = [case for case in evaluated.cases if case["values"].get(evaluated.metric, 1.0) < 1.0]
    wrong.sort(key=lambda case: case["values"][evaluated.metric])
    return {
        "runs": table,
        "best": best["run"] if best else None,
        "errors": wrong[:EXAMPLES],
        "try_next": give_advice(evaluated, fitted),
    }


def list_finished_runs(runs: Runs, name: str) -> list[Json]:
    """Finished tunings of a model, newest first: method, main measure, time."""
    found = []
    for row in runs.list_newest(["tune"], name=name, only_done=True):
        steps = {each["step"]: each for each in row.steps}
        measured = steps.get("evaluation", {})
        metric = measured.get("metric", "")
        found.append({
            "run": row.id, "method": row.config["tune"]["method"], "metric": metric,
            "value": measured.get("test", {}).get(metric, {}).get("value"),
            "version": steps.get("deployment", {}).get("version", ""),
            "seconds": steps.get("training", {}).get("seconds"),
        })  # fmt: skip
    return found


def give_advice(evaluated: "TuneEvaluation", fitted: FitResult) -> list[str]:
    """What to try next, from what was seen."""
    said = []
    value = evaluated.test.get(evaluated.metric)
    if len(evaluated.cases) < FEW_TESTED:
        said.append(
            f"The test part has {len(evaluated.cases)} rows: the intervals are wide. Add rows "
            "before you compare further."
        )
    if fitted.best_step < 0.6 * fitted.steps:
        said.append(
            "The validation loss was lowest long before the end: fewer epochs, a lower "
            "learning_rate, or more data."
        )
    elif not fitted.reason:
        said.append("The validation loss still fell at the end: more epochs may help.")
    against = evaluated.against.get("base")
    if against is not None and not against.is_distinguishable:
        said.append(
            "It cannot be told from its base: check that the prompts of the rows are those "
            "that are asked in use, and try a higher learning_rate or rank."
        )
    if value is not None and value.value >= ENOUGH:
        said.append("Little is left to gain on this test part: make a harder one.")
    if not said:
        said.append("Try --trials 8: a search of learning rate and size.")
    return said


def _round_number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
