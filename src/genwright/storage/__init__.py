"""The store: every row that genwright keeps, in one database that several processes may share.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.storage import Database, Document, readable
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> with database.read(OWNER) as session:
    ...     session.query(Document).where(readable(OWNER)).count()
    0
    >>> database.close()
"""

from importlib import import_module
from typing import TYPE_CHECKING

from genwright.storage.counting import SCHEMA_VERSION, Counts, count, count_quickly

if TYPE_CHECKING:
    from genwright.storage.database import Database, StoreSession
    from genwright.storage.rights import readable
    from genwright.storage.tables import (
        Collection,
        Conversation,
        Document,
        Message,
        Passage,
        Run,
        Span,
        Vector,
        VectorRemoval,
    )

__all__ = [
    "SCHEMA_VERSION",
    "Collection",
    "Conversation",
    "Counts",
    "Database",
    "Document",
    "Message",
    "Passage",
    "Run",
    "Span",
    "StoreSession",
    "Vector",
    "VectorRemoval",
    "count",
    "count_quickly",
    "readable",
]

_ELSEWHERE = {"Database": "database", "StoreSession": "database", "readable": "rights"}


def __getattr__(name: str) -> object:
    """Import what needs SQLAlchemy when it is first asked for; the tables where nothing is said."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'tables')}"), name)
    globals()[name] = value
    return value
