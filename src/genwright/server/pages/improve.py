"""Improvements: what was learnt from feedback, what the gate said, and who decides."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from markupsafe import Markup
from starlette.responses import Response

from genwright.access import audit
from genwright.errors import Refused, UsageError
from genwright.improve.canaries import compare_canary, end_canary, list_canaries, start_canary
from genwright.improve.loop import KIND, RESUME, ImprovementRequest
from genwright.improve.loop import submit_improvement as begin_improvement
from genwright.improve.methods import methods
from genwright.improve.report import plot_differences
from genwright.improve.results import ImprovementRecord, Promotion
from genwright.improve.suites import list_cases, remove_case
from genwright.runs import RunRow, Runs
from genwright.runs.launch import launch
from genwright.runtime import Runtime
from genwright.server.deps import InRights, Serving, require_action
from genwright.server.pages.views.rendering import read_flash, redirect_back, render

router = APIRouter(
    prefix="/improve",
    include_in_schema=False,
    dependencies=[Depends(require_action("improve.read"))],
)
Name = Annotated[str, Form(max_length=64)]


@router.get("")
def show_improvements(request: Request, service: Serving, runtime: InRights) -> Response:
    """Improvements, canaries, the suite, and the form that begins one."""
    database, principal = runtime.database, runtime.principal
    newest = Runs(database, principal).list_newest([KIND], 50)
    running = list_canaries(database, principal)
    live = {
        each.assistant: service.assistants.resolve(principal, each.assistant).version.number
        for each in running
    }
    return render(
        request, "improve.html",
        runs=[(row, ImprovementRecord.from_json(row.results).outcome) for row in newest],
        assistants=service.assistants.list_assistants(principal),
        methods=methods.names(), chosen=service.settings.improve.methods,
        canaries=[(each, compare_canary(database, each, live[each.assistant])) for each in running],
        cases=list_cases(database, principal, service.settings.improve.suite),
        message=read_flash(request),
    )  # fmt: skip


@router.post("", dependencies=[Depends(require_action("improve.run"))])
async def start_improvement(
    service: Serving,
    runtime: InRights,
    assistant: Name,
    method: Annotated[list[str], Form()],
    questions: UploadFile | None = None,
    all_feedback: Annotated[bool, Form()] = False,
) -> Response:
    """Begin an improvement in a process of its own."""
    content = await questions.read() if questions is not None else b""
    name = Path(questions.filename or "questions.jsonl").name if questions is not None else ""

    def work() -> int:
        file = _store_questions(runtime, content, name) if content else ""
        wanted = ImprovementRequest(assistant, tuple(method), file, all_feedback=all_feedback)
        run = begin_improvement(runtime, wanted)
        launch(runtime.workspace, runtime.principal, run, RESUME)
        _record_action(runtime, "improve.run", f"run-{run}")
        return run

    run = await service.call(work)
    return redirect_back(f"/improve/{run}", "The improvement has begun.")


@router.get("/{run}")
def show_improvement(request: Request, run: int, runtime: InRights) -> Response:
    """One improvement: its steps, the gate's decisions, what can be done."""
    row = _get_improvement(runtime, run)
    record = ImprovementRecord.from_json(row.results)
    gate = {
        name: {**each.json(), "plot": Markup(plot_differences(each.decision))}
        if each.decision
        else each.json()
        for name, each in record.steps.gate.items()
    }
    return render(
        request, "improvement.html", row=row, steps=record.steps, gate=gate,
        candidate=record.steps.candidate_label, outcome=record.outcome,
        taken_back=record.taken_back, message=read_flash(request),
    )  # fmt: skip


@router.post("/{run}/promote", dependencies=[Depends(require_action("assistants.promote"))])
def promote(service: Serving, runtime: InRights, run: int) -> Response:
    """Let the candidate of an improvement be live."""
    name, _, number = _get_passed_label(runtime, run).partition("@")
    made = service.assistants.promote(runtime.principal, name, number)
    runs = Runs(runtime.database, runtime.principal)
    row = runs.get(run)
    record = ImprovementRecord.from_json(row.results)
    steps = replace(record.steps, promote=Promotion(made.label, time.time()))
    record = replace(record, steps=steps, outcome="promoted")
    runs.update(run, results=row.results | record.json(),
                message=f"{made.label} is live, by {runtime.principal.name}")  # fmt: skip
    _record_action(runtime, "assistant.promote", made.label)
    return redirect_back(f"/improve/{run}", f"{made.label} is live.")


@router.post("/{run}/rollback", dependencies=[Depends(require_action("assistants.promote"))])
def rollback(service: Serving, runtime: InRights, run: int) -> Response:
    """Let the version before be live again."""
    row = _get_improvement(runtime, run)
    found = service.assistants.rollback(runtime.principal, row.name)
    _record_action(runtime, "assistant.rollback", found.label)
    return redirect_back(f"/improve/{run}", f"{found.label} is live again.")


@router.post("/{run}/canary", dependencies=[Depends(require_action("assistants.promote"))])
def begin_canary(
    service: Serving,
    runtime: InRights,
    run: int,
    share: Annotated[float, Form(gt=0, le=50)] = 10,
) -> Response:
    """Let the candidate answer a share of conversations."""
    name, _, number = _get_passed_label(runtime, run).partition("@")
    database, principal = runtime.database, runtime.principal
    made = start_canary(database, principal, service.assistants, name, number, share / 100)
    _record_action(runtime, "canary.start", f"{name}@{made.version}")
    return redirect_back("/improve", f"{share:g} % of conversations go to {name}@{made.version}.")


@router.post("/canaries/{name}/end", dependencies=[Depends(require_action("assistants.promote"))])
def stop_canary(runtime: InRights, name: str) -> Response:
    """End a canary."""
    end_canary(runtime.database, runtime.principal, name, "a person ended it")
    _record_action(runtime, "canary.end", name)
    return redirect_back("/improve", f"The canary of {name} has ended.")


@router.post("/suite/{case}/remove", dependencies=[Depends(require_action("suite.edit"))])
def remove_suite_case(runtime: InRights, case: int) -> Response:
    """Take a case out of the suite."""
    remove_case(runtime.database, runtime.principal, case)
    return redirect_back("/improve#suite", "Case removed.")


def _store_questions(runtime: Runtime, content: bytes, name: str) -> str:
    """The uploaded questions, where the run finds them."""
    folder = Path(tempfile.mkdtemp(prefix="questions-", dir=runtime.workspace.runs_dir))
    path = folder / (name or "questions.jsonl")
    path.write_bytes(content)
    return str(path)


def _get_improvement(runtime: Runtime, run: int) -> RunRow:
    row = Runs(runtime.database, runtime.principal).get(run)
    if row.kind != KIND:
        raise UsageError(f"Run {run} is not an improvement run.")
    return row


def _get_passed_label(runtime: Runtime, run: int) -> str:
    record = ImprovementRecord.from_json(_get_improvement(runtime, run).results)
    label = record.steps.candidate_label
    if not label:
        raise Refused(f"Improvement {run} has no candidate that passed the gate.")
    return label


def _record_action(runtime: Runtime, action: str, name: str) -> None:
    with runtime.database.write(runtime.principal) as session:
        audit.record(session, action, name[:200])
