"""Opening the files of evaluation sets: plain or gzipped, checked as they are read."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from genwright.errors import NotFound, UsageError
from genwright.types import Json


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, gzipped or not (judged by content).

    Raises:
        NotFound: There is no such file.
        UsageError: It is not gzip or UTF-8 all through.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}: name one that exists.")
    data = path.read_bytes()
    try:
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"{path} should be UTF-8 text, plain or gzipped: {error}.") from error


def find_maybe_gzipped(folder: Path, name: str) -> Path:
    """``folder/name``, or ``folder/name.gz`` where only that is there."""
    plain, packed = folder / name, folder / f"{name}.gz"
    return packed if packed.is_file() and not plain.is_file() else plain


def read_jsonl(path: Path) -> Iterator[Json]:
    """The JSON objects of a file with one a line; blank lines are passed over.

    Raises:
        UsageError: A line is not a JSON object; the message has its number.
    """
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: expected a JSON object: {error}.") from error
        if not isinstance(row, dict):
            raise UsageError(f"{path}, line {number}: expected a JSON object, got {line[:40]!r}.")
        yield row


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the bytes of several files, in the order given."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()
