"""Feedback: what people thought of an answer, kept beside its trace, and what to learn from it.

Example:
    >>> import pathlib, tempfile
    >>> from genwright.feedback import list_feedback
    >>> from genwright.storage import Database
    >>> from genwright.types import OWNER
    >>> database = Database(pathlib.Path(tempfile.mkdtemp()) / "genwright.db")
    >>> list_feedback(database, OWNER)
    []
    >>> database.close()
"""

from genwright.feedback.collect import (
    FeedbackEntry,
    Opinion,
    Voice,
    list_feedback,
    merge_voices,
    read_voices,
    record_feedback,
)

__all__ = [
    "FeedbackEntry",
    "Opinion",
    "Voice",
    "list_feedback",
    "merge_voices",
    "read_voices",
    "record_feedback",
]
