"""Word documents."""

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import convert, read_details
from genwright.documents.draft import Draft
from genwright.documents.formats import OLE
from genwright.documents.markdown_blocks import find_markdown_blocks
from genwright.settings import DocumentSettings

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@loaders.register("docx")
class DocxLoader:
    """Headings, lists, tables, footnotes and links as Markdown.

    No pages: where they break is decided by the program that prints, not by the file.
    """

    suffixes = (".docx", ".docm", ".dotx")
    media_types = (_DOCX, OLE)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a Word document."""
        text, result = convert(data, _DOCX, name)
        draft = Draft(limits)
        draft.metadata = read_details(result)
        draft.add_text(text, find_markdown_blocks(text))
        return draft.build_extract(name, "docx", title=draft.metadata.get("title", ""))
