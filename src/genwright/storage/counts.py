"""What a store holds, counted in plain SQL: importing SQLAlchemy would take longer than that."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genwright.types import Json, Principal

SCHEMA_VERSION = "0006"
"""The newest file in ``migrations/versions``."""

Run = Callable[[str, Mapping[str, Any]], Sequence[Any]]
"""Runs a statement with its named parameters and gives all rows."""

# The same conditions as in ``rights``: what is readable, and whose collections are visible.
_HOLDERS = "(SELECT value FROM json_each(:holders))"
_OPEN = f"""(collection.owner IN {_HOLDERS} OR collection.id IN
    (SELECT collection_id FROM "grant" WHERE holder IN {_HOLDERS}))"""
_COLLECTIONS = f"""
    SELECT collection.name, count(document.id),
        coalesce(sum((SELECT count(*) FROM passage WHERE document_id = document.id)), 0),
        coalesce(sum(document.characters), 0)
    FROM collection LEFT JOIN document ON document.collection_id = collection.id
        AND (:everything OR document.owner IN {_HOLDERS}
            OR (NOT document.restricted AND {_OPEN})
            OR document.id IN (SELECT document_id FROM "grant" WHERE holder IN {_HOLDERS}))
    GROUP BY collection.id
    HAVING :everything OR {_OPEN} OR count(document.id) > 0
    ORDER BY collection.name, collection.id"""


@dataclass(frozen=True)
class StoreCounts:
    """Numbers of what a principal may read, by collection; of vectors and passages, of all."""

    collections: list[Json]
    """``{"name", "documents", "passages", "characters"}`` of each, by name."""
    vectors: dict[str, int]
    """By fingerprint of their embedder."""
    passages: int


def count_store(run: Run, principal: Principal) -> StoreCounts:
    """Count what the store holds, for one principal."""
    holders = json.dumps(principal.holders)
    rows = run(_COLLECTIONS, {"everything": principal.sees_all, "holders": holders})
    names = ("name", "documents", "passages", "characters")
    vectors = run("SELECT embedder, count(*) FROM vector GROUP BY embedder", {})
    return StoreCounts(
        collections=[dict(zip(names, row, strict=True)) for row in rows],
        vectors={name: number for name, number in vectors},
        passages=run("SELECT count(*) FROM passage", {})[0][0],
    )


def count_quickly(path: Path, principal: Principal) -> StoreCounts | None:
    """Count what a database file holds; None where it must be opened by ``Database`` instead.

    That is where it is not there, has another schema than this version's, or cannot be read, which
    ``Database`` knows how to mend or to explain.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("BEGIN")  # one view for all that is counted
            [[version]] = connection.execute("SELECT version_num FROM alembic_version")
            if version != SCHEMA_VERSION:
                return None
            return count_store(
                lambda sql, values: connection.execute(sql, values).fetchall(), principal
            )
    except (sqlite3.Error, ValueError):
        return None
