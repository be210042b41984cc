"""Markdown, kept as it is written."""

from genwright.documents.base import Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.documents.markdown_blocks import find_markdown_blocks, read_front_matter_title
from genwright.settings import DocumentSettings


@loaders.register("markdown")
class MarkdownLoader:
    """Offsets point into the source as written; blocks are CommonMark's, with pipe tables."""

    suffixes = (".md", ".markdown", ".mdown", ".mkd")
    media_types = ("text/markdown",)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read Markdown in any encoding."""
        text, encoding = decode(data, name)
        draft = Draft(limits)
        draft.metadata["encoding"] = encoding
        draft.add_text(text, find_markdown_blocks(text))
        return draft.build_extract(name, "markdown", title=read_front_matter_title(text))
