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


def may_read(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Document`` that holds for the documents a principal may read."""
    return _may_reach(principal, ("read", "write"))


def may_write(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Document`` for those a principal may replace, remove or share."""
    return _may_reach(principal, ("write",))


def may_see(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Collection`` for those a principal knows of.

    Its own, those it holds a right on, and those with a document it may read.
    """
    if principal.sees_all:
        return true()
    known = Collection.id.in_(select(Document.collection_id).where(may_read(principal)))
    return or_(_may_open(principal, ("read", "write")), known)


def may_add_to(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Collection`` for those a principal may put documents into."""
    return true() if principal.sees_all else _may_open(principal, ("write",))


def _may_reach(principal: Principal, rights: tuple[str, ...]) -> ColumnElement[bool]:
    if principal.sees_all:
        return true()
    collections = select(Collection.id).where(_may_open(principal, rights))
    return or_(
        Document.owner.in_(principal.holders),
        and_(Document.collection_id.in_(collections), not_(Document.restricted)),
        Document.id.in_(_select_held(principal, rights, Grant.document_id)),
    )


def _may_open(principal: Principal, rights: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(
        Collection.owner.in_(principal.holders),
        Collection.id.in_(_select_held(principal, rights, Grant.collection_id)),
    )


def _select_held(
    principal: Principal, rights: tuple[str, ...], target: InstrumentedAttribute[int | None]
) -> Select[int | None]:
    mine = Grant.holder.in_(principal.holders)
    return select(target).where(mine, Grant.right.in_(rights), target.is_not(None))
