"""Registry: assistants as named, immutable versions, and the aliases that point to them.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.registry import Assistants
    >>> from genwright.settings import Settings
    >>> from genwright.storage import Database
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> assistants = Assistants(database, Settings())
    >>> assistants.resolve(OWNER).label
    'assistant@1'
    >>> database.close()
"""

from genwright.registry.assistants import LIVE, Assistants, Served, Version
from genwright.registry.config import AssistantConfig, configured, differences

__all__ = [
    "LIVE",
    "AssistantConfig",
    "Assistants",
    "Served",
    "Version",
    "configured",
    "differences",
]
