"""Every setting, its unit, range, default and reason: ``genwright.toml`` in code.

Sources, later ones win: the defaults here, the workspace's ``genwright.toml``, environment
variables (``GENWRIGHT_RETRIEVAL__TOP_K=8``), and what a command's flags say. They are merged
once, at the door; below it settings are values that do not change.
"""

from genwright.settings.section import STORED, Section, explain_errors, explain_first_error
from genwright.settings.sections import (
    MIB,
    AccessSettings,
    AlertRule,
    AnswerSettings,
    ArenaSettings,
    DocumentSettings,
    EmbeddingSettings,
    EngineSettings,
    FeedbackSettings,
    ImproveSettings,
    MonitoringSettings,
    NotifySettings,
    OIDCSettings,
    OpenAISettings,
    PrivacySettings,
    RetentionSettings,
    RetrievalSettings,
    ServerSettings,
    Settings,
)
from genwright.settings.sources import PREFIX, load_settings, merge_tables

__all__ = [
    "MIB",
    "PREFIX",
    "STORED",
    "AccessSettings",
    "AlertRule",
    "AnswerSettings",
    "ArenaSettings",
    "DocumentSettings",
    "EmbeddingSettings",
    "EngineSettings",
    "FeedbackSettings",
    "ImproveSettings",
    "MonitoringSettings",
    "NotifySettings",
    "OIDCSettings",
    "OpenAISettings",
    "PrivacySettings",
    "RetentionSettings",
    "RetrievalSettings",
    "Section",
    "ServerSettings",
    "Settings",
    "explain_errors",
    "explain_first_error",
    "load_settings",
    "merge_tables",
]
