r"""Files to text with structure and offsets, and text to passages.

Example:
    >>> from genwright.settings import DocumentSettings
    >>> with Reader(DocumentSettings()) as reader:
    ...     extract = reader.read_bytes(b"# Pumps\n\nOil them.", "pumps.md")
    >>> extract.title, [block.kind for block in extract.blocks]
    ('Pumps', ['heading', 'paragraph'])
"""

from genwright.documents.base import Block, Extract, Loader, Page, Passage
from genwright.documents.discovery import Found, Skipped, walk
from genwright.documents.formats import supported
from genwright.documents.reader import Reader
from genwright.documents.sentences import sentences

__all__ = [
    "Block",
    "Extract",
    "Found",
    "Loader",
    "Page",
    "Passage",
    "Reader",
    "Skipped",
    "sentences",
    "supported",
    "walk",
]
