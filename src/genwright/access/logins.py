"""Browser sessions: begun with a password or an OpenID login, ended by time or by hand."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from threading import Lock

from sqlalchemy import delete, select

from genwright.access.audit import record
from genwright.access.keys import hash_secret
from genwright.access.passwords import verify_password
from genwright.access.people import find_user
from genwright.errors import NotAllowed, TooMany
from genwright.storage import Database, Login, User
from genwright.types import OWNER

FREE_ATTEMPTS = 5
"""Wrong passwords for one name or from one address before the next one has to wait."""
LONGEST_WAIT = 300.0
"""Seconds; the wait doubles from 1 with every further one."""
FORGET_AFTER = 900.0
"""Seconds without a wrong one after which they no longer count."""
MOST_TRACKED = 10_000


class LoginAttempts:
    """Wrong passwords lately, by name and by address. Safe to use from threads."""

    def __init__(self) -> None:
        self._wrong: dict[str, tuple[int, float]] = {}  # how many, when the last one was
        self._lock = Lock()

    def check(self, *sources: str) -> None:
        """Raise where a source has to wait.

        Raises:
            TooMany: It has; the error says how long.
        """
        now = time.monotonic()
        for source in sources:
            count, last = self._wrong.get(source, (0, 0.0))
            if count < FREE_ATTEMPTS or now - last > FORGET_AFTER:
                continue
            wait = min(2.0 ** (count - FREE_ATTEMPTS), LONGEST_WAIT) - (now - last)
            if wait > 0:
                raise TooMany("Too many wrong passwords: try again later.", retry_after=wait)

    def record_failure(self, *sources: str) -> None:
        """Count a wrong password."""
        now = time.monotonic()
        with self._lock:
            for source in sources:
                count, last = self._wrong.pop(source, (0, now))
                self._wrong[source] = (1 if now - last > FORGET_AFTER else count + 1, now)
            while len(self._wrong) > MOST_TRACKED:
                del self._wrong[next(iter(self._wrong))]

    def record_success(self, source: str) -> None:
        """Forget the wrong ones of a name."""
        with self._lock:
            self._wrong.pop(source, None)


def log_in(
    database: Database,
    name: str,
    password: str,
    *,
    hours: float,
    attempts: LoginAttempts,
    address: str = "",
) -> str:
    """Begin a session by password.

    Args:
        database: The store.
        name: Of the user.
        password: As typed.
        hours: How long the session lasts.
        attempts: Where wrong ones are counted.
        address: Where the request comes from.

    Returns:
        The token for the cookie, which nobody can read again.

    Raises:
        NotAllowed: Name or password is wrong, or the account is not active: which one is not said.
        TooMany: There were too many wrong ones.
    """
    sources = (f"name {name}", f"address {address}")
    attempts.check(*sources)
    with database.read(OWNER) as session:
        row = session.scalar(select(User).where(User.name == name))
        stored = row.password if row is not None and row.active else ""
    if not verify_password(password, stored):
        attempts.record_failure(*sources)
        raise NotAllowed("Name or password is wrong.")
    attempts.record_success(sources[0])
    return begin(database, name, hours)


def begin(database: Database, name: str, hours: float) -> str:
    """Begin a session for a user who has proved who they are.

    Raises:
        NotAllowed: The account is not active.
    """
    token = secrets.token_urlsafe(32)
    with database.write(OWNER) as session:
        row = find_user(session, name)
        if not row.active:
            raise NotAllowed("This account is not active: ask an admin.")
        now = datetime.now(UTC)
        session.execute(delete(Login).where(Login.expires_at < now))
        login = Login(
            user_id=row.id, digest=hash_secret(token), expires_at=now + timedelta(hours=hours)
        )
        session.add(login)
        session.flush()
        record(session, "login.begin", f"user-{row.id}", {"login": login.id})
    return token


def end(database: Database, token: str) -> None:
    """End the session of a token; one that is over is no error."""
    with database.write(OWNER) as session:
        session.execute(delete(Login).where(Login.digest == hash_secret(token)))
