"""One family of formats, one file.

Example:
    >>> from genwright.documents.loaders import loaders
    >>> loaders.get("markdown").suffixes
    ('.md', '.markdown', '.mdown', '.mkd')
"""

from genwright.documents.base import Loader, loaders

__all__ = ["Loader", "loaders"]
