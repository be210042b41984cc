"""What a store holds, counted in plain SQL: importing SQLAlchemy would take longer than that."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genwright.types import OWNER, Json, Principal

SCHEMA_VERSION = "0001"
"""The newest file in ``migrations/versions``."""

Run = Callable[[str, Mapping[str, Any]], Sequence[Any]]
"""Runs a statement with its named parameters and gives all rows."""

# The same condition as ``rights.readable``.
_COLLECTIONS = """
    SELECT collection.name, count(document.id),
        coalesce(sum((SELECT count(*) FROM passage WHERE document_id = document.id)), 0),
        coalesce(sum(document.characters), 0)
    FROM collection LEFT JOIN document ON document.collection_id = collection.id
        AND (:everything OR document.owner IN (SELECT value FROM json_each(:owners)))
    GROUP BY collection.name ORDER BY collection.name"""


@dataclass(frozen=True)
class Counts:
    """Numbers of what a principal may read, by collection; of vectors and passages, of all."""

    collections: list[Json]
    """``{"name", "documents", "passages", "characters"}`` of each, by name."""
    vectors: dict[str, int]
    """By fingerprint of their embedder."""
    passages: int


def count(run: Run, principal: Principal) -> Counts:
    """Count what the store holds, for one principal."""
    owners = json.dumps([principal.name, *principal.groups])
    rows = run(_COLLECTIONS, {"everything": principal == OWNER, "owners": owners})
    names = ("name", "documents", "passages", "characters")
    vectors = run("SELECT embedder, count(*) FROM vector GROUP BY embedder", {})
    return Counts(
        collections=[dict(zip(names, row, strict=True)) for row in rows],
        vectors={name: number for name, number in vectors},
        passages=run("SELECT count(*) FROM passage", {})[0][0],
    )


def count_quickly(path: Path, principal: Principal) -> Counts | None:
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
            return count(lambda sql, values: connection.execute(sql, values).fetchall(), principal)
    except (sqlite3.Error, ValueError):
        return None
