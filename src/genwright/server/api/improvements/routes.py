"""``/v1/improvements``: the loop, for programs."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints

from genwright.improve.loop import KIND, RESUME, ImprovementRequest, submit_improvement
from genwright.improve.results import ImprovementRecord
from genwright.runs import RunRow, Runs
from genwright.runs.launch import launch
from genwright.server.api.shared.requests import ClosedModel
from genwright.server.deps import InRights, require_action
from genwright.types import Json

router = APIRouter(
    prefix="/v1/improvements",
    tags=["improve"],
    dependencies=[Depends(require_action("improve.read"))],
)


class ImprovementBody(ClosedModel):
    """What to improve, and how."""

    assistant: Annotated[str, StringConstraints(max_length=64)] = ""
    methods: Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=20)]
    all_feedback: bool = False
    promote: bool | None = None
    """Promote what passes the gate; by default as the settings say."""


@router.post("", dependencies=[Depends(require_action("improve.run"))])
def create_improvement(body: ImprovementBody, runtime: InRights) -> Json:
    """Begin an improvement in a process of its own."""
    wanted = ImprovementRequest(
        body.assistant, tuple(body.methods), all_feedback=body.all_feedback, promote=body.promote
    )
    run = submit_improvement(runtime, wanted)
    launch(runtime.workspace, runtime.principal, run, RESUME)
    return _format_improvement(Runs(runtime.database, runtime.principal).get(run))


@router.get("")
def list_improvements(runtime: InRights) -> Json:
    """Improvements, newest first."""
    rows = Runs(runtime.database, runtime.principal).list_newest([KIND], 100)
    return {"object": "list", "data": [_format_improvement(row) for row in rows]}


@router.get("/{run}")
def get_improvement(run: int, runtime: InRights) -> Json:
    """One improvement with the gate's decisions."""
    return _format_improvement(Runs(runtime.database, runtime.principal).get(run))


def _format_improvement(row: RunRow) -> Json:
    record = ImprovementRecord.from_json(row.results)
    return {
        "object": "improvement",
        "id": row.id,
        "assistant": row.name,
        "status": row.status,
        "outcome": record.outcome or None,
        "message": row.message,
        "candidate": record.steps.candidate_label or None,
        "gate": {name: each.json() for name, each in record.steps.gate.items()},
        "created_at": row.created_at,
    }
