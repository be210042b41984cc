"""The audit log: what was done, by whom, in a chain that shows if an entry was changed.

Each entry holds the digest of the one before: ``SHA-256(previous || canonical JSON)``, after Haber
and Stornetta 1991, doi:10.1007/BF00196791. Somebody who may write the file can make a whole new
chain, or cut its end off; comparing with a head that was noted elsewhere (``--expect``) shows that.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from genwright.storage import AuditEntry, Database, StoreSession, User
from genwright.types import OWNER, Json, Principal

FIRST = "0" * 64
"""What the first entry has as the digest before it."""


@dataclass(frozen=True)
class AuditRecord:
    """One entry as it is read."""

    id: int
    at: str
    """ISO 8601, UTC."""
    actor: str
    action: str
    target: str
    details: Json
    digest: str

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class ChainReport:
    """What a look at the whole chain found."""

    entries: int
    head: str
    """Digest of the last entry."""
    broken_at: int | None
    """Id of the first entry that does not fit; None where all do."""


def record(
    session: StoreSession, action: str, target: str = "", details: Mapping[str, object] = {}
) -> None:
    """Note what the session's principal does, in the session's own transaction.

    Args:
        session: A write session; entries are written one after the other because it has the lock.
        action: Such as ``key.create``.
        target: Such as ``document-12``: kind and number, never a name, so that forgetting somebody
            leaves nothing of them here.
        details: Numbers and words that name nobody.
    """
    last = session.scalar(select(AuditEntry.digest).order_by(AuditEntry.id.desc()).limit(1))
    entry = AuditEntry(
        at=datetime.now(UTC).replace(microsecond=0),
        actor=find_actor(session, session.principal),
        action=action,
        target=target,
        details=dict(details),
        previous=last or FIRST,
        digest="",
    )
    entry.digest = _hash_entry(entry)
    session.add(entry)
    session.flush()


def find_actor(session: StoreSession, principal: Principal) -> str:
    """Somebody by number: ``user-7``, ``owner``, or ``nobody`` for one without an account."""
    if principal == OWNER:
        return "owner"
    found = session.scalar(select(User.id).where(User.name == principal.name))
    return f"user-{found}" if found is not None else "nobody"


def verify(database: Database) -> ChainReport:
    """Follow the chain from its first entry to its last."""
    before, count, last = FIRST, 0, 0
    with database.read(OWNER) as session:
        for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id)).yield_per(1000):
            fits = entry.previous == before and entry.digest == _hash_entry(entry)
            if not fits or entry.id != last + 1:
                return ChainReport(count, before, entry.id)
            before, count, last = entry.digest, count + 1, entry.id
    return ChainReport(count, before, None)


def has_digest(database: Database, digest: str) -> bool:
    """Whether an entry has a digest: one noted earlier shows that the log was not made anew."""
    with database.read(OWNER) as session:
        found = select(AuditEntry.id).where(AuditEntry.digest == digest)
        return digest == FIRST or session.scalar(found) is not None


def list_entries(
    database: Database, principal: Principal, *, before: int | None = None, limit: int = 100
) -> list[AuditRecord]:
    """The newest entries.

    Args:
        database: The store.
        principal: Who reads; the door has asked whether they may.
        before: Only those with a smaller id, for the next page.
        limit: At most so many.
    """
    found = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        found = found.where(AuditEntry.id < before)
    with database.read(principal) as session:
        return [_read_entry(row) for row in session.scalars(found)]


def export(database: Database, principal: Principal) -> Iterator[Json]:
    """Every entry, oldest first, with the digest before it."""
    with database.read(principal) as session:
        for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id)).yield_per(1000):
            yield {**_read_entry(row).json(), "previous": row.previous}


def find_actor_names(database: Database, principal: Principal, actors: set[str]) -> dict[str, str]:
    """Names of actors that still have an account, by what entries call them."""
    numbers = [int(each.removeprefix("user-")) for each in actors if each.startswith("user-")]
    with database.read(principal) as session:
        rows = session.execute(select(User.id, User.name).where(User.id.in_(numbers)))
        return {f"user-{number}": name for number, name in rows}


def _hash_entry(entry: AuditEntry) -> str:
    content = {
        "at": entry.at.replace(tzinfo=UTC).isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "details": entry.details,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{entry.previous}{text}".encode()).hexdigest()


def _read_entry(row: AuditEntry) -> AuditRecord:
    at = row.at.replace(tzinfo=UTC).isoformat()
    return AuditRecord(row.id, at, row.actor, row.action, row.target, row.details, row.digest)
