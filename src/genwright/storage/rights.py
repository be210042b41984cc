"""Who may see what, as conditions that searches and listings put into their queries.

A right is held by a user or a group. On a collection it reaches every document in it that is not
``restricted``; on a document it reaches that one. Whoever may not read something sees exactly what
they would see if it were not there.
"""

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from genwright.storage.accounts import Grant
from genwright.storage.tables import Collection, Document
from genwright.types import Principal


def readable(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Document`` that holds for the documents a principal may read."""
    return _reached(principal, ("read", "write"))


def writable(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Document`` for those a principal may replace, remove or share."""
    return _reached(principal, ("write",))


def visible(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Collection`` for those a principal knows of.

    Its own, those it holds a right on, and those with a document it may read.
    """
    if principal.sees_all:
        return true()
    known = Collection.id.in_(select(Document.collection_id).where(readable(principal)))
    return or_(_open(principal, ("read", "write")), known)


def fillable(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Collection`` for those a principal may put documents into."""
    return true() if principal.sees_all else _open(principal, ("write",))


def _reached(principal: Principal, rights: tuple[str, ...]) -> ColumnElement[bool]:
    if principal.sees_all:
        return true()
    collections = select(Collection.id).where(_open(principal, rights))
    return or_(
        Document.owner.in_(principal.holders),
        and_(Document.collection_id.in_(collections), not_(Document.restricted)),
        Document.id.in_(_held(principal, rights, Grant.document_id)),
    )


def _open(principal: Principal, rights: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(
        Collection.owner.in_(principal.holders),
        Collection.id.in_(_held(principal, rights, Grant.collection_id)),
    )


def _held(
    principal: Principal, rights: tuple[str, ...], target: InstrumentedAttribute[int | None]
) -> Select[int | None]:
    mine = Grant.holder.in_(principal.holders)
    return select(target).where(mine, Grant.right.in_(rights), target.is_not(None))
