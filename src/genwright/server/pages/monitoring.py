"""Monitoring: plots of what the server does, alerts, drift."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from genwright.monitoring import read_series
from genwright.monitoring.alerts import list_firing, list_history
from genwright.monitoring.drift_job import read_drift_history
from genwright.monitoring.plots import Points, draw_line_plot
from genwright.server.deps import InRights, Serving, require_action
from genwright.server.pages.views.rendering import render
from genwright.server.service import Service

router = APIRouter(
    prefix="/monitoring",
    include_in_schema=False,
    dependencies=[Depends(require_action("monitoring.read"))],
)

RANGES = {
    "15 minutes": 900,
    "1 hour": 3600,
    "6 hours": 6 * 3600,
    "1 day": 86_400,
    "1 week": 604_800,
}


@dataclass(frozen=True)
class Plot:
    """A plot of the page: its series by the names of the legend."""

    title: str
    unit: str
    series: dict[str, str]


PLOTS = (
    Plot("Requests", "/s", {"all": "requests_per_second", "refused (429)": "rejected_per_second"}),
    Plot("Time to first token", "s", {f"p{q}": f"ttft_p{q}" for q in (50, 95, 99)}),
    Plot("Between tokens", "s", {f"p{q}": f"inter_token_p{q}" for q in (50, 95, 99)}),
    Plot("Whole request", "s", {f"p{q}": f"total_p{q}" for q in (50, 95, 99)}),
    Plot("Tokens", "/s", {"read": "tokens_in_per_second", "written": "tokens_out_per_second"}),
    Plot("At work and waiting", "", {"at work": "running", "waiting": "queue_depth"}),
    Plot("Errors", "%", {"errors": "error_share"}),
    Plot("Answers", "%", {"refused": "refusal_share", "unsupported": "unsupported_share"}),
    Plot("Feedback", "", {"thumbs up": "thumbs_up", "thumbs down": "thumbs_down"}),
    Plot(
        "Drift (p-values)",
        "",
        {"embeddings": "drift_mmd_p", "classifier": "drift_auc_p", "lengths": "drift_length_p"},
    ),
)


@router.get("")
def show_monitoring(
    request: Request,
    service: Serving,
    runtime: InRights,
    span: Annotated[str, Query(alias="range", max_length=20)] = "1 hour",
) -> Response:
    """All plots, alerts and looks at drift."""
    span = span if span in RANGES else "1 hour"
    return render(
        request,
        "monitoring.html",
        ranges=list(RANGES),
        span=span,
        alerts=list_history(runtime.database, runtime.principal, 30),
        looks=read_drift_history(runtime.database),
        live=_collect_live(service, RANGES[span]),
    )


@router.get("/live")
def refresh_monitoring(
    request: Request,
    service: Serving,
    span: Annotated[str, Query(alias="range", max_length=20)] = "1 hour",
) -> Response:
    """What of the page changes, for the module that asks again and again."""
    return render(request, "live.html", live=_collect_live(service, RANGES.get(span, 3600)))


def _collect_live(service: Service, seconds: int) -> dict[str, object]:
    now = time.time()
    names = [name for plot in PLOTS for name in plot.series.values()]
    known = read_series(service.workspace.database, names, now - seconds, now + 1)
    plots = [(plot, _draw_plot(plot, known, now - seconds, now)) for plot in PLOTS]
    last = {name: points[-1][1] for name, points in known.items() if points}
    return {
        "plots": plots,
        "last": last,
        "firing": list_firing(service.workspace.database, service.runtime.principal),
        "queues": {name: each.request_counts for name, each in service.admissions.items()},
    }


def _draw_plot(plot: Plot, known: Mapping[str, Points], since: float, until: float) -> Markup:
    series = {label: known[name] for label, name in plot.series.items()}
    return Markup(
        draw_line_plot(series, title=plot.title, unit=plot.unit, since=since, until=until)
    )
