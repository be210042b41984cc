"""After a promotion: an alert that fires soon takes it back."""

import time
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from genwright.improve.loop import KIND
from genwright.improve.results import ImprovementRecord, TakenBack
from genwright.registry import Assistants
from genwright.runs import Runs
from genwright.storage import Alert, Database
from genwright.types import OWNER

HOURS = 24.0
"""How long after a promotion an alert is thought to be its doing."""
SEVERITIES = ("warning", "critical")


def roll_back_promotions(
    database: Database, assistants: Assistants, now: float | None = None
) -> list[TakenBack]:
    """Roll back every assistant that an improvement promoted of late and an alert fired for since.

    Nothing is done where somebody has moved ``live`` since then: a person's word stands.
    """
    runs, now = Runs(database, OWNER), now or time.time()
    done = []
    for row in runs.list_newest([KIND]):
        record = ImprovementRecord.from_json(row.results)
        promoted = record.steps.promote
        if promoted is None or record.taken_back:
            continue
        if now - promoted.at > HOURS * 3600:
            continue
        alert = _find_alert_since(database, promoted.at)
        if alert is None:
            continue
        name = promoted.label.partition("@")[0]
        if assistants.resolve(OWNER, name).label != promoted.label:
            continue
        back = assistants.rollback(OWNER, name)
        told = TakenBack(name, promoted.label, back.label, alert)
        runs.update(
            row.id,
            results=row.results | replace(record, taken_back=told).json(),
            message=f"rolled back to {back.label}: alert {alert!r}",
        )
        done.append(told)
    return done


def _find_alert_since(database: Database, since: float) -> str | None:
    """Name of an alert that fired after a time and has not been resolved."""
    with database.read(OWNER) as session:
        rows = session.scalars(
            select(Alert).where(Alert.resolved_at.is_(None), Alert.severity.in_(SEVERITIES))
        )
        for row in rows:
            if _to_seconds(row.fired_at) >= since:
                return row.rule
    return None


def _to_seconds(at: datetime) -> float:
    from datetime import UTC

    return at.replace(tzinfo=UTC).timestamp()
