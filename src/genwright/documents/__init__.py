r"""Files to text with structure and offsets, and text to passages.

Example:
    >>> from genwright.settings import DocumentSettings
    >>> with Reader(DocumentSettings()) as reader:
    ...     extract = reader.read_bytes(b"# Pumps\n\nOil them.", "pumps.md")
    >>> extract.title, [block.kind for block in extract.blocks]
    ('Pumps', ['heading', 'paragraph'])
"""

from genwright.documents.base import Block, Extract, Loader, Page, TextPassage
from genwright.documents.discovery import DocumentFile, SkippedFile, walk
from genwright.documents.formats import list_supported
from genwright.documents.reader import Reader
from genwright.documents.sentences import split_sentences

__all__ = [
    "Block",
    "DocumentFile",
    "Extract",
    "Loader",
    "Page",
    "Reader",
    "SkippedFile",
    "TextPassage",
    "list_supported",
    "split_sentences",
    "walk",
]
