"""Older and rarer formats of writing: RTF, DOC, ODT, reStructuredText, Org, Outlook messages."""

from pathlib import PurePath

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import convert, read_details
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.documents.formats import OLE
from genwright.documents.markdown_blocks import find_markdown_blocks
from genwright.settings import DocumentSettings

_TEXTUAL = {".rst": "text/x-rst", ".org": "text/x-org"}
_BINARY = {
    ".rtf": "application/rtf",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".doc": "application/msword",
    ".msg": "application/vnd.ms-outlook",
}


@loaders.register("office")
class OfficeLoader:
    """Whatever kreuzberg turns into Markdown and that needs no care of its own."""

    suffixes = (*_TEXTUAL, *_BINARY)
    media_types = (*_TEXTUAL.values(), *_BINARY.values(), OLE)

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read by the suffix of the name."""
        suffix = PurePath(name).suffix.lower()
        media_type = _TEXTUAL.get(suffix) or _BINARY.get(suffix, _BINARY[".odt"])
        if suffix in _TEXTUAL:
            data = decode(data, name)[0].encode()
        text, result = convert(data, media_type, name)
        draft = Draft(limits)
        draft.metadata = read_details(result)
        draft.add_text(text, find_markdown_blocks(text))
        title = draft.metadata.get("title") or draft.metadata.get("subject", "")
        return draft.build_extract(name, "office", title=title)
