"""Registry: models and assistants as immutable versions, aliases that point to them.

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

from genwright.registry.aliases import CANDIDATE, LIVE
from genwright.registry.assistants import Assistants, ConfigVersion, ServedAssistant
from genwright.registry.config import AssistantConfig, build_config, find_differences
from genwright.registry.facts import DataFacts, VersionFacts
from genwright.registry.versions import ModelSummary, ModelVersions, TrainedVersion

__all__ = [
    "CANDIDATE",
    "LIVE",
    "AssistantConfig",
    "Assistants",
    "ConfigVersion",
    "DataFacts",
    "ModelSummary",
    "ModelVersions",
    "ServedAssistant",
    "TrainedVersion",
    "VersionFacts",
    "build_config",
    "find_differences",
]
