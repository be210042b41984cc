"""Quotas: requests a minute and tokens a day, of a key or of a person.

Requests are counted in memory, as a leaky bucket that holds a minute's worth; tokens by day in the
store, written at most once a second. A kill loses less than a second of counting.
"""

import threading
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from sqlalchemy.dialects.sqlite import insert

from genwright.access.identity import Identity
from genwright.errors import TooMany
from genwright.settings import AccessSettings
from genwright.storage import Database, Usage
from genwright.types import OWNER

FLUSH_SECONDS = 1.0
MOST_TRACKED = 50_000


class Quotas:
    """What is used and what is left. Safe to use from threads.

    Args:
        database: The store.
        settings: Limits of those who have none of their own.
    """

    def __init__(self, database: Database, settings: AccessSettings) -> None:
        self._database, self._settings = database, settings
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._levels: dict[str, tuple[float, float]] = {}  # requests in the bucket, when
        self._tokens: dict[tuple[str, str], int] = {}
        self._unwritten: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        self._thread = threading.Thread(target=self._write_often, daemon=True, name="quotas")
        self._thread.start()

    def admit(self, identity: Identity) -> None:
        """Count a request.

        Raises:
            TooMany: It is one too many; the error says when the next one will not be.
        """
        subject, day = identity.subject, _format_today()
        per_minute = identity.requests_per_minute or self._settings.requests_per_minute
        per_day = identity.tokens_per_day or self._settings.tokens_per_day
        with self._lock:
            if per_day and self._count_used(subject, day) >= per_day:
                raise TooMany(
                    f"The quota of {per_day} tokens a day is used up.",
                    retry_after=_count_seconds_to_midnight(),
                )
            if per_minute:
                self._pour(subject, per_minute)
            self._unwritten[subject, day][0] += 1

    def spend(self, identity: Identity, tokens: int) -> None:
        """Count tokens that were read or written."""
        key = (identity.subject, _format_today())
        with self._lock:
            self._tokens[key] = self._count_used(*key) + tokens
            self._unwritten[key][1] += tokens

    def count_tokens_today(self, subject: str) -> int:
        """Tokens of a key or person today."""
        with self._lock:
            return self._count_used(subject, _format_today())

    def close(self) -> None:
        """Write what is counted, and end."""
        self._stop.set()
        self._thread.join()
        self._write()

    def _pour(self, subject: str, per_minute: int) -> None:
        now, rate = time.monotonic(), per_minute / 60
        level, at = self._levels.pop(subject, (0.0, now))
        level = max(0.0, level - (now - at) * rate)
        full = level + 1 > per_minute
        self._levels[subject] = (level if full else level + 1, now)
        while len(self._levels) > MOST_TRACKED:
            del self._levels[next(iter(self._levels))]
        if full:
            raise TooMany(
                f"The quota of {per_minute} requests a minute is used up.",
                retry_after=(level + 1 - per_minute) / rate,
            )

    def _count_used(self, subject: str, day: str) -> int:
        if (subject, day) not in self._tokens:
            self._tokens = {key: each for key, each in self._tokens.items() if key[1] == day}
            with self._database.read(OWNER) as session:
                row = session.get(Usage, (subject, day))
                self._tokens[subject, day] = row.tokens if row else 0
        return self._tokens[subject, day]

    def _write_often(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self._write()

    def _write(self) -> None:
        with self._lock:
            counted, self._unwritten = self._unwritten, defaultdict(lambda: [0, 0])
        if not counted:
            return
        with self._database.write(OWNER) as session:
            for (subject, day), (requests, tokens) in counted.items():
                row = insert(Usage).values(
                    subject=subject, day=day, requests=requests, tokens=tokens
                )
                both = {
                    "requests": Usage.requests + requests,
                    "tokens": Usage.tokens + tokens,
                }
                session.execute(
                    row.on_conflict_do_update(index_elements=["subject", "day"], set_=both)
                )


def _format_today() -> str:
    return datetime.now(UTC).date().isoformat()


def _count_seconds_to_midnight() -> float:
    now = datetime.now(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()
