"""Which headings and which page a place in an extract is under."""

from bisect import bisect_right

from genwright.documents.base import Extract, TextPassage

_SECTION_CHARACTERS = 300


class Outline:
    r"""Heading path and page by offset.

    Example:
        >>> from genwright.documents.base import Block
        >>> blocks = (Block("heading", 0, 3, 1), Block("heading", 4, 8, 2))
        >>> Outline(Extract("# A\n## B\ntext", "", "markdown", blocks=blocks)).find_section(9)
        'A > B'
    """

    def __init__(self, extract: Extract) -> None:
        self._text = extract.text
        self._pages = extract.pages
        self._page_starts = [page.start for page in extract.pages]
        self._starts, self._paths = [0], [""]
        stack: list[tuple[int, str]] = []
        for block in extract.blocks:
            if block.kind == "heading":
                stack = [each for each in stack if each[0] < block.level]
                stack.append((block.level, strip_heading(extract.text[block.start : block.end])))
                self._starts.append(block.start)
                path = " > ".join(name for _, name in stack if name)
                self._paths.append(path[:_SECTION_CHARACTERS])

    def find_section(self, offset: int) -> str:
        """Headings above an offset, outermost first; a heading is under itself."""
        return self._paths[bisect_right(self._starts, offset) - 1]

    def find_page(self, offset: int) -> int | None:
        """Number of the page an offset is on; None where the format has no pages."""
        index = bisect_right(self._page_starts, offset) - 1
        return self._pages[max(0, index)].number if self._pages else None

    def cut_passage(self, start: int, end: int, body: int | None = None) -> TextPassage | None:
        """The passage of a span without the blank space around it; None where all is blank.

        Args:
            start: Where the span begins.
            end: Where it ends.
            body: Offset whose section it gets; its own start by default.
        """
        piece = self._text[start:end]
        start += len(piece) - len(piece.lstrip())
        end = start + len(piece.strip())
        if end <= start:
            return None
        section = self.find_section(start if body is None else body)
        return TextPassage(start, end, self.find_page(start), section)


def strip_heading(source: str) -> str:
    """The words of a heading, without the signs that mark it."""
    return " ".join(source.split("\n", maxsplit=1)[0].strip("# \t").replace("**", "").split())
