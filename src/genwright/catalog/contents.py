"""What a file really is, judged by its bytes: only GGUF, safetensors, E5S1, JSON and text pass.

Pickles (and the zip archives of them that torch writes) run code when they are loaded; other
formats have loaders that nobody here has checked.
"""

import json
from pathlib import Path

from genwright.catalog import gguf_header, safetensors_header
from genwright.errors import UntrustedWeights

MAX_TEXT = 64 * 1024 * 1024
"""Largest JSON or vocabulary, in bytes."""

_FOREIGN = {
    b"PK\x03\x04": "a zip archive, as torch writes pickles in",
    b"\x80\x02": "a Python pickle",
    b"\x80\x03": "a Python pickle",
    b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUM": "a NumPy array",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
    b"GGUF": "GGUF",
    b"<": "a web page",
    b"version https://git-lfs": "a Git LFS pointer, not the file it points to",
}


def check(path: Path) -> None:
    """Refuse a file that is not soundly what its name says.

    Raises:
        UntrustedWeights: With what it is instead, or what is wrong in it.
    """
    suffix = path.suffix
    if suffix == ".gguf":
        _expect(path, _read_head(path).startswith(gguf_header.MAGIC), "GGUF")
        gguf_header.read_header(path)
    elif suffix == ".safetensors":
        head = _read_head(path)
        _expect(path, len(head) > 8 and head[8:9] == b"{", "safetensors")
        safetensors_header.read_header(path)
    elif suffix == ".e5s1":  # what is in it is checked where it is read, once, to be prepared
        _expect(path, _read_head(path).startswith(b"E5S1"), "E5S1 weights")
    elif suffix in (".json", ".txt"):
        _check_text(path)
    else:
        raise UntrustedWeights(
            f"{path.name} is not part of a model: expected GGUF, safetensors, JSON or a vocabulary."
        )


def describe(head: bytes) -> str:
    """What a file that begins so seems to be."""
    return next(
        (what for magic, what in _FOREIGN.items() if head.startswith(magic)), "something else"
    )


def _check_text(path: Path) -> None:
    what = "JSON" if path.suffix == ".json" else "plain text"
    _expect(path, path.stat().st_size <= MAX_TEXT, f"at most {MAX_TEXT} bytes of {what}")
    try:
        text = path.read_bytes().decode("utf-8")
        if path.suffix == ".json":
            json.loads(text)
    except (ValueError, RecursionError):
        _expect(path, False, what)
    _expect(path, "\0" not in text, what)


def _expect(path: Path, is_so: bool, what: str) -> None:
    if not is_so:
        raise UntrustedWeights(
            f"{path.name} was expected to be {what}, and is "
            f"{describe(_read_head(path))}. Only GGUF, "
            "safetensors and JSON are accepted: take a model published in one of them."
        )


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)
