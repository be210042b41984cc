"""Traces: choosing one, and what happened in it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from genwright.feedback import list_feedback
from genwright.improve.provenance import format_lineage, trace_origin
from genwright.improve.suites import add_from_trace
from genwright.library.passages import read_passages
from genwright.monitoring import TraceFilter, TraceStep, list_traces, read_trace
from genwright.monitoring.plots import draw_waterfall
from genwright.runtime import Runtime
from genwright.server.deps import InRights, Serving, require_action
from genwright.server.pages.views.rendering import redirect_back, render

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
class TraceFilters:
    """What the form says."""

    text: str = ""
    assistant: str = ""
    status: str = ""
    outcome: str = ""
    since: str = ""
    feedback: bool = False

    def to_query(self) -> TraceFilter:
        """As the list of traces takes it."""
        refused = {"answered": False, "refused": True}.get(self.outcome)
        return TraceFilter(
            since=_parse_day(self.since),
            text=self.text,
            assistant=self.assistant,
            status=self.status,
            refused=refused,
            with_feedback=self.feedback,
        )


@router.get("")
def show_traces(
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
    filters = TraceFilters(text, assistant, status, outcome, since, feedback)
    found = list_traces(
        runtime.database,
        runtime.principal,
        filters.to_query(),
        limit=PAGE + 1,
        offset=PAGE * (page - 1),
    )
    rows = [(each, _format_time(each.began)) for each in found[:PAGE]]
    return render(
        request, "traces.html", rows=rows, filters=filters, page=page, more=len(found) > PAGE
    )


@router.get("/{trace}")
def show_trace(request: Request, service: Serving, runtime: InRights, trace: str) -> Response:
    """One trace as a tree with times, the passages that were read, and what people said of it."""
    service.runtime.tracing.flush()
    root = read_trace(runtime.database, runtime.principal, trace)
    steps = list(_walk_steps(root))
    plot = draw_waterfall([(step.name, step.start, step.seconds) for step in steps], title="Steps")
    found = list_feedback(runtime.database, runtime.principal, trace=root.trace_id)
    return render(
        request,
        "trace.html",
        root=root,
        when=_format_time(root.began),
        plot=Markup(plot),
        passages=_read_passages(runtime, steps),
        prompts=_list_prompts(runtime, steps),
        private=PRIVATE,
        feedback=found,
    )


@router.post("/{trace}/suite", dependencies=[Depends(require_action("suite.edit"))])
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
    return redirect_back("/improve#suite", "Case saved.")


@router.get("/{trace}/why")
def explain_trace(request: Request, runtime: InRights, trace: str) -> Response:
    """Where an answer came from, to the feedback that shaped it."""
    root = read_trace(runtime.database, runtime.principal, trace)
    origin = trace_origin(runtime.workspace, runtime.principal, root.trace_id)
    return render(request, "why.html", trace=root.trace_id, lines=list(format_lineage(origin)))


def _walk_steps(step: TraceStep) -> "list[TraceStep]":
    return [step, *(below for each in step.steps for below in _walk_steps(each))]


def _read_passages(runtime: Runtime, steps: list[TraceStep]) -> list[object]:
    """The passages that were found, those of them that the reader may read."""
    for step in steps:
        ids = step.attributes.get("genwright.passages")
        if ids:
            scores = step.attributes.get("genwright.scores") or []
            known = read_passages(runtime, ids)
            rows = zip(ids, scores, strict=False)
            return [(known[id_], score) for id_, score in rows if id_ in known]
    return []


def _list_prompts(
    runtime: Runtime, steps: list[TraceStep]
) -> list[tuple[str, list[dict[str, object]]]]:
    """What models were told; for admins, because prompts quote documents."""
    if not runtime.principal.sees_all:
        return []
    return [
        (step.name, json.loads(step.attributes["gen_ai.input.messages"]))
        for step in steps
        if "gen_ai.input.messages" in step.attributes
    ]


def _format_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _parse_day(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() if text else None
    except ValueError:
        return None
