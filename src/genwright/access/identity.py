"""Who a request comes from: keys and session tokens to identities, quickly and never stale.

What a secret was is remembered for as long as the store has not changed: SQLite counts commits of
other connections (``PRAGMA data_version``), and a look at that takes some microseconds. So a
revoked key is refused with the next request, in whichever process it was revoked.
"""

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from sqlalchemy import select

from genwright.access.keys import hash_secret
from genwright.access.people import build_principal
from genwright.storage import ApiKey, Database, Login, StoreSession, User
from genwright.types import OWNER, Principal

MOST_REMEMBERED = 10_000
LONGEST_SECRET = 512
"""Characters; longer ones are nobody's."""


@dataclass(frozen=True)
class Identity:
    """Who asks, and by which secret."""

    principal: Principal
    user_id: int | None = None
    key_id: int | None = None
    login_id: int | None = None
    assistants: tuple[str, ...] = ()
    """All that a scoped key may ask; empty for everything."""
    requests_per_minute: int | None = None
    tokens_per_day: int | None = None
    ends_at: float | None = None
    """Seconds since 1970 when its secret expires; None for never."""
    secret: str = ""
    """Digest of the secret."""

    @property
    def subject(self) -> str:
        """Whose quota and share of the queue it counts to: ``key-3``, ``user-7`` or ``owner``."""
        if self.key_id is not None:
            return f"key-{self.key_id}"
        return f"user-{self.user_id}" if self.user_id is not None else "owner"

    def may_ask(self, model: str) -> bool:
        """Whether a scoped key reaches to a model or assistant, by its name or exact version."""
        return not self.assistants or bool({model, model.partition("@")[0]} & set(self.assistants))


class Doorman:
    """Knows who is who. Safe to use from threads.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database, self._lock = database, Lock()
        self._known: OrderedDict[str, Identity | None] = OrderedDict()
        self._users: bool | None = None
        self._version = -1
        database.engine.connect().close()  # makes the file where it is not there
        # A connection of its own, which never writes: what it counts are all others' commits.
        self._watch = sqlite3.connect(database.path, check_same_thread=False)

    def close(self) -> None:
        """Give back the connection."""
        self._watch.close()

    def find_by_key(self, secret: str) -> Identity | None:
        """Whose key this is; None where it is nobody's, expired, revoked or its user inactive."""
        return self._find(secret, _load_by_key)

    def find_by_login(self, token: str) -> Identity | None:
        """Whose session this is; None where it is nobody's or over."""
        return self._find(token, _load_by_login)

    def is_still_valid(self, identity: Identity) -> bool:
        """Whether an identity would be let in again, with the same role and groups."""
        if not identity.secret:
            return identity.principal == OWNER and not self.has_users()
        find = _load_by_key if identity.key_id is not None else _load_by_login
        return self._find_by_digest(identity.secret, find) == identity

    def has_users(self) -> bool:
        """Whether there is any user: until then the person at the machine is the owner."""
        with self._lock:
            self._drop_stale()
            if self._users is None:
                with self._database.read(OWNER) as session:
                    self._users = session.scalar(select(User.id).limit(1)) is not None
            return self._users

    def _find(
        self, secret: str, find: "Callable[[StoreSession, str], Identity | None]"
    ) -> Identity | None:
        return (
            self._find_by_digest(hash_secret(secret), find)
            if len(secret) <= LONGEST_SECRET
            else None
        )

    def _find_by_digest(
        self, hashed: str, find: "Callable[[StoreSession, str], Identity | None]"
    ) -> Identity | None:
        name = f"{find.__name__} {hashed}"
        with self._lock:
            self._drop_stale()
            if name not in self._known:
                with self._database.read(OWNER) as session:
                    self._known[name] = find(session, hashed)
                while len(self._known) > MOST_REMEMBERED:
                    self._known.popitem(last=False)
            found = self._known[name]
        over = found is not None and found.ends_at is not None and found.ends_at <= time.time()
        return None if over else found

    def _drop_stale(self) -> None:
        """Forget everything where the store has changed."""
        version = self._watch.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._known.clear()
            self._users, self._version = None, version


def _load_by_key(session: StoreSession, hashed: str) -> Identity | None:
    row = session.execute(
        select(ApiKey, User).join(User, ApiKey.user_id == User.id).where(ApiKey.digest == hashed)
    ).first()
    if row is None or row[0].revoked_at is not None or not row[1].active:
        return None
    key, user = row
    return Identity(
        principal=build_principal(session, user),
        user_id=user.id,
        key_id=key.id,
        assistants=tuple(key.assistants),
        requests_per_minute=key.requests_per_minute,
        tokens_per_day=key.tokens_per_day,
        ends_at=_to_timestamp(key.expires_at),
        secret=hashed,
    )


def _load_by_login(session: StoreSession, hashed: str) -> Identity | None:
    row = session.execute(
        select(Login, User).join(User, Login.user_id == User.id).where(Login.digest == hashed)
    ).first()
    if row is None or not row[1].active:
        return None
    login, user = row
    return Identity(
        principal=build_principal(session, user),
        user_id=user.id,
        login_id=login.id,
        ends_at=_to_timestamp(login.expires_at),
        secret=hashed,
    )


def _to_timestamp(at: datetime | None) -> float | None:
    return at.replace(tzinfo=UTC).timestamp() if at else None
