"""Where the blocks of Markdown text are."""

import re

from genwright.documents.base import Block, Kind

_KINDS: dict[str, Kind] = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "blockquote_open": "paragraph",
    "html_block": "paragraph",
    "fence": "code",
    "code_block": "code",
    "table_open": "table",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
}
_FRONT_MATTER = re.compile(r"\A---\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def find_markdown_blocks(text: str) -> tuple[Block, ...]:
    r"""Find the outermost blocks of Markdown (CommonMark and pipe tables).

    Example:
        >>> [(b.kind, b.level) for b in find_markdown_blocks("# A\n\n- b\n- c\n")]
        [('heading', 1), ('list', 0)]
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.disable("inline")  # only lines matter here, and it is most of the cost
    matter = _FRONT_MATTER.match(text)
    shift = matter.end() if matter else 0
    lines = _find_line_starts(text, shift)
    blocks = [Block("code", 0, len(text[:shift].rstrip()))] if matter else []
    for token in parser.parse(text[shift:]):
        kind = _KINDS.get(token.type)
        if kind and token.level == 0 and token.map:
            start, end = lines[token.map[0]], lines[min(token.map[1], len(lines) - 1)]
            end = start + len(text[start:end].rstrip())
            level = int(token.tag[1]) if kind == "heading" else 0
            if end > start:
                blocks.append(Block(kind, start, end, level))
    return tuple(blocks)


def read_front_matter_title(text: str) -> str:
    """The ``title`` of YAML front matter, or nothing."""
    matter = _FRONT_MATTER.match(text)
    found = re.search(r"^title:[ \t]*(.+)$", matter.group(1), re.MULTILINE) if matter else None
    return found.group(1).strip().strip("'\"") if found else ""


def unescape(markdown: str) -> str:
    r"""Undo the backslashes a converter puts before punctuation, except in code and tables.

    Example:
        >>> unescape("No\\. 5\\!")
        'No. 5!'
    """
    if "\\" not in markdown:
        return markdown
    out, fenced = [], False
    for line in markdown.split("\n"):
        fence = line.lstrip().startswith(("```", "~~~"))
        fenced ^= fence
        keep = fenced or fence or line.startswith("|")
        out.append(line if keep else _ESCAPED.sub(r"\1", line))
    return "\n".join(out)


def _find_line_starts(text: str, shift: int) -> list[int]:
    starts = [shift]
    for line in text[shift:].split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] = len(text)
    return starts
