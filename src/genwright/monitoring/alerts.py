"""Alerts: rules over the recorded series, looked at after each interval.

A rule whose expression holds for its time fires, once; it is told again after ``AGAIN`` seconds
while it holds, and when it no longer does. What fires is in the store, so that a restart neither
forgets nor repeats it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from genwright.errors import SettingsError
from genwright.monitoring.alert import FiredAlert
from genwright.monitoring.expressions import Expression, compile_expression
from genwright.monitoring.notify import Notifier
from genwright.settings import AlertRule
from genwright.storage import Alert, Database, Sample, StoreSession
from genwright.types import OWNER, Principal

AGAIN = 4 * 3600.0
"""Seconds after which an alert that goes on is told again, as Alertmanager does."""

log = logging.getLogger("genwright.alerts")

DEFAULT_RULES = (
    AlertRule(
        name="Errors",
        expr="avg(error_share, 300) > 0.05",
        for_seconds=60,
        severity="critical",
        summary="More than 5 % of requests fail.",
    ),
    AlertRule(
        name="SlowFirstToken",
        expr="avg(ttft_p95, 300) > 20",
        for_seconds=120,
        summary="The first token takes over 20 s for 5 % of requests.",
    ),
    AlertRule(
        name="QueueFull",
        expr="avg(rejected_per_second, 300) > 0.1",
        for_seconds=120,
        summary="Requests are refused because the queue is full.",
    ),
    AlertRule(
        name="Refusals",
        expr="avg(refusal_share, 3600) > 0.5",
        for_seconds=900,
        summary="Over half of the questions are not answered by the documents.",
    ),
    AlertRule(
        name="Unsupported",
        expr="avg(unsupported_share, 3600) > 0.2",
        for_seconds=900,
        summary="Over a fifth of the sentences have no source.",
    ),
    AlertRule(
        name="ThumbsDown",
        expr="sum(thumbs_down, 86400) > 5 and sum(thumbs_down, 86400) > sum(thumbs_up, 86400)",
        for_seconds=0,
        summary="More thumbs down than up within a day.",
    ),
    AlertRule(
        name="EngineRestarts",
        expr="sum(engine_restarts, 900) > 2",
        severity="critical",
        summary="A model's engine died more than twice within 15 minutes.",
    ),
    AlertRule(
        name="Drift",
        expr="last(drift_detected, 86400) > 0",
        severity="info",
        summary="Questions are no longer what they were: look at the monitoring page.",
    ),
    AlertRule(
        name="DiskFull",
        expr="disk_free_bytes < 1000000000",
        for_seconds=60,
        severity="critical",
        summary="Less than 1 GB is free where the workspace is.",
    ),
)
"""Rules of a workspace that has none of its own."""


class Alerts:
    """The rules of a workspace at work.

    Args:
        database: The store.
        rules: What to look for.
        notifier: Tells receivers.
        clock: Seconds since 1970.

    Raises:
        SettingsError: An expression is none, or two rules have one name.
    """

    def __init__(
        self,
        database: Database,
        rules: Sequence[AlertRule],
        notifier: Notifier,
        clock: Callable[[], float] = time.time,
    ) -> None:
        names = [rule.name for rule in rules]
        if len(set(names)) < len(names):
            raise SettingsError("alerts: two rules have the same name; give each its own.")
        self._rules = [(rule, compile_expression(rule.expr)) for rule in rules]
        self._database, self._notifier, self._clock = database, notifier, clock
        self._since: dict[str, float] = {}

    def check(self) -> list[FiredAlert]:
        """Look at every rule now, and tell what began, went on for long, or ended.

        Returns:
            The alerts that fire now.
        """
        now = self._clock()
        told: list[FiredAlert] = []
        with self._database.write(OWNER) as session:
            for rule, expression in self._rules:
                value = self._evaluate_rule(session, rule, expression, now)
                row = self._find_firing(session, rule.name)
                if value is not None and row is None and self._is_long_enough(rule, now):
                    row = self._fire(session, rule, value, now)
                elif value is None and row is not None:
                    row.resolved_at, row.notified_at = _to_datetime(now), None
                elif value is not None and row is not None:
                    row.value = value
                if row is not None and self._is_due(row, now):
                    row.notified_at = _to_datetime(now)
                    told.append(_read_alert(row))
        for each in told:
            self._notifier.notify(each)
        return list_firing(self._database, OWNER)

    def _evaluate_rule(
        self, session: StoreSession, rule: AlertRule, expression: Expression, now: float
    ) -> float | None:
        """The value of an expression that holds; None where it does not."""

        def read_values(name: str, seconds: float) -> list[float]:
            rows = session.scalars(
                select(Sample.value)
                .where(Sample.name == name, Sample.at > now - seconds, Sample.at <= now + 1)
                .order_by(Sample.at)
            )
            return list(rows)

        try:
            value = expression.evaluate(read_values)
        except SettingsError as error:  # one rule must not silence the others
            log.warning("rule failed", extra={"rule": rule.name, "error": str(error)})
            value = None
        if not value:
            self._since.pop(rule.name, None)
            return None
        self._since.setdefault(rule.name, now)
        return value

    def _is_long_enough(self, rule: AlertRule, now: float) -> bool:
        return now - self._since[rule.name] >= rule.for_seconds

    def _find_firing(self, session: StoreSession, name: str) -> Alert | None:
        return session.scalar(
            select(Alert).where(Alert.rule == name, Alert.resolved_at.is_(None)).limit(1)
        )

    def _fire(self, session: StoreSession, rule: AlertRule, value: float, now: float) -> Alert:
        row = Alert(
            rule=rule.name,
            severity=rule.severity,
            summary=rule.summary or rule.expr,
            value=value,
            fired_at=_to_datetime(now),
        )
        session.add(row)
        session.flush()
        return row

    def _is_due(self, row: Alert, now: float) -> bool:
        last = row.notified_at
        return last is None or (
            row.resolved_at is None
            and _to_datetime(now) - last.replace(tzinfo=UTC) > timedelta(seconds=AGAIN)
        )


def list_firing(database: Database, principal: Principal) -> list[FiredAlert]:
    """The alerts that fire now, oldest first."""
    with database.read(principal) as session:
        rows = session.scalars(select(Alert).where(Alert.resolved_at.is_(None)).order_by(Alert.id))
        return [_read_alert(row) for row in rows]


def list_history(database: Database, principal: Principal, limit: int = 50) -> list[FiredAlert]:
    """The newest alerts, those that are over among them."""
    with database.read(principal) as session:
        rows = session.scalars(select(Alert).order_by(Alert.id.desc()).limit(limit))
        return [_read_alert(row) for row in rows]


def _read_alert(row: Alert) -> FiredAlert:
    ended = row.resolved_at.replace(tzinfo=UTC) if row.resolved_at else None
    began = row.fired_at.replace(tzinfo=UTC)
    return FiredAlert(row.id, row.rule, row.severity, row.summary, row.value, began, ended)


def _to_datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
