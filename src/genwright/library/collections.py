"""Collections by number: making, describing, renaming, removing, and searching in one of them."""

from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import func, select

from genwright.errors import Refused, UsageError
from genwright.library.files import find_collection
from genwright.runtime import Runtime
from genwright.storage import (
    Collection,
    CollectionFile,
    Document,
    StoreSession,
    may_add_to,
    may_read,
    may_see,
)
from genwright.types import Principal

LONGEST_NAME = 200


@dataclass(frozen=True)
class CollectionSummary:
    """A collection with what of it somebody may see."""

    id: int
    name: str
    owner: str
    documents: int
    characters: int
    in_progress: int
    """Files that are being read into it."""
    failed: int
    may_fill: bool
    created_at: int
    """Seconds since 1970."""


def create_collection(runtime: Runtime, name: str) -> CollectionSummary:
    """Make an empty collection; its maker owns it.

    Raises:
        UsageError: The name is empty, too long, or has control characters.
        Refused: They have one of that name already.
    """
    _check(name)
    with runtime.database.write(runtime.principal) as session:
        mine = (Collection.owner == runtime.principal.name) & (Collection.name == name)
        if session.scalar(select(Collection.id).where(mine)) is not None:
            raise Refused(f"You have a collection {name!r} already: choose another name.")
        row = Collection(name=name, owner=runtime.principal.name)
        session.add(row)
        session.flush()
        return _summarize_collection(session, row)


def list_collection_summaries(runtime: Runtime) -> list[CollectionSummary]:
    """Every collection the principal knows of, newest first."""
    with runtime.database.read(runtime.principal) as session:
        rows = session.scalars(
            select(Collection).where(may_see(runtime.principal)).order_by(Collection.id.desc())
        ).all()
        return [_summarize_collection(session, row) for row in rows]


def get_collection(runtime: Runtime, collection: int) -> CollectionSummary:
    """One collection.

    Raises:
        NotFound: There is none that the principal knows of.
    """
    with runtime.database.read(runtime.principal) as session:
        return _summarize_collection(session, find_collection(session, collection))


def rename_collection(runtime: Runtime, collection: int, name: str) -> CollectionSummary:
    """Give a collection another name.

    Raises:
        NotFound: There is none that the principal may fill.
        UsageError: The name will not do.
        Refused: Its owner has another one of that name.
    """
    _check(name)
    with runtime.database.write(runtime.principal) as session:
        row = find_collection(session, collection, may_add_to(runtime.principal))
        taken = (Collection.owner == row.owner) & (Collection.name == name)
        if session.scalar(select(Collection.id).where(taken, Collection.id != row.id)) is not None:
            raise Refused(f"There is a collection {name!r} already: choose another name.")
        row.name = name
        session.flush()
        return _summarize_collection(session, row)


def remove_collection(runtime: Runtime, collection: int) -> None:
    """Remove a collection with all its documents.

    Raises:
        NotFound: There is none that the principal may fill.
        Refused: It holds documents of others that the principal may not see.
    """
    with runtime.database.write(runtime.principal) as session:
        row = find_collection(session, collection, may_add_to(runtime.principal))
        inside = Document.collection_id == row.id
        hidden = session.scalar(
            select(func.count()).select_from(Document).where(inside, ~may_read(runtime.principal))
        )
        if hidden:
            raise Refused("It holds documents that are not yours to remove: ask an admin.")
        for document in session.scalars(select(Document).where(inside)).all():
            session.delete(document)
        session.flush()
        session.delete(row)


def _check(name: str) -> None:
    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"Expected a name of 1 to {LONGEST_NAME} printable characters, got {name[:80]!r}."
        )


def _summarize_collection(session: StoreSession, row: Collection) -> CollectionSummary:
    principal: Principal = session.principal
    inside = (Document.collection_id == row.id) & may_read(principal)
    documents, characters = session.execute(
        select(func.count(), func.coalesce(func.sum(Document.characters), 0)).where(inside)
    ).one()
    states = dict(
        session.execute(
            select(CollectionFile.status, func.count())
            .where(CollectionFile.collection_id == row.id)
            .group_by(CollectionFile.status)
        ).all()
    )
    may = select(Collection.id).where(Collection.id == row.id, may_add_to(principal))
    return CollectionSummary(
        id=row.id,
        name=row.name,
        owner=row.owner,
        documents=documents,
        characters=characters,
        in_progress=states.get("in_progress", 0),
        failed=states.get("failed", 0),
        may_fill=session.scalar(may) is not None,
        created_at=int(row.created_at.replace(tzinfo=UTC).timestamp()),
    )
