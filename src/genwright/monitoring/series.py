"""Series: what the metrics told in each interval, kept in the store for plots, alerts and drift."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from genwright.errors import StoreFailed
from genwright.monitoring.metrics import MetricInterval, Metrics
from genwright.storage import Database, Sample
from genwright.types import OWNER

QUANTILES = (50, 95, 99)
Points = list[tuple[float, float]]
"""Seconds since 1970, and the value there."""

log = logging.getLogger("genwright.monitoring")


class SeriesRecorder:
    """Writes one row for each series at the end of each interval, from a thread of its own.

    Args:
        database: The store.
        metrics: What is counted.
        seconds: Length of an interval.
        gauges: Asked at the end of each for more values by name, such as ``queue_depth``.
        after: Called after each, such as to look at alerts.
    """

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        seconds: float,
        gauges: Callable[[], Mapping[str, float]] = dict,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._metrics, self._seconds = database, metrics, seconds
        self._gauges, self._after, self._stop = gauges, after, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="series")

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def close(self) -> None:
        """Write the last interval, and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def record(self) -> None:
        """Write the interval that ends now."""
        values = compute_values(self._metrics.take_interval(), self._seconds) | dict(self._gauges())
        record_samples(self._database, values)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._record_and_look()
        self._record_and_look()

    def _record_and_look(self) -> None:
        try:
            self.record()
            self._after()
        except StoreFailed as error:
            log.warning("series not written", extra={"error": str(error)})
        except Exception:
            log.exception("watching failed")  # the next interval may go well


def compute_values(interval: MetricInterval, seconds: float) -> dict[str, float]:
    """The values of an interval by name; shares and quantiles only where there is something."""
    counts = interval.counts
    values: dict[str, float] = {
        "requests_per_second": counts["http"] / seconds,
        "rejected_per_second": counts["rejected"] / seconds,
        "tokens_in_per_second": counts["tokens_in"] / seconds,
        "tokens_out_per_second": counts["tokens_out"] / seconds,
        "thumbs_up": counts["thumbs_up"],
        "thumbs_down": counts["thumbs_down"],
        "engine_restarts": counts["restarts"],
    }
    sentences = counts["supported"] + counts["unsupported"]
    shares = {
        # A reply that broke off while it streamed had status 200; others count once.
        "error_share": (max(counts["http_5xx"], counts["errors"]), counts["http"]),
        "refusal_share": (counts["refused"], counts["answers"]),
        "unsupported_share": (counts["unsupported"], sentences),
        "thumbs_down_share": (counts["thumbs_down"], counts["thumbs_up"] + counts["thumbs_down"]),
    }
    values |= {name: part / whole for name, (part, whole) in shares.items() if whole}
    for kind, kept in interval.values.items():
        for q, value in zip(QUANTILES, np.percentile(kept, QUANTILES), strict=True):
            values[f"{kind}_p{q}"] = float(value)
    return values


def record_samples(
    database: Database,
    values: Mapping[str, float],
    labels: Mapping[str, str] | None = None,
    at: float | None = None,
) -> None:
    """Write one value of each series.

    Args:
        database: The store.
        values: By name of series.
        labels: What tells this series from others of the name.
        at: Seconds since 1970; now by default.
    """
    text = json.dumps(dict(labels or {}), sort_keys=True)
    second = int(time.time() if at is None else at)
    rows = [
        {"name": name, "labels": text, "at": second, "value": float(value)}
        for name, value in values.items()
    ]
    if not rows:
        return
    statement = insert(Sample)
    with database.write(OWNER) as session:
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["name", "labels", "at"], set_={"value": statement.excluded.value}
            ),
            rows,
        )


def read_series(
    database: Database, names: Sequence[str], since: float, until: float, most: int = 600
) -> dict[str, Points]:
    """Values of series by time.

    Args:
        database: The store.
        names: Which ones.
        since: Seconds since 1970, included.
        until: Seconds since 1970, excluded.
        most: Points of a series; more are averaged in equal steps of time.
    """
    found: dict[str, Points] = {name: [] for name in names}
    with database.read(OWNER) as session:
        rows = session.execute(
            select(Sample.name, Sample.at, Sample.value)
            .where(Sample.name.in_(names), Sample.at >= int(since), Sample.at < until)
            .order_by(Sample.at)
        )
        for name, at, value in rows:
            found[name].append((float(at), value))
    step = (until - since) / most
    return {name: _thin_points(points, step) for name, points in found.items()}


def forget_samples(database: Database, before: float) -> None:
    """Remove values older than a time, in seconds since 1970."""
    with database.write(OWNER) as session:
        session.execute(delete(Sample).where(Sample.at < int(before)))


def _thin_points(points: Points, step: float) -> Points:
    """Points with those of one step averaged."""
    if len(points) < 2 or points[-1][0] - points[0][0] >= step * len(points):
        return points
    steps: dict[int, Points] = {}
    for at, value in points:
        steps.setdefault(int(at // step), []).append((at, value))
    return [
        (sum(at for at, _ in each) / len(each), sum(value for _, value in each) / len(each))
        for each in steps.values()
    ]
