"""Office and markup formats to Markdown, by kreuzberg."""

import re
from typing import TYPE_CHECKING

from genwright.documents.encoding import clean
from genwright.documents.markdown_blocks import unescape
from genwright.errors import UnreadableDocument

if TYPE_CHECKING:
    from kreuzberg import ExtractionResult

_IMAGE = re.compile(r"\\?!\[([^\]\n]*)\]\([^)\n]*\)")
_KEEP = ("title", "authors", "language", "subject", "keywords", "created_at", "modified_at")


def convert(
    data: bytes, media_type: str, name: str, mark: str = ""
) -> tuple[str, "ExtractionResult"]:
    """Convert a document to Markdown.

    Args:
        data: The file.
        media_type: What it is.
        name: File name, for messages.
        mark: Text with ``{page_num}`` in it, written before each slide; none for none.

    Returns:
        Markdown without images (their descriptions stay), and kreuzberg's result.

    Raises:
        UnreadableDocument: It is encrypted or broken.
    """
    import kreuzberg

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        output_format="markdown",
        pages=kreuzberg.PageConfig(
            extract_pages=True,
            insert_page_markers=bool(mark),
            marker_format=f"\n\n{mark}\n\n",
        ),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        result = kreuzberg.extract_bytes_sync(data, media_type, config=config)
    except Exception as error:  # its own tree of errors is not complete: panics come as others
        raise make_refusal(error, name) from error
    text = _IMAGE.sub(lambda match: match.group(1).strip(), result.content)
    return unescape(clean(text)), result


def read_details(result: "ExtractionResult") -> dict[str, str]:
    """What a document says about itself, as strings."""
    found = {key: (result.metadata or {}).get(key) for key in _KEEP}
    return {
        key: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in found.items()
        if value
    }


def make_refusal(error: BaseException, name: str) -> UnreadableDocument:
    """The one-line reason for a parser's failure."""
    reason = " ".join(str(error).split())[:200]
    if re.search("password|encrypt", reason, re.IGNORECASE):
        return UnreadableDocument(
            f"Expected an open document, got {name}, which is encrypted: "
            "save it without a password and add it again."
        )
    return UnreadableDocument(
        f"Expected a whole document, got {name}, which its parser cannot read "
        f"({reason or type(error).__name__}): open and save it again, or leave it out."
    )
