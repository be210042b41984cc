"""Improvements: what was learnt from feedback, what the gate said, and who decides."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from markupsafe import Markup
from starlette.responses import Response

from genwright.access import audit
from genwright.errors import Refused, UsageError
from genwright.improve.canaries import canaries, compare, end_canary, start_canary
from genwright.improve.loop import KIND, Wanted
from genwright.improve.loop import begin as begin_improvement
from genwright.improve.methods import methods
from genwright.improve.report import difference_plot
from genwright.improve.suites import cases, remove_case
from genwright.runs import RunRow, Runs
from genwright.runs.launch import launch
from genwright.runtime import Runtime
from genwright.server.deps import InRights, Serving, may
from genwright.server.pages.views.rendering import back, render, told_of
from genwright.types import Json

router = APIRouter(
    prefix="/improve", include_in_schema=False, dependencies=[Depends(may("improve.read"))]
)
Name = Annotated[str, Form(max_length=64)]


@router.get("")
def listing(request: Request, service: Serving, runtime: InRights) -> Response:
    """Improvements, canaries, the suite, and the form that begins one."""
    database, principal = runtime.database, runtime.principal
    running = canaries(database, principal)
    live = {
        each.assistant: service.assistants.resolve(principal, each.assistant).version.number
        for each in running
    }
    return render(
        request, "improve.html",
        runs=Runs(database, principal).newest([KIND], 50),
        assistants=service.assistants.known(principal),
        methods=methods.names(), chosen=service.settings.improve.methods,
        canaries=[(each, compare(database, each, live[each.assistant])) for each in running],
        cases=cases(database, principal, service.settings.improve.suite),
        message=told_of(request),
    )  # fmt: skip


@router.post("", dependencies=[Depends(may("improve.run"))])
async def begin(
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
        file = _kept(runtime, content, name) if content else ""
        wanted = Wanted(assistant, tuple(method), file, all_feedback=all_feedback)
        run = begin_improvement(runtime, wanted)
        launch(runtime.workspace, runtime.principal, run, KIND)
        _note(runtime, "improve.run", f"run-{run}")
        return run

    run = await service.call(work)
    return back(f"/improve/{run}", "The improvement has begun.")


@router.get("/{run}")
def page(request: Request, run: int, runtime: InRights) -> Response:
    """One improvement: its steps, the gate's decisions, what can be done."""
    row = _improvement(runtime, run)
    state: Json = row.results.get("state", {})
    gate = {
        name: {**each, "plot": Markup(difference_plot(each)) if "target" in each else ""}
        for name, each in state.get("gate", {}).items()
    }
    candidate = state.get("candidate", {}).get("label", "")
    return render(
        request, "improvement.html", row=row, state=state, gate=gate, candidate=candidate,
        outcome=row.results.get("outcome", ""), rolled_back=row.results.get("rolled_back"),
        message=told_of(request),
    )  # fmt: skip


@router.post("/{run}/promote", dependencies=[Depends(may("assistants.promote"))])
def promote(service: Serving, runtime: InRights, run: int) -> Response:
    """Let the candidate of an improvement be live."""
    name, _, number = _passed(runtime, run).partition("@")
    made = service.assistants.promote(runtime.principal, name, number)
    runs = Runs(runtime.database, runtime.principal)
    row = runs.get(run)
    import time

    state = {**row.results["state"], "promote": {"label": made.label, "at": time.time()}}
    runs.update(run, results={**row.results, "state": state, "outcome": "promoted"},
                message=f"{made.label} is live, by {runtime.principal.name}")  # fmt: skip
    _note(runtime, "assistant.promote", made.label)
    return back(f"/improve/{run}", f"{made.label} is live.")


@router.post("/{run}/rollback", dependencies=[Depends(may("assistants.promote"))])
def rollback(service: Serving, runtime: InRights, run: int) -> Response:
    """Let the version before be live again."""
    row = _improvement(runtime, run)
    found = service.assistants.rollback(runtime.principal, row.name)
    _note(runtime, "assistant.rollback", found.label)
    return back(f"/improve/{run}", f"{found.label} is live again.")


@router.post("/{run}/canary", dependencies=[Depends(may("assistants.promote"))])
def canary(
    service: Serving,
    runtime: InRights,
    run: int,
    share: Annotated[float, Form(gt=0, le=50)] = 10,
) -> Response:
    """Let the candidate answer a share of conversations."""
    name, _, number = _passed(runtime, run).partition("@")
    database, principal = runtime.database, runtime.principal
    made = start_canary(database, principal, service.assistants, name, number, share / 100)
    _note(runtime, "canary.start", f"{name}@{made.version}")
    return back("/improve", f"{share:g} % of conversations go to {name}@{made.version}.")


@router.post("/canaries/{name}/end", dependencies=[Depends(may("assistants.promote"))])
def end(runtime: InRights, name: str) -> Response:
    """End a canary."""
    end_canary(runtime.database, runtime.principal, name, "a person ended it")
    _note(runtime, "canary.end", name)
    return back("/improve", f"The canary of {name} has ended.")


@router.post("/suite/{case}/remove", dependencies=[Depends(may("suite.edit"))])
def remove(runtime: InRights, case: int) -> Response:
    """Take a case out of the suite."""
    remove_case(runtime.database, runtime.principal, case)
    return back("/improve#suite", "The case is out.")


def _kept(runtime: Runtime, content: bytes, name: str) -> str:
    """The uploaded questions, where the run finds them."""
    folder = Path(tempfile.mkdtemp(prefix="questions-", dir=runtime.workspace.runs_dir))
    path = folder / (name or "questions.jsonl")
    path.write_bytes(content)
    return str(path)


def _improvement(runtime: Runtime, run: int) -> RunRow:
    row = Runs(runtime.database, runtime.principal).get(run)
    if row.kind != KIND:
        raise UsageError(f"Run {run} is no improvement.")
    return row


def _passed(runtime: Runtime, run: int) -> str:
    label = _improvement(runtime, run).results.get("state", {}).get("candidate", {}).get("label")
    if not label:
        raise Refused(f"Improvement {run} has no candidate that passed the gate.")
    return str(label)


def _note(runtime: Runtime, action: str, name: str) -> None:
    with runtime.database.write(runtime.principal) as session:
        audit.record(session, action, name[:200])
