"""Feedback: what people thought of an answer, kept beside its trace, and what to learn from it.

Example:
    >>> from genwright.feedback import trace_of
    >>> trace_of("chatcmpl-0123456789abcdef0123456789abcdef")
    '0123456789abcdef0123456789abcdef'
"""

from genwright.feedback.collect import (
    Given,
    Opinion,
    Voice,
    all_voices,
    give,
    list_feedback,
    trace_of,
    voices,
)

__all__ = [
    "Given",
    "Opinion",
    "Voice",
    "all_voices",
    "give",
    "list_feedback",
    "trace_of",
    "voices",
]
