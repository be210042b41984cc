"""Kreuzberg as genwright uses it: any office format to Markdown, with the place of each page."""

import re

from genwright.documents.base import Extract, Page
from genwright.documents.encoding import clean
from genwright.documents.structure import markdown_blocks
from genwright.errors import UnreadableDocument
from genwright.types import Json

_MARKER = "\n\n\ue000{page_num}\ue001\n\n"  # private use: in no text, and not Markdown
_MARKED = re.compile("\\s*\ue000(\\d+)\ue001\\s*")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_DETAILS = {
    "authors": "author",
    "created_at": "created",
    "modified_at": "modified",
    "language": "language",
    "subject": "subject",
}


def extract(data: bytes, media_type: str, format_: str, name: str, *, ocr: bool = False) -> Extract:
    """Read a file by its media type.

    Args:
        data: The file.
        media_type: Such as ``application/pdf``.
        format_: What the document's format is called in listings.
        name: File name, for a title where the file has none.
        ocr: Read pages without text by OCR, where it is installed.

    Raises:
        UnreadableDocument: It is broken, encrypted or of another type.
    """
    result = _run(data, media_type, ocr)
    text, pages = _unmarked(_ESCAPED.sub(r"\1", result.content))
    metadata = dict(result.metadata or {})
    title = clean(str(metadata.get("title") or "")).strip()
    return Extract(
        text=text,
        title=title or first_heading(text) or name.rsplit(".", 1)[0],
        format=format_,
        pages=pages,
        blocks=markdown_blocks(text),
        metadata=_details(metadata),
    )


def first_heading(text: str) -> str:
    """The first Markdown heading within the first lines, without its marks; empty for none."""
    found = re.search(r"^#{1,6} +(.+?)(?: +#+)?$", text[:4000], re.MULTILINE)
    return found[1].strip() if found else ""


def _run(data: bytes, media_type: str, ocr: bool) -> "object":
    import kreuzberg

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        output_format=kreuzberg.OutputFormat.MARKDOWN,
        pages=kreuzberg.PageConfig(insert_page_markers=True, marker_format=_MARKER),
        ocr=kreuzberg.OcrConfig(backend="tesseract") if ocr else None,
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        return kreuzberg.extract_bytes_sync(data, media_type, config=config)
    except kreuzberg.KreuzbergError as error:
        reason = str(error).split("\n", 1)[0]
        if "password" in reason.lower() or "encrypt" in reason.lower():
            raise UnreadableDocument(
                "it is encrypted: save it without a password and add it again"
            ) from error
        raise UnreadableDocument(
            f"it could not be read as {media_type}: {reason}: open it and save it anew"
        ) from error


def _unmarked(marked: str) -> tuple[str, tuple[Page, ...]]:
    """Take the page markers out of a text; where they stood is where pages begin."""
    marked = clean(marked)
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []
    length = position = 0
    for match in _MARKED.finditer(marked):
        piece = marked[position : match.start()]
        pieces.append(piece.strip() if not pieces else piece)
        length += len(pieces[-1])
        gap = "\n\n" if length else ""
        pieces.append(gap)
        length += len(gap)
        starts.append((int(match[1]), length))
        position = match.end()
    pieces.append(marked[position:].rstrip() if pieces else marked[position:].strip())
    text = "".join(pieces)
    ends = [start for _, start in starts[1:]] + [len(text)]
    pages = (Page(number, start, end) for (number, start), end in zip(starts, ends, strict=True))
    return text, tuple(pages)


def _details(metadata: Json) -> dict[str, str]:
    found = {ours: metadata[theirs] for theirs, ours in _DETAILS.items() if metadata.get(theirs)}
    return {
        key: clean(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        for key, value in found.items()
    }
