"""Runs written to MLflow as well, where ``MLFLOW_TRACKING_URI`` names a server or a folder.

The store stays the truth: what MLflow does not take is said, and changes nothing.
"""

from collections.abc import Iterator, Mapping

from genwright.environment import read_variable
from genwright.errors import MissingDependency
from genwright.extras import need
from genwright.options import flatten
from genwright.runs import Runs
from genwright.types import Json, Progress, ignore_progress

VARIABLE = "MLFLOW_TRACKING_URI"
EXPERIMENT = "genwright"
LONGEST = 500
"""Characters of a parameter, which MLflow cuts off at."""
AT_ONCE = 1000
"""Metrics in one request, at most."""


def mirror(runs: Runs, run: int, progress: Progress = ignore_progress) -> str:
    """Write a finished run to MLflow, and return its id there; empty where none is named.

    Args:
        runs: Of the workspace.
        run: Which one.
        progress: Told where MLflow does not take it.
    """
    uri = read_variable(VARIABLE)
    if not uri:
        return ""
    try:
        need("mlflow", "mlflow", f"{VARIABLE}={uri}")
        return _write(uri, runs, run)
    except MissingDependency as error:
        progress(0, 0, str(error))
    except Exception as error:  # of many kinds, from a server that is elsewhere
        progress(0, 0, f"MLflow at {uri} did not take run {run}: {error}")
    return ""


def _write(uri: str, runs: Runs, run: int) -> str:
    from mlflow.entities import Metric, Param, RunTag
    from mlflow.tracking import MlflowClient

    row, values = runs.get(run), runs.read_values(run)
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    where = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
    made = client.create_run(where, run_name=f"{row.name} ({run})")
    id_ = str(made.info.run_id)
    params = [Param(key[:250], str(value)[:LONGEST]) for key, value in flatten(row.config)][:100]
    tags = {"genwright.run": run, "genwright.kind": row.kind, "genwright.owner": row.owner}
    steps = {each["step"]: each for each in row.steps}
    if version := steps.get("deployment", {}).get("version"):
        tags["genwright.version"] = version
    client.log_batch(id_, params=params, tags=[RunTag(k, str(v)) for k, v in tags.items()])
    metrics = [
        Metric(name, value, 0, step) for name, points in values.items() for step, value in points
    ]
    metrics += [Metric(name, value, 0, 0) for name, value in list_measures(steps)]
    for start in range(0, len(metrics), AT_ONCE):
        client.log_batch(id_, metrics=metrics[start : start + AT_ONCE])
    client.set_terminated(id_, "FINISHED" if row.status == "done" else "FAILED")
    return id_


def list_measures(steps: Mapping[str, Json]) -> Iterator[tuple[str, float]]:
    """Values of an evaluation, as ``test_accuracy`` and ``base_accuracy``."""
    evaluation = steps.get("evaluation", {})
    for part in ("test", "base", "live"):
        for name, each in (evaluation.get(part) or {}).items():
            if each.get("value") is not None:
                yield f"{part}_{name}", float(each["value"])
