"""The store: every row that genwright keeps, in one database that several processes may share.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.storage import Database, Document, may_read
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> with database.read(OWNER) as session:
    ...     session.query(Document).where(may_read(OWNER)).count()
    0
    >>> database.close()
"""

from importlib import import_module
from typing import TYPE_CHECKING

from genwright.storage.counts import SCHEMA_VERSION, StoreCounts, count_quickly, count_store

if TYPE_CHECKING:
    from genwright.storage.accounts import (
        ApiKey,
        AuditEntry,
        Grant,
        Group,
        Login,
        Membership,
        Tombstone,
        Usage,
        User,
    )
    from genwright.storage.database import Database, StoreSession
    from genwright.storage.loop import (
        ArenaMatch,
        Battle,
        BattleTally,
        Canary,
        Contender,
        Judge,
        SuiteCase,
        TaughtRequest,
    )
    from genwright.storage.rights import may_add_to, may_read, may_see, may_write
    from genwright.storage.serving import (
        Alert,
        AliasMove,
        Assistant,
        AssistantVersion,
        CollectionFile,
        Feedback,
        IdempotentReply,
        Sample,
        StoredFile,
        StoredResponse,
    )
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
    from genwright.storage.trained import (
        DataSet,
        Model,
        ModelAliasMove,
        ModelVersion,
        RunValue,
    )

_HOMES = {
    "accounts": ("ApiKey AuditEntry Grant Group Login Membership Tombstone Usage User"),
    "database": "Database StoreSession",
    "loop": "ArenaMatch Battle BattleTally Canary Contender Judge SuiteCase TaughtRequest",
    "rights": "may_add_to may_read may_see may_write",
    "serving": (
        "Alert AliasMove Assistant AssistantVersion CollectionFile Feedback IdempotentReply"
        " Sample StoredFile StoredResponse"
    ),
    "trained": "DataSet Model ModelAliasMove ModelVersion RunValue",
    "tables": "Collection Conversation Document Message Passage Run Span Vector VectorRemoval",
}
"""What needs SQLAlchemy, by the file it is in."""

__all__ = [
    "SCHEMA_VERSION",
    "Alert",
    "AliasMove",
    "ApiKey",
    "ArenaMatch",
    "Assistant",
    "AssistantVersion",
    "AuditEntry",
    "Battle",
    "BattleTally",
    "Canary",
    "Collection",
    "CollectionFile",
    "Contender",
    "Conversation",
    "DataSet",
    "Database",
    "Document",
    "Feedback",
    "Grant",
    "Group",
    "IdempotentReply",
    "Judge",
    "Login",
    "Membership",
    "Message",
    "Model",
    "ModelAliasMove",
    "ModelVersion",
    "Passage",
    "Run",
    "RunValue",
    "Sample",
    "Span",
    "StoreCounts",
    "StoreSession",
    "StoredFile",
    "StoredResponse",
    "SuiteCase",
    "TaughtRequest",
    "Tombstone",
    "Usage",
    "User",
    "Vector",
    "VectorRemoval",
    "count_quickly",
    "count_store",
    "may_add_to",
    "may_read",
    "may_see",
    "may_write",
]


def __getattr__(name: str) -> object:
    """Import what needs SQLAlchemy when it is first asked for."""
    home = next((file for file, names in _HOMES.items() if name in names.split()), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
