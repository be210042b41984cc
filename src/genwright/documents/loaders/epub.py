"""E-books."""

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import convert, read_details
from genwright.documents.draft import Draft
from genwright.documents.markdown_blocks import find_markdown_blocks
from genwright.settings import DocumentSettings


@loaders.register("epub")
class EpubLoader:
    """Chapters in the order of the book's spine, as Markdown; e-books have no fixed pages."""

    suffixes = (".epub",)
    media_types = ("application/epub+zip",)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read an e-book."""
        text, result = convert(data, self.media_types[0], name)
        draft = Draft(limits)
        draft.metadata = read_details(result)
        draft.add_text(text, find_markdown_blocks(text))
        return draft.build_extract(name, "epub", title=draft.metadata.get("title", ""))
