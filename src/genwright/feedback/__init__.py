"""Feedback: what people thought of an answer, kept beside its trace.

Example:
    >>> from genwright.feedback import trace_of
    >>> trace_of("chatcmpl-0123456789abcdef0123456789abcdef")
    '0123456789abcdef0123456789abcdef'
"""

from genwright.feedback.collect import Given, give, list_feedback, trace_of

__all__ = ["Given", "give", "list_feedback", "trace_of"]
