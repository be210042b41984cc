"""Rights on collections, documents and conversations: giving, taking and listing them."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute

from genwright.access.audit import record
from genwright.errors import NotFound, UsageError
from genwright.storage import (
    Collection,
    Conversation,
    Database,
    Document,
    Grant,
    Group,
    StoreSession,
    User,
    may_add_to,
    may_write,
)
from genwright.types import EVERYONE, Json, Principal

Right = Literal["read", "write"]
Kind = Literal["collection", "document", "conversation"]


@dataclass(frozen=True)
class GrantTarget:
    """What a right is on."""

    kind: Kind
    id: int

    @property
    def label(self) -> str:
        """As the audit log has it."""
        return f"{self.kind}-{self.id}"


@dataclass(frozen=True)
class GrantRecord:
    """A right as lists show it."""

    id: int
    holder: str
    right: str

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def grant(
    database: Database, principal: Principal, holder: str, target: GrantTarget, right: str = "read"
) -> None:
    """Give a right; one that is there already is changed.

    Args:
        database: The store.
        principal: Who gives it: they must be able to write the target, or own the conversation.
        holder: Name of a user, ``group:NAME``, or ``group:everyone``.
        target: On what.
        right: ``read``, or ``write``, which includes it; a conversation can only be read.

    Raises:
        NotFound: There is no such target for them, or no such holder.
        UsageError: There is no such right.
    """
    if right not in (("read",) if target.kind == "conversation" else ("read", "write")):
        raise UsageError(
            f"Expected the right 'read' or 'write' (conversations: read), got {right!r}."
        )
    with database.write(principal) as session:
        _require_target(session, target)
        _check_holder(session, holder)
        column = f"{target.kind}_id"
        row = session.scalar(
            select(Grant).where(Grant.holder == holder, getattr(Grant, column) == target.id)
        )
        if row is None:
            session.add(Grant(holder=holder, right=right, **{column: target.id}))
        else:
            row.right = right
        record(
            session,
            "right.grant",
            target.label,
            {"right": right, "to": _anonymize_holder(session, holder)},
        )


def revoke(database: Database, principal: Principal, holder: str, target: GrantTarget) -> None:
    """Take a right back.

    Raises:
        NotFound: There is no such target for them, or the holder has no right on it.
    """
    with database.write(principal) as session:
        _require_target(session, target)
        row = session.scalar(
            select(Grant).where(
                Grant.holder == holder, getattr(Grant, f"{target.kind}_id") == target.id
            )
        )
        if row is None:
            raise NotFound(f"{holder!r} has no right of its own on this {target.kind}.")
        session.delete(row)
        record(session, "right.revoke", target.label, {"from": _anonymize_holder(session, holder)})


def list_grants(database: Database, principal: Principal, target: GrantTarget) -> list[GrantRecord]:
    """Who holds rights on something, by holder.

    Raises:
        NotFound: There is no such target that they may share.
    """
    with database.read(principal) as session:
        _require_target(session, target)
        rows = session.scalars(
            select(Grant)
            .where(getattr(Grant, f"{target.kind}_id") == target.id)
            .order_by(Grant.holder)
        )
        return [GrantRecord(row.id, row.holder, row.right) for row in rows]


def restrict(database: Database, principal: Principal, document: int, restricted: bool) -> None:
    """Say whether rights on its collection reach a document.

    Raises:
        NotFound: There is no such document that they may share.
    """
    target = GrantTarget("document", document)
    with database.write(principal) as session:
        _require_target(session, target)
        session.execute(
            update(Document).where(Document.id == document).values(restricted=restricted)
        )
        record(session, "right.restrict", target.label, {"restricted": restricted})


def find_collection(database: Database, principal: Principal, name: str) -> GrantTarget:
    """The collection of a name that somebody may share; their own before others'.

    Raises:
        NotFound: There is none.
    """
    with database.read(principal) as session:
        found = session.scalar(
            select(Collection.id)
            .where(Collection.name == name, may_add_to(principal))
            .order_by((Collection.owner == principal.name).desc(), Collection.id)
        )
    if found is None:
        raise NotFound(f"There is no collection {name!r}: genwright collections lists them.")
    return GrantTarget("collection", found)


def _require_target(session: StoreSession, target: GrantTarget) -> None:
    """Raise NotFound unless the session's principal may share a target."""
    principal = session.principal
    conditions: dict[Kind, tuple[InstrumentedAttribute[int], ColumnElement[bool]]] = {
        "collection": (Collection.id, may_add_to(principal)),
        "document": (Document.id, may_write(principal)),
        "conversation": (Conversation.id, Conversation.owner == principal.name),
    }
    column, may = conditions[target.kind]
    if session.scalar(select(column).where(column == target.id, may)) is None:
        raise NotFound(f"There is no {target.kind} {target.id}.")


def _check_holder(session: StoreSession, holder: str) -> None:
    kind, _, name = holder.rpartition(":")
    table = Group if kind == "group" else User
    known = holder == EVERYONE or (
        kind in ("", "group") and session.scalar(select(table.id).where(table.name == name))
    )
    if not known:
        raise NotFound(f"There is no user or group {holder!r}; a group is written group:NAME.")


def _anonymize_holder(session: StoreSession, holder: str) -> str:
    """A holder without its name."""
    if holder == EVERYONE:
        return EVERYONE
    kind, _, name = holder.rpartition(":")
    table, word = (Group, "group") if kind == "group" else (User, "user")
    return f"{word}-{session.scalar(select(table.id).where(table.name == name))}"
