"""API keys: shown once, stored as a digest, expiring, revocable, scoped to assistants.

A key is 256 random bits, so that its plain SHA-256 cannot be guessed back; passwords, which can,
are hashed slowly.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from genwright.access.audit import record
from genwright.access.people import find_user
from genwright.errors import NotFound, UsageError
from genwright.storage import ApiKey, Database, User
from genwright.types import Json, Principal

PREFIX = "gw-"
SHOWN = 10
"""Characters of a key by which people tell it apart."""


@dataclass(frozen=True)
class Key:
    """A key as lists show it, without its secret."""

    id: int
    name: str
    user: str
    prefix: str
    assistants: tuple[str, ...]
    requests_per_minute: int | None
    tokens_per_day: int | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    @property
    def state(self) -> str:
        """``valid``, ``expired`` or ``revoked``."""
        if self.revoked_at:
            return "revoked"
        ended = self.expires_at and datetime.fromisoformat(self.expires_at) <= datetime.now(UTC)
        return "expired" if ended else "valid"

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "assistants": list(self.assistants), "state": self.state}


def hash_secret(secret: str) -> str:
    """What of a secret is stored."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def create_key(
    database: Database,
    principal: Principal,
    user: str,
    name: str,
    *,
    days: float | None = None,
    assistants: Sequence[str] = (),
    requests_per_minute: int | None = None,
    tokens_per_day: int | None = None,
) -> tuple[Key, str]:
    """Make a key for a user.

    Args:
        database: The store.
        principal: Who does it.
        user: Whom it acts for.
        name: What it is for.
        days: After how many it expires; None for never.
        assistants: Models and assistants it may ask; empty for all, and for everything else.
        requests_per_minute: Most requests; None for the setting's.
        tokens_per_day: Most tokens, read and written; None for the setting's.

    Returns:
        The key, and its secret, which nobody can read again.

    Raises:
        NotFound: There is no such user.
        UsageError: The name is empty or too long, or a number is not above 0.
    """
    if not 0 < len(name) <= 200:
        raise UsageError(f"Expected a name of 1 to 200 characters for the key, got {len(name)}.")
    for number in (days, requests_per_minute, tokens_per_day):
        if number is not None and not 0 < number < 10**9:
            raise UsageError(f"Expected a number above 0, got {number}.")
    secret = PREFIX + secrets.token_urlsafe(32)
    expires = datetime.now(UTC) + timedelta(days=min(days, 36_500)) if days is not None else None
    with database.write(principal) as session:
        owner = find_user(session, user)
        row = ApiKey(
            user_id=owner.id,
            name=name,
            prefix=secret[:SHOWN],
            digest=hash_secret(secret),
            assistants=list(assistants),
            requests_per_minute=requests_per_minute,
            tokens_per_day=tokens_per_day,
            expires_at=expires,
        )
        session.add(row)
        session.flush()
        record(session, "key.create", f"key-{row.id}", {"user": owner.id})
        return _read_key(row, user), secret


def list_keys(database: Database, principal: Principal, user: str = "") -> list[Key]:
    """Keys, newest first.

    Args:
        database: The store.
        principal: Who asks.
        user: Only this user's; empty for all.
    """
    found = select(ApiKey, User.name).join(User, ApiKey.user_id == User.id)
    if user:
        found = found.where(User.name == user)
    with database.read(principal) as session:
        return [
            _read_key(row, name) for row, name in session.execute(found.order_by(ApiKey.id.desc()))
        ]


def revoke_key(database: Database, principal: Principal, key: int, user: str = "") -> None:
    """End a key for good.

    Args:
        database: The store.
        principal: Who does it.
        key: Its id.
        user: It must be this user's; empty for anybody's.

    Raises:
        NotFound: There is none.
    """
    with database.write(principal) as session:
        row = session.get(ApiKey, key)
        if row is None or (user and find_user(session, user).id != row.user_id):
            raise NotFound(f"There is no key {key}: genwright keys list shows those there are.")
        row.revoked_at = row.revoked_at or datetime.now(UTC)
        record(session, "key.revoke", f"key-{row.id}")


def _read_key(row: ApiKey, user: str) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        user=user,
        prefix=row.prefix,
        assistants=tuple(row.assistants),
        requests_per_minute=row.requests_per_minute,
        tokens_per_day=row.tokens_per_day,
        created_at=format_iso(row.created_at) or "",
        expires_at=format_iso(row.expires_at),
        revoked_at=format_iso(row.revoked_at),
    )


def format_iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    return at.replace(tzinfo=UTC).isoformat(timespec="seconds") if at else None
