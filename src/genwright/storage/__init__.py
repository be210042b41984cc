"""The store: every row that genwright keeps, in one database that several processes may share.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> with database.read(OWNER) as session:
    ...     session.query(Document).where(readable(OWNER)).count()
    0
    >>> database.close()
"""

from genwright.storage.database import SCHEMA_VERSION, Database, StoreSession
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
    "Database",
    "Document",
    "Message",
    "Passage",
    "Run",
    "Span",
    "StoreSession",
    "Vector",
    "VectorRemoval",
    "readable",
]
