"""Plain text in any encoding, kept as it is."""

import re

from genwright.documents.base import Block, Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.settings import DocumentSettings

_PARAGRAPH = re.compile(r"\S(?:.|\n(?![ \t]*(?:\n|\Z)))*")


@loaders.register("text")
class TextLoader:
    """Paragraphs are what blank lines part. Files without a known suffix come here too."""

    suffixes = (".txt", ".text", ".log", ".tex", ".srt", ".vtt")
    media_types = ("text/plain",)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read text."""
        text, encoding = decode(data, name)
        draft = Draft(limits)
        draft.metadata["encoding"] = encoding
        draft.add_text(text, split_paragraphs(text))
        return draft.build_extract(name, "text")


def split_paragraphs(text: str) -> tuple[Block, ...]:
    r"""Blocks of text between blank lines.

    Example:
        >>> [(b.start, b.end) for b in split_paragraphs("one\ntwo\n\n three")]
        [(0, 7), (10, 15)]
    """
    return tuple(
        Block("paragraph", match.start(), match.start() + len(match.group().rstrip()))
        for match in _PARAGRAPH.finditer(text)
    )
