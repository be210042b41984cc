"""Whether the process lives, whether it can do its work, and how it does."""

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from genwright import __version__
from genwright.server.deps import Serving, require_action

router = APIRouter(tags=["watching"])


@router.get("/health")
async def get_health() -> dict[str, str]:
    """The process answers. Nothing else is looked at: restart it where this fails."""
    return {"status": "ok", "version": __version__}


@router.get("/ready")
def get_readiness(service: Serving) -> Response:
    """Whether questions can be answered: 200, or 503 with what is not ready."""
    missing = service.check_ready()
    status = "ready" if not missing else "not ready"
    body = {"status": status, "missing": missing}
    return JSONResponse(body, status_code=503 if missing else 200)


@router.get("/metrics", dependencies=[Depends(require_action("monitoring.read"))])
def get_metrics(service: Serving) -> Response:
    """Counts and times in Prometheus' text format."""
    service.measure_queues()
    body, kind = service.metrics.render_exposition()
    return Response(body, media_type=kind)
