"""Extracts to passages.

Example:
    >>> from genwright.documents.splitters import splitters
    >>> splitters.names()
    ['fixed', 'structure']
"""

from genwright.documents.splitters.base import Splitter, Tokens, splitters

__all__ = ["Splitter", "Tokens", "splitters"]
