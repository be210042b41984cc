"""Building an extract piece by piece, so that its offsets are right by construction."""

from genwright.documents.base import Block, Extract, Kind, Page
from genwright.documents.encoding import clean
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings


class Draft:
    r"""Text that grows by blocks, with a blank line between any two.

    Example:
        >>> draft = Draft(DocumentSettings())
        >>> draft.add("heading", "Pumps", level=1)
        >>> draft.add("paragraph", "Oil them.")
        >>> draft.build_extract("pumps.txt", "text").text
        '# Pumps\n\nOil them.'
    """

    def __init__(self, limits: DocumentSettings) -> None:
        self.limits = limits
        self.blocks: list[Block] = []
        self.pages: list[Page] = []
        self.warnings: list[str] = []
        self.metadata: dict[str, str] = {}
        self._parts: list[str] = []
        self.length = 0
        self._page: tuple[int, int] | None = None

    def add(self, kind: Kind, text: str, level: int = 0) -> None:
        """Append a block; a heading is written as ``#`` signs and its text on one line."""
        text = clean(text).strip("\n").rstrip()
        if not text.strip():
            return
        if kind == "heading":
            text = f"{'#' * level} {' '.join(text.split())}"
        start = self._append(text)
        self.blocks.append(Block(kind, start, self.length, level))

    def add_text(self, text: str, blocks: tuple[Block, ...]) -> None:
        """Append text that is clean already, with blocks whose offsets count from its start."""
        if text.strip():
            start = self._append(text)
            self.blocks += [Block(b.kind, start + b.start, start + b.end, b.level) for b in blocks]

    def begin_page(self, number: int) -> None:
        """Count what is added from here on to a page, until the next one begins."""
        self.end_page()
        if number > self.limits.max_pages:
            raise UnreadableDocument(
                f"Expected at most {self.limits.max_pages} pages, got more: "
                "split the document, or raise documents.max_pages."
            )
        self._page = (number, self.length)

    def end_page(self) -> None:
        """Close the page that was begun."""
        if self._page:
            number, start = self._page
            gap = 2 if start and self.length > start else 0  # the blank line before its first block
            self.pages.append(Page(number, start + gap, self.length))
            self._page = None

    def build_extract(self, name: str, format: str, title: str = "") -> Extract:
        """What was drafted; the title falls back to the first heading, then to the file name."""
        self.end_page()
        text = "".join(self._parts)
        return Extract(
            text=text,
            title=choose_title(text, self.blocks, name, title),
            format=format,
            pages=tuple(self.pages),
            blocks=tuple(self.blocks),
            metadata=self.metadata,
            warnings=tuple(self.warnings),
        )

    def _append(self, text: str) -> int:
        if self.length:
            text = f"\n\n{text}"
        self._parts.append(text)
        self.length += len(text)
        if self.length > self.limits.max_characters:
            raise UnreadableDocument(
                f"Expected at most {self.limits.max_characters:,} characters of text, got more: "
                "split the document, or raise documents.max_characters."
            )
        return self.length - len(text) + (2 if text.startswith("\n\n") else 0)


def choose_title(text: str, blocks: list[Block], name: str, given: str = "") -> str:
    """The title a file gives itself, or its first heading, or its name without folder and suffix.

    At most 200 characters, on one line.
    """
    title = " ".join(clean(given).split())
    if not title:
        heading = next((block for block in blocks if block.kind == "heading"), None)
        if heading:
            first = text[heading.start : heading.end].split("\n", maxsplit=1)[0]
            title = first.strip("#*_= ").strip()
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    return (title or stem.rsplit(".", 1)[0] or stem)[:200]
