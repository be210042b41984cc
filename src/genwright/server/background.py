"""What a server does beside its requests: series, alerts, drift, retention."""

import logging
import shutil
import time
from collections.abc import Callable, Mapping

from genwright.errors import GenwrightError
from genwright.maintenance.erase import apply_retention
from genwright.monitoring.alerts import DEFAULT_RULES, Alerts
from genwright.monitoring.drift_job import look_for_drift
from genwright.monitoring.notify import Notifier
from genwright.monitoring.series import SeriesRecorder
from genwright.server.loop_watch import look_after
from genwright.server.service import Service

IMPROVE_SECONDS = 30.0
DRIFT_SECONDS = 3600.0
RETENTION_SECONDS = 24 * 3600.0

log = logging.getLogger("genwright.server")


class Background:
    """Runs from one thread, after each interval of the series.

    Args:
        service: What is watched.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        settings, database = service.settings, service.workspace.database
        self._notifier = Notifier(settings.notify)
        rules = DEFAULT_RULES if settings.alerts is None else settings.alerts
        self._alerts = Alerts(database, rules, self._notifier)
        seconds = settings.monitoring.interval_seconds
        self._recorder = SeriesRecorder(
            database, service.metrics, seconds, self._gauges, self._after
        )
        self._due: dict[str, float] = {}
        self._restarts: dict[str, int] = {}

    def start(self) -> None:
        """Begin."""
        self._recorder.start()

    def close(self) -> None:
        """Write the last interval and tell what is to be told."""
        self._recorder.close()
        self._notifier.close()

    def _gauges(self) -> Mapping[str, float]:
        """Values that are looked up and not counted."""
        self._count_restarts()
        queues = self._service.measure_queues()
        return {
            "running": sum(running for running, _ in queues.values()),
            "queue_depth": sum(waiting for _, waiting in queues.values()),
            "disk_free_bytes": shutil.disk_usage(self._service.workspace.root).free,
        }

    def _count_restarts(self) -> None:
        for (name, _), engine in dict(self._service.runtime.models.engines).items():
            now = engine.process.restarts if engine.process else 0
            for _ in range(now - self._restarts.get(name, 0)):
                self._service.metrics.count_restart(name)
            self._restarts[name] = now

    def _after(self) -> None:
        self._alerts.check()
        self._sometimes("improvements", IMPROVE_SECONDS, lambda: look_after(self._service))
        self._sometimes("drift", DRIFT_SECONDS, self._look_for_drift)
        database, settings = self._service.workspace.database, self._service.settings
        self._sometimes(
            "retention", RETENTION_SECONDS, lambda: apply_retention(database, settings.retention)
        )

    def _look_for_drift(self) -> None:
        runtime = self._service.runtime
        size = runtime.settings.monitoring.drift_window
        look_for_drift(runtime.database, runtime.models.embedder.embed_queries, size)

    def _sometimes(self, what: str, seconds: float, do: Callable[[], object]) -> None:
        now = time.monotonic()
        if self._due.get(what, 0.0) > now:
            return
        self._due[what] = now + seconds
        try:
            do()
        except GenwrightError as error:
            log.warning(f"{what} failed", extra={"error": str(error)})
