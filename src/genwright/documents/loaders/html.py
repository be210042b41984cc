"""Web pages: their text as Markdown, without scripts, styles and hidden parts."""

import re
from html import unescape

from genwright.documents.base import Extract, loaders
from genwright.documents.conversion import convert, read_details
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.documents.markdown_blocks import find_markdown_blocks
from genwright.settings import DocumentSettings

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{2,40})""", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,500})", re.IGNORECASE)


@loaders.register("html")
class HtmlLoader:
    """Headings, lists, tables and code become Markdown; addresses of images go."""

    suffixes = (".html", ".htm", ".xhtml")
    media_types = ("text/html", "application/xhtml+xml")

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a page in the encoding its mark or its head declares."""
        declared = _CHARSET.search(data[:4096])
        source, encoding = decode(data, name, declared.group(1).decode() if declared else "")
        text, result = convert(source.encode(), "text/html", name)
        draft = Draft(limits)
        draft.metadata = {**read_details(result), "encoding": encoding}
        draft.add_text(text, find_markdown_blocks(text))
        title = _TITLE.search(source[:100_000])
        return draft.build_extract(name, "html", title=unescape(title.group(1)) if title else "")
