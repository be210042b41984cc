"""The blocks of a Markdown text, by a CommonMark parser that tells the lines of each."""

from bisect import bisect_right
from collections.abc import Sequence

from genwright.documents.base import Block, Page

_KINDS = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "html_block": "paragraph",
    "blockquote_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
}

LONGEST_PARSED = 2_000_000
"""Characters above which a text is cut at blank lines instead: parsing would take too long."""


def markdown_blocks(text: str) -> tuple[Block, ...]:
    """Top-level blocks of a Markdown text: headings, paragraphs, lists, tables, code.

    Example:
        >>> [(block.kind, block.level) for block in markdown_blocks("# A\\n\\ntext\\n")]
        [('heading', 1), ('paragraph', 0)]
    """
    if len(text) > LONGEST_PARSED:
        return paragraph_blocks(text)
    from markdown_it import MarkdownIt

    lines = line_starts(text)
    blocks: list[Block] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        kind = _KINDS.get(token.type)
        if kind and token.level == 0 and token.map:
            start, end = lines[token.map[0]], lines[min(token.map[1], len(lines) - 1)]
            level = int(token.tag[1]) if kind == "heading" else 0
            blocks.append(Block(kind, start, _trimmed(text, start, end), level))
    return tuple(blocks)


def paragraph_blocks(text: str, kind: str = "paragraph", offset: int = 0) -> tuple[Block, ...]:
    """Blocks parted by blank lines, all of one kind."""
    blocks: list[Block] = []
    start: int | None = None
    position = 0
    for line in [*text.splitlines(keepends=True), ""]:
        if line.strip() and start is None:
            start = position
        elif not line.strip() and start is not None:
            blocks.append(Block(kind, offset + start, offset + _trimmed(text, start, position)))
            start = None
        position += len(line)
    return tuple(blocks)


def line_starts(text: str) -> list[int]:
    """Offset of each line, and of the end of the text."""
    starts = [0]
    while (found := text.find("\n", starts[-1])) >= 0:
        starts.append(found + 1)
    return [*starts, len(text)]


def page_at(pages: Sequence[Page], offset: int) -> int | None:
    """Number of the page that holds an offset; None where a text has no pages."""
    if not pages:
        return None
    return pages[max(0, bisect_right([page.start for page in pages], offset) - 1)].number


def _trimmed(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1].isspace():
        end -= 1
    return end
