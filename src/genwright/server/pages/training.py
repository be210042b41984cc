"""Training: runs with their curves, data sets, and tunings that are begun, stopped and resumed."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from markupsafe import Markup
from starlette.responses import Response

from genwright.access import audit
from genwright.datasets import find_stored_dataset, list_stored_datasets
from genwright.errors import UsageError
from genwright.monitoring.plots import draw_line_plot
from genwright.plugins import find_names
from genwright.runs import RunRow, Runs
from genwright.runs.launch import launch, stop_run
from genwright.runtime import Runtime
from genwright.server.deps import InRights, Serving, require_action
from genwright.server.pages.views.rendering import read_flash, redirect_back, render
from genwright.training.config import RESUME as PRETRAIN
from genwright.tuning.config import METHODS, OBJECTIVES
from genwright.tuning.job import TuneRequest, submit_tuning
from genwright.tuning.steps.walk import RESUME as TUNE
from genwright.types import Json

router = APIRouter(
    prefix="/training",
    include_in_schema=False,
    dependencies=[Depends(require_action("training.read"))],
)
KINDS = ("tune", "pretrain", "eval.")
CURVES = {
    "Loss": {"training": "loss", "validation": "validation_loss"},
    "Learning rate": {"rate": "learning_rate"},
    "Tokens a second": {"speed": "tokens_per_second"},
}
RESUMES = {"tune": TUNE, "pretrain": PRETRAIN}
"""What goes on with a training, by the kind of its run."""


@router.get("")
def show_training(request: Request, runtime: InRights) -> Response:
    """Runs, data sets, and the form that begins a tuning."""
    runs = Runs(runtime.database, runtime.principal)
    return render(
        request,
        "training.html",
        runs=runs.list_newest(KINDS, 100),
        datasets=list_stored_datasets(runtime.database, runtime.principal)[:50],
        bases=_list_bases(runtime),
        objectives=find_names(OBJECTIVES),
        methods=find_names(METHODS),
        message=read_flash(request),
    )


@router.post("", dependencies=[Depends(require_action("training.run"))])
async def begin_tuning(
    request: Request,
    service: Serving,
    runtime: InRights,
    data: UploadFile,
    base: Annotated[str, Form(max_length=500)],
    objective: Annotated[str, Form(max_length=40)] = "generation",
    method: Annotated[str, Form(max_length=40)] = "",
    name: Annotated[str, Form(max_length=64)] = "",
    minutes: Annotated[float, Form(ge=0, le=10_000)] = 10,
    options: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Begin a tuning in a process of its own."""
    content = await data.read()

    def work() -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(data.filename or "data.jsonl").name
            path.write_bytes(content)
            asked = TuneRequest(
                base=base, data=path, objective=objective, method=method or None, name=name,
                minutes=minutes, options=options.split(),
            )  # fmt: skip
            run = submit_tuning(runtime, asked)
        _record_start(runtime, run)
        return run

    run = await service.call(work)
    return redirect_back(f"/training/{run}", "The training has begun.")


@router.get("/{run}")
def show_run(request: Request, run: int, runtime: InRights) -> Response:
    """One run: where it is, its curves, its steps."""
    return render(request, "run.html", message=read_flash(request), **_make_run_view(runtime, run))


@router.get("/{run}/live")
def refresh_run(request: Request, run: int, runtime: InRights) -> Response:
    """What of the page changes."""
    return render(request, "run_live.html", **_make_run_view(runtime, run))


@router.post("/{run}/stop", dependencies=[Depends(require_action("training.run"))])
def stop(run: int, runtime: InRights) -> Response:
    """Let a run end at its next step, with a checkpoint."""
    stop_run(runtime.database, runtime.principal, run)
    return redirect_back(
        f"/training/{run}", "Stopping after the current step; a checkpoint will be saved."
    )


@router.post("/{run}/resume", dependencies=[Depends(require_action("training.run"))])
def resume(run: int, runtime: InRights) -> Response:
    """Go on with a run that was stopped."""
    row = Runs(runtime.database, runtime.principal).get(run)
    if row.status not in ("stopped", "failed") or row.kind not in RESUMES:
        raise UsageError(f"Run {run} is {row.status}: only a stopped training can go on.")
    _record_start(runtime, run, row.kind)
    return redirect_back(f"/training/{run}", "Resumed.")


@router.get("/data/{id_}")
def show_dataset(request: Request, id_: int, runtime: InRights) -> Response:
    """A data set with what its check found."""
    found = find_stored_dataset(runtime.database, runtime.principal, id_)
    return render(request, "dataset.html", each=found, report=found.report)


def _record_start(runtime: Runtime, run: int, kind: str = "tune") -> None:
    launch(runtime.workspace, runtime.principal, run, RESUMES[kind])
    with runtime.database.write(runtime.principal) as session:
        audit.record(session, "training.run", f"run-{run}")


def _list_bases(runtime: Runtime) -> list[str]:
    """What a tuning may start from, as the form offers it."""
    held = [
        each.name
        for each in runtime.models.catalog.list_models()
        if each.pulled and each.kind != "rerank"
    ]
    whole = [
        f"{each.name}@{each.newest.number}"
        for each in runtime.models.versions.list_models(runtime.principal)
        if each.newest.facts.kind == "model"
    ]
    return [*held, *whole]


def _make_run_view(runtime: Runtime, run: int) -> Json:
    runs = Runs(runtime.database, runtime.principal)
    row, values = runs.get(run), runs.read_values(run)
    return {
        "run": row,
        "steps": row.steps,
        "plots": [_draw_curve(title, names, values) for title, names in CURVES.items() if values],
        "compared": row.results if row.kind == "eval.compare" else None,
        "running": row.status == "running",
        "progress": _measure_progress(row, values),
    }


def _draw_curve(
    title: str, names: dict[str, str], values: dict[str, list[tuple[int, float]]]
) -> tuple[str, list[str], Markup]:
    """A plot with its title and the names of its lines."""
    series = {
        label: [(float(step), value) for step, value in values[name]]
        for label, name in names.items()
        if name in values
    }
    last = max((points[-1][0] for points in series.values()), default=1.0)
    picture = draw_line_plot(series, title=title, since=0, until=max(last, 1.0), over="steps")
    return title, list(series), Markup(picture)


def _measure_progress(row: RunRow, values: dict[str, list[tuple[int, float]]]) -> tuple[int, int]:
    """Steps that are done, and in all; 0 where it is not known."""
    total = next((int(s["steps"]) for s in row.steps if s["step"] == "strategy"), 0)
    done = max((points[-1][0] for points in values.values()), default=0)
    return done, total
