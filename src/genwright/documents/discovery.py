"""Files and folders to the documents in them."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.documents.formats import HEAD_BYTES, recognize_format
from genwright.errors import NotFound, UnreadableDocument
from genwright.settings import DocumentSettings

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "CVS", "venv", "site-packages"})
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
}


@dataclass(frozen=True)
class DocumentFile:
    """A file that some loader reads."""

    path: Path
    """Absolute."""
    size: int
    """In bytes, when it was found."""
    limit: int
    """Most bytes that are read of it."""

    def read(self) -> bytes:
        """All of it.

        Raises:
            UnreadableDocument: It has become something else, or too large, since it was found.
        """
        return open_regular(self.path, self.limit)


@dataclass(frozen=True)
class SkippedFile:
    """A file that is left out, and why."""

    path: Path
    reason: str


def walk(paths: Sequence[Path], settings: DocumentSettings) -> Iterator[DocumentFile | SkippedFile]:
    """Every document under some files and folders, in sorted order, each once.

    Hidden files, version-control folders, ``__pycache__`` and the like are passed over in folders;
    a file that is named is always taken. Links are followed only inside the folder they are in.

    Raises:
        NotFound: A path that was named is not there.
    """
    seen: set[Path] = set()
    for path in paths:
        if not os.path.lexists(path):
            raise NotFound(f"Expected a file or folder at {path}, got nothing: check the path.")
        root = path.resolve()
        files = _iter_files(root) if root.is_dir() else iter([(root, root.parent)])
        for file, folder in files:
            each = _judge(file, folder, settings)
            if each.path not in seen:
                seen.add(each.path)
                yield each


def open_regular(path: Path, limit: int, head: int | None = None) -> bytes:
    """Read a regular file, without waiting on a FIFO or following a link that was swapped in.

    Args:
        path: Where it is; links in its folders are followed, the file itself must be none.
        limit: Most bytes it may have.
        head: How many bytes to read; None for all.

    Raises:
        NotFound: It is not there.
        UnreadableDocument: It is no regular file, too large, or must not be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"Expected a file at {path}, got nothing: check the path.") from error
    except OSError as error:
        what = "a symbolic link" if path.is_symlink() else f"an error ({error.strerror})"
        raise UnreadableDocument(
            f"Expected a file that can be opened, got {what}: check {path}."
        ) from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            what = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
            raise UnreadableDocument(f"Expected a regular file, got {what}: leave {path} out.")
        data = b"" if found.st_size > limit else file.read(limit + 1 if head is None else head)
    if found.st_size > limit or len(data) > limit:
        raise UnreadableDocument(
            f"Expected at most {limit:,} bytes, got {max(found.st_size, len(data)):,}: "
            "split the file, or raise documents.max_file_bytes."
        )
    return data


def _iter_files(root: Path) -> Iterator[tuple[Path, Path]]:
    """Files below a folder, sorted, each with the folder that links must not leave."""
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and _is_wanted(name))
        for name in sorted([*names, *links]):
            if _is_wanted(name):
                yield Path(folder, name), root


def _is_wanted(name: str) -> bool:
    return not name.startswith((".", "~$")) and name not in _SKIPPED_FOLDERS


def _judge(file: Path, folder: Path, settings: DocumentSettings) -> DocumentFile | SkippedFile:
    target = file
    if file.is_symlink():
        target = file.resolve()
        if not target.is_relative_to(folder):
            return SkippedFile(file, f"Expected a file inside {folder}, got a link that leaves it.")
        if target.is_dir():
            return SkippedFile(
                file, "Expected a file, got a link to a folder: it is read in its place."
            )
    try:
        head = open_regular(target, settings.max_file_bytes, head=HEAD_BYTES)
        recognize_format(head, target.name)
    except (UnreadableDocument, NotFound) as error:
        return SkippedFile(file, str(error))
    return DocumentFile(target, target.lstat().st_size, settings.max_file_bytes)
