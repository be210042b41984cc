"""Rights and scope as one set of conditions, so that no search can forget one of them."""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, String, cast, func, select, text
from sqlalchemy.sql.elements import TextClause, True_

from genwright.retrieval.base import Scope
from genwright.storage import Collection, Document, Passage, StoreSession, may_read, may_see

PassageIds = NDArray[np.int64]
"""Ascending ids of passages, shape (n,)."""

_COLUMNS = {"source": Document.source, "format": Document.format, "title": Document.title}


def build_conditions(session: StoreSession, scope: Scope) -> list[ColumnElement[bool]]:
    """What must hold of a ``Document`` to be in scope and readable for who asks.

    Empty where the scope is everywhere and the asker reads everything.
    """
    rights = may_read(session.principal)
    found = [] if isinstance(rights, True_) else [rights]
    if scope.collections:
        named = Collection.name.in_(scope.collections)
        ids = select(Collection.id).where(named, may_see(session.principal))
        found.append(Document.collection_id.in_(ids))
    if scope.without:
        found.append(Document.id.not_in(scope.without))
    for key, value in scope.filters.items():
        if key == "source":
            found.append(Document.source.startswith(value, autoescape=True))
        elif key in _COLUMNS:
            found.append(_COLUMNS[key] == value)
        else:
            found.append(Document.details[key].as_string() == value)
    return found


# Jumps from one language to the next in their index, however many documents each has.
_LANGUAGES = text(
    "WITH RECURSIVE held (language) AS (SELECT min(language) FROM document UNION ALL"
    " SELECT (SELECT min(language) FROM document WHERE language > held.language) FROM held"
    " WHERE held.language IS NOT NULL) SELECT language FROM held WHERE language IS NOT NULL"
    " UNION ALL SELECT '' WHERE EXISTS (SELECT 1 FROM document WHERE language IS NULL)"
)


def list_languages(session: StoreSession, where: Sequence[ColumnElement[bool]] = ()) -> list[str]:
    """Codes of the languages that documents are in, in order; empty for those without.

    Args:
        session: What to look in.
        where: What ``build_conditions`` made of a scope; none for all documents.
    """
    if not where:
        return sorted(set(session.scalars(_LANGUAGES)))
    found = session.scalars(select(Document.language).where(*where).distinct())
    return sorted({language or "" for language in found})


def list_permitted(session: StoreSession, scope: Scope) -> PassageIds | None:
    """Ids of all passages in scope and readable, ascending; None when that is every passage."""
    where = build_conditions(session, scope)
    if not where:
        return None
    inside = session.scalar(select(func.count()).select_from(Document).where(*where))
    if inside == session.scalar(select(func.count()).select_from(Document)):
        return None
    # As one string: a tenth of the time that a row for each of many passages takes.
    ids = session.scalar(
        select(func.aggregate_strings(cast(Passage.id, String), ","))
        .join(Document, Passage.document_id == Document.id)
        .where(*where)
    )
    return np.sort(np.fromstring(ids or "", dtype=np.int64, sep=","))


def select_listed(name: str) -> TextClause:
    """The ids that ``encode_ids`` made the value of parameter ``name``, to select from.

    However many they are, the statement stays the same: it is compiled once.
    """
    return text(f"SELECT value FROM json_each(:{name})")


def encode_ids(ids: PassageIds) -> str:
    """Ids as the value of a parameter that ``select_listed`` reads."""
    return json.dumps(ids.tolist())
