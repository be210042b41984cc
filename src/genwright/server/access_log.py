"""One line in the log and one count in the metrics for every request."""

import logging

from genwright.monitoring import Metrics

log = logging.getLogger("genwright.access")


class RequestLog:
    """Told of requests by the gate.

    Args:
        metrics: Where they are counted.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics

    def record_request(
        self, method: str, route: str, status: int, seconds: float, request_id: str
    ) -> None:
        """Count and log one; what was asked is not part of it."""
        self.metrics.count_http_request(route, method, status, seconds)
        known = {"method": method, "route": route, "status": status, "request_id": request_id}
        log.info("request", extra={**known, "seconds": round(seconds, 4)})
