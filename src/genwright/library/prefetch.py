"""Documents on their way in: read in a sandboxed process, ahead of whoever embeds them."""

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Event, Thread

from genwright.documents import Extract, Reader, SkippedFile
from genwright.errors import NotFound, UnreadableDocument
from genwright.library.documents import format_source
from genwright.settings import DocumentSettings

READ_AHEAD = 16
"""Documents that may wait for the embedder."""


@dataclass(frozen=True)
class DocumentInput:
    """What somebody wants in: where it comes from, the name that tells its format, its bytes."""

    source: str
    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class ParsedDocument:
    """A document that was read."""

    source: str
    sha256: str
    """Of the bytes it was read from."""
    extract: Extract


@dataclass(frozen=True)
class UnchangedDocument:
    """A document that the collection holds as it is."""

    source: str


Item = ParsedDocument | SkippedFile | UnchangedDocument


def read_each(
    given: Sequence[DocumentInput],
    settings: DocumentSettings,
    known: Mapping[str, tuple[str, str]],
    recipe: str,
) -> Generator[Item]:
    """Read documents one after the other, in their order.

    Args:
        given: What to read.
        settings: Limits of the sandbox.
        known: Digest and recipe of what the collection holds, by source.
        recipe: How documents are read now; what is known by it is not read again.
    """
    with Reader(settings) as reader:
        for each in given:
            try:
                data = each.read()
                digest = hashlib.sha256(data).hexdigest()
                if known.get(each.source) == (digest, recipe):
                    yield UnchangedDocument(each.source)
                else:
                    extract = reader.read_bytes(data, format_source(each.name))
                    yield ParsedDocument(each.source, digest, extract)
            except (UnreadableDocument, NotFound) as error:  # a file may go while others are read
                yield SkippedFile(Path(each.source), str(error))


def read_ahead(incoming: Generator[Item]) -> Generator[Item]:
    """Read in a thread of its own, at most ``READ_AHEAD`` documents before they are asked for."""
    queue: Queue[Item | BaseException | None] = Queue(READ_AHEAD)
    stopped = Event()

    def produce() -> None:
        try:
            with closing(incoming):  # in this thread, which the sandbox belongs to
                for each in incoming:
                    queue.put(each)
                    if stopped.is_set():
                        return
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    thread = Thread(target=produce, name="genwright-reader", daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while thread.is_alive():  # a full queue must not hold the thread, nor its child process
            while not queue.empty():
                queue.get_nowait()
            thread.join(0.05)
