"""Traces: choosing one, and what happened in it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from genwright.feedback import list_feedback
from genwright.improve.provenance import lines, why
from genwright.improve.suites import add_from_trace
from genwright.library.passages import read_passages
from genwright.monitoring import Step, Wanted, list_traces, read_trace
from genwright.monitoring.plots import waterfall
from genwright.runtime import Runtime
from genwright.server.deps import InRights, Serving, may
from genwright.server.pages.views.rendering import back, render

router = APIRouter(prefix="/traces", include_in_schema=False)
PAGE = 40
PRIVATE = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "genwright.answer",
    "genwright.rewritten",
    "genwright.scores",
    "genwright.passages",
)
"""Attributes shown otherwise, or to admins only: prompts quote documents."""


@dataclass(frozen=True)
class Filters:
    """What the form says."""

    text: str = ""
    assistant: str = ""
    status: str = ""
    outcome: str = ""
    since: str = ""
    feedback: bool = False

    def wanted(self) -> Wanted:
        """As the list of traces takes it."""
        refused = {"answered": False, "refused": True}.get(self.outcome)
        return Wanted(
            since=_day(self.since),
            text=self.text,
            assistant=self.assistant,
            status=self.status,
            refused=refused,
            with_feedback=self.feedback,
        )


@router.get("")
def listing(
    request: Request,
    service: Serving,
    runtime: InRights,
    text: Annotated[str, Query(max_length=200)] = "",
    assistant: Annotated[str, Query(max_length=100)] = "",
    status: Annotated[str, Query(max_length=10)] = "",
    outcome: Annotated[str, Query(max_length=10)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    feedback: bool = False,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Traces that fit, newest first."""
    service.runtime.tracing.flush()
    filters = Filters(text, assistant, status, outcome, since, feedback)
    found = list_traces(
        runtime.database,
        runtime.principal,
        filters.wanted(),
        limit=PAGE + 1,
        offset=PAGE * (page - 1),
    )
    rows = [(each, _when(each.began)) for each in found[:PAGE]]
    return render(
        request, "traces.html", rows=rows, filters=filters, page=page, more=len(found) > PAGE
    )


@router.get("/{trace}")
def one(request: Request, service: Serving, runtime: InRights, trace: str) -> Response:
    """One trace as a tree with times, the passages that were read, and what people said of it."""
    service.runtime.tracing.flush()
    root = read_trace(runtime.database, runtime.principal, trace)
    steps = list(_walk(root))
    plot = waterfall([(step.name, step.start, step.seconds) for step in steps], title="Steps")
    found = list_feedback(runtime.database, runtime.principal, trace=root.trace_id)
    return render(
        request,
        "trace.html",
        root=root,
        when=_when(root.began),
        plot=Markup(plot),
        passages=_passages(runtime, steps),
        prompts=_prompts(runtime, steps),
        private=PRIVATE,
        feedback=found,
    )


@router.post("/{trace}/suite", dependencies=[Depends(may("suite.edit"))])
def keep_case(
    runtime: InRights,
    trace: str,
    bad: Annotated[bool, Form()] = False,
    reference: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """Keep an answer as a case of the regression suite."""
    root = read_trace(runtime.database, runtime.principal, trace)
    suite = runtime.settings.improve.suite
    add_from_trace(
        runtime.database, runtime.principal, root.trace_id, bad=bad, reference=reference,
        suite=suite,
    )  # fmt: skip
    return back("/improve#suite", "The case is kept.")


@router.get("/{trace}/why")
def because(request: Request, runtime: InRights, trace: str) -> Response:
    """Where an answer came from, to the feedback that shaped it."""
    root = read_trace(runtime.database, runtime.principal, trace)
    origin = why(runtime.workspace, runtime.principal, root.trace_id)
    return render(request, "why.html", trace=root.trace_id, lines=list(lines(origin)))


def _walk(step: Step) -> "list[Step]":
    return [step, *(below for each in step.steps for below in _walk(each))]


def _passages(runtime: Runtime, steps: list[Step]) -> list[object]:
    """The passages that were found, those of them that the reader may read."""
    for step in steps:
        ids = step.attributes.get("genwright.passages")
        if ids:
            scores = step.attributes.get("genwright.scores") or []
            known = read_passages(runtime, ids)
            rows = zip(ids, scores, strict=False)
            return [(known[id_], score) for id_, score in rows if id_ in known]
    return []


def _prompts(runtime: Runtime, steps: list[Step]) -> list[tuple[str, list[dict[str, object]]]]:
    """What models were told; for admins, because prompts quote documents."""
    if not runtime.principal.sees_all:
        return []
    return [
        (step.name, json.loads(step.attributes["gen_ai.input.messages"]))
        for step in steps
        if "gen_ai.input.messages" in step.attributes
    ]


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _day(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() if text else None
    except ValueError:
        return None
