"""Looking for drift in the questions that people ask, as the stored traces have them."""

import json
from collections.abc import Callable, Sequence

from sqlalchemy import func, select

from genwright.monitoring.drift import DriftReport, DriftWindow, compare_windows
from genwright.monitoring.series import record_samples
from genwright.storage import Database, Feedback, Sample, Span, StoreSession
from genwright.types import OWNER, Vectors

Embed = Callable[[Sequence[str]], Vectors]

LOOKS = "drift_looks"
"""Series that counts the comparisons with the present reference."""


def look_for_drift(database: Database, embed: Embed, size: int) -> DriftReport | None:
    """Compare the latest questions with the first ones there are, and keep what was seen.

    The windows never overlap. The series
    ``drift_detected`` (1 or 0), ``drift_mmd``, ``drift_auc`` and so on, and their p-values
    (``drift_mmd_p`` …), are written with the time of the look.

    Args:
        database: The store.
        embed: Unit vectors of questions, shape (n, dim).
        size: Questions of a window.

    Returns:
        None where there are too few questions, in all or since the last look.
    """
    with database.read(OWNER) as session:
        first, last = (
            _read_questions(session, size, newest=False),
            _read_questions(session, size, newest=True),
        )
        if len(first) < size or first[-1].start_ns >= last[0].start_ns:
            return None
        looks, seen_until = _read_last_look(session)
        if seen_until >= last[0].start_ns / 1e9:  # windows that were looked at do not overlap
            return None
        windows = [_build_window(session, embed, each) for each in (first, last)]
    report = compare_windows(windows[0], windows[1], looks + 1)
    values = {"drift_detected": float(report.has_drifted), LOOKS: float(looks + 1)}
    for test in report.tests:
        values |= {f"drift_{test.name}": test.statistic, f"drift_{test.name}_p": test.p}
    record_samples(database, values)
    dates = {"since": report.latest[0], "until": report.latest[1]}
    record_samples(
        database,
        {"drift_window_end": report.latest[1]},
        {key: str(int(value)) for key, value in dates.items()},
    )
    return report


def read_drift_history(database: Database, limit: int = 30) -> list[dict[str, object]]:
    """What each look saw, newest first: ``at``, ``since``, ``until``, and values by test."""
    with database.read(OWNER) as session:
        ends = session.execute(
            select(Sample.at, Sample.labels)
            .where(Sample.name == "drift_window_end")
            .order_by(Sample.at.desc())
            .limit(limit)
        ).all()
        rows = []
        for at, labels in ends:
            values = session.execute(
                select(Sample.name, Sample.value).where(
                    Sample.at.between(at - 1, at), Sample.name.startswith("drift_")
                )
            )
            rows.append({"at": at, **json.loads(labels), **dict(values.all())})
        return rows


def _read_questions(session: StoreSession, size: int, newest: bool) -> Sequence[Span]:
    """Traces of questions, oldest first."""
    asked = Span.attributes["genwright.question"].as_string()
    order = Span.start_ns.desc() if newest else Span.start_ns
    rows = session.scalars(
        select(Span)
        # What is around it, such as a call of the API, may name the question too.
        .where(asked.is_not(None), asked != "", Span.name.startswith("ask "))
        .order_by(order)
        .limit(size)
    ).all()
    return rows[::-1] if newest else rows


def _read_last_look(session: StoreSession) -> tuple[int, float]:
    """How often it was looked, and until when the last look reached."""
    looks = session.scalar(select(func.max(Sample.value)).where(Sample.name == LOOKS))
    until = session.scalar(select(func.max(Sample.value)).where(Sample.name == "drift_window_end"))
    return int(looks or 0), float(until or 0)


def _build_window(session: StoreSession, embed: Embed, spans: Sequence[Span]) -> DriftWindow:
    questions = [str(span.attributes["genwright.question"]) for span in spans]
    traces = [span.trace_id for span in spans]
    thumbs = session.scalars(
        select(Feedback.thumb).where(Feedback.trace_id.in_(traces), Feedback.thumb.is_not(None))
    ).all()
    refused = sum(bool(span.attributes.get("genwright.refused")) for span in spans)
    return DriftWindow(
        vectors=embed(questions),
        lengths=[len(question) for question in questions],
        refused=(refused, len(spans)),
        thumbs_down=(sum(thumb == -1 for thumb in thumbs), len(thumbs)),
        since=spans[0].start_ns / 1e9,
        until=spans[-1].start_ns / 1e9,
    )
