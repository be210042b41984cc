"""What reading a file gives, and the protocol of what reads it."""

from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args, runtime_checkable

from genwright.plugins import Plugins
from genwright.settings import DocumentSettings

Kind = Literal["heading", "paragraph", "table", "code", "list"]
KINDS: frozenset[str] = frozenset(get_args(Kind))


@dataclass(frozen=True)
class Page:
    """A page, slide or sheet: ``text[start:end]`` of the extract. Numbers count from 1."""

    number: int
    start: int
    end: int


@dataclass(frozen=True)
class Block:
    """A piece of structure, ``text[start:end]``; ``level`` is 1 to 6 for headings, else 0."""

    kind: Kind
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True)
class Extract:
    r"""A document as text. All offsets, here and in passages, are characters of ``text``.

    ``text`` is clean: newlines are ``\n``, there is no NUL and no lone surrogate. Pages and
    blocks are in order, inside the text, and do not overlap; what lies between them is blank or
    has no structure.
    """

    text: str
    title: str
    format: str
    """Name of the loader that read it."""
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    """What was left out and why, each a sentence for the user."""


@dataclass(frozen=True)
class TextPassage:
    """A span of an extract that is found and cited as one."""

    start: int
    end: int
    page: int | None
    """Page that it begins on, where the format has pages."""
    section: str
    """Headings above it, outermost first, joined by `` > ``."""


@runtime_checkable
class Loader(Protocol):
    """Turns the bytes of one family of formats into an extract.

    It runs in a process without network and with limits, so it may trust its libraries to fail
    rather than to behave; it never opens another file. Made without arguments.
    """

    suffixes: tuple[str, ...]
    """Lower-case endings of file names it reads, such as ``.docx``."""
    media_types: tuple[str, ...]
    """Media types it reads; content that is recognised goes by these before the suffix does."""

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read a file.

        Args:
            data: All of it.
            name: File name, for the title and for what the suffix tells.
            limits: What it may cost.

        Raises:
            UnreadableDocument: It cannot become text; the message says why and what to do.
        """
        ...


loaders: Plugins[Loader] = Plugins("genwright.documents.loaders")
