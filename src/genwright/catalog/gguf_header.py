"""The head of a GGUF file, checked against the file before anything is believed.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3,
little-endian. Loaders of this format are written in C++ and trust what they read; so every count,
length, type, size and offset is checked here first, and no weights are read.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from genwright.errors import UntrustedWeights

MAGIC = b"GGUF"
MAX_HEADER = 64 * 1024 * 1024
"""Bytes of metadata at most; vocabularies of 256,000 tokens with their merges need about 12 MB."""
MAX_ITEMS = 4_194_304
"""Items of all lists together; those vocabularies have about 1.3 million."""
MAX_KEYS, MAX_TENSORS, MAX_NESTING = 65_536, 65_536, 3
MAX_KEY, MAX_NAME, MAX_DIMENSIONS = 65_535, 64, 4
MAX_ALIGNMENT = 65_536

_UINT32, _BOOL, _STRING, _ARRAY = 4, 7, 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q"}
_NUMBERS |= {12: "d"}

BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)},
    **{9: (32, 40), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176)},
    **{14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98)},
    **{19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136)},
    **{24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2)},
    **{34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18)},
}
"""Numbers in one block and its bytes, by the format's number for the type (0 is float32)."""


@dataclass(frozen=True)
class TensorInfo:
    """Where one tensor lies, and what it is."""

    name: str
    shape: tuple[int, ...]
    """Fastest dimension first, as the format has it."""
    type: int
    """The format's number of the type, a key of ``BLOCKS``."""
    offset: int
    """From the start of the weights, in bytes."""
    size: int
    """In bytes."""


@dataclass(frozen=True)
class GGUFHeader:
    """What a GGUF file says about itself."""

    version: int
    metadata: dict[str, object]
    """Numbers, strings, booleans and lists of them, by key."""
    tensors: tuple[TensorInfo, ...]
    alignment: int
    data_start: int
    """Where the weights begin in the file, in bytes."""

    @property
    def architecture(self) -> str:
        """Such as ``llama`` or ``bert``."""
        return str(self.metadata.get("general.architecture", ""))


def read_header(path: Path) -> GGUFHeader:
    """Read and check the head of a GGUF file.

    Raises:
        UntrustedWeights: The file is no GGUF, is cut off, or says what cannot be.
    """
    try:
        with path.open("rb") as file:
            return _read(_Cursor(file, path))
    except OSError as error:
        raise UntrustedWeights(f"{path} cannot be read: {error.strerror}.") from error


class _Cursor:
    """Reads forward through a file and never past its end."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self.size = file.seek(0, 2)
        self._left = min(self.size, MAX_HEADER)
        self.place = file.seek(0)
        self.items_left = MAX_ITEMS

    def make_error(self, what: str) -> UntrustedWeights:
        return UntrustedWeights(
            f"{self._path} is not a valid GGUF file: {what}. "
            "Fetch it again from where it was published."
        )

    def take(self, count: int) -> bytes:
        if count > self._left:
            raise self.make_error(
                f"it ends (or its head exceeds {MAX_HEADER} bytes) inside a value"
            )
        data = self._file.read(count)
        if len(data) != count:
            raise self.make_error("it became shorter while it was read")
        self._left -= count
        self.place += count
        return data

    def read_numbers(self, code: str, count: int) -> tuple[int | float, ...]:
        return struct.unpack(f"<{count}{code}", self.take(count * struct.calcsize(f"<{code}")))

    def read_number(self, code: str) -> int:
        return int(self.read_numbers(code, 1)[0])

    def read_count(self, what: str, most: int) -> int:
        value = self.read_number("Q")
        if value > most:
            raise self.make_error(f"it claims {value:,} {what}, more than {most:,}")
        return value

    def read_string(self, what: str = "bytes of text", most: int = MAX_HEADER) -> str:
        return self.take(self.read_count(what, most)).decode("utf-8", "replace")


def _read(cursor: _Cursor) -> GGUFHeader:
    if cursor.size < 24 or cursor.take(4) != MAGIC:
        raise cursor.make_error("it does not begin with a GGUF head")
    version = cursor.read_number("I")
    if version not in (2, 3):
        raise cursor.make_error(f"versions 2 and 3, little-endian, are read, it has {version}")
    tensor_count = cursor.read_count("tensors", MAX_TENSORS)
    key_count = cursor.read_count("metadata keys", MAX_KEYS)
    metadata = _read_metadata(cursor, key_count)
    alignment = _read_alignment(cursor, metadata)
    tensors = tuple(_read_tensor(cursor, alignment) for _ in range(tensor_count))
    data_start = _round_up(cursor.place, alignment)
    _check_places(cursor, tensors, data_start)
    return GGUFHeader(version, metadata, tensors, alignment, data_start)


def _read_metadata(cursor: _Cursor, count: int) -> dict[str, object]:
    metadata: dict[str, object] = {}
    for _ in range(count):
        key = cursor.read_string("bytes of a key", MAX_KEY)
        if not key or key in metadata:
            raise cursor.make_error(f"its metadata key {key[:80]!r} is empty or there twice")
        kind = cursor.read_number("I")
        if key == "general.alignment" and kind != _UINT32:
            raise cursor.make_error("its alignment is no 32-bit number")
        metadata[key] = _read_value(cursor, kind)
    return metadata


def _read_value(cursor: _Cursor, kind: int) -> object:
    if kind == _STRING:
        return cursor.read_string()
    if kind == _ARRAY:
        return _read_array(cursor, 1)
    return _read_numbers(cursor, kind, 1)[0]


def _read_array(cursor: _Cursor, depth: int) -> list[object]:
    if depth > MAX_NESTING:
        raise cursor.make_error(f"its lists are nested more than {MAX_NESTING} deep")
    kind = cursor.read_number("I")
    count = cursor.read_count("items of lists", cursor.items_left)
    cursor.items_left -= count
    if kind == _STRING:
        return _read_strings(cursor, count)
    if kind == _ARRAY:
        return [_read_array(cursor, depth + 1) for _ in range(count)]
    return _read_numbers(cursor, kind, count)


def _read_strings(cursor: _Cursor, count: int) -> list[object]:
    """A vocabulary: the one long list of a head, so the loop does the least it can."""
    take: Callable[[int], bytes] = cursor.take
    length = struct.Struct("<Q").unpack
    return [take(length(take(8))[0]).decode("utf-8", "replace") for _ in range(count)]


def _read_numbers(cursor: _Cursor, kind: int, count: int) -> list[object]:
    if kind not in _NUMBERS:
        raise cursor.make_error(f"a value has type {kind}, which the format does not know")
    values = cursor.read_numbers(_NUMBERS[kind], count)
    if kind != _BOOL:
        return list(values)
    if any(value > 1 for value in values):
        raise cursor.make_error("a boolean is neither 0 nor 1")
    return [bool(value) for value in values]


def _read_alignment(cursor: _Cursor, metadata: dict[str, object]) -> int:
    value = metadata.get("general.alignment", 32)
    if not isinstance(value, int) or not 0 < value <= MAX_ALIGNMENT or value & (value - 1):
        raise cursor.make_error(f"its alignment is {value!r}, expected a power of two")
    return value


def _read_tensor(cursor: _Cursor, alignment: int) -> TensorInfo:
    name = cursor.read_string("bytes of a tensor's name", MAX_NAME)
    dimensions = cursor.read_number("I")
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise cursor.make_error(f"tensor {name!r} has {dimensions} dimensions, expected 1 to 4")
    shape = tuple(int(size) for size in cursor.read_numbers("Q", dimensions))
    kind, offset = cursor.read_number("I"), cursor.read_number("Q")
    if kind not in BLOCKS:
        raise cursor.make_error(
            f"tensor {name!r} has type {kind}, which is removed or not known here"
        )
    block, block_bytes = BLOCKS[kind]
    if min(shape) < 1 or shape[0] % block:
        raise cursor.make_error(f"tensor {name!r} of type {kind} cannot have the shape {shape}")
    if offset % alignment:
        raise cursor.make_error(f"tensor {name!r} does not begin at a multiple of {alignment}")
    return TensorInfo(name, shape, kind, offset, prod(shape) // block * block_bytes)


def _check_places(cursor: _Cursor, tensors: tuple[TensorInfo, ...], data_start: int) -> None:
    """Every tensor within the file, none over another, no name twice."""
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise cursor.make_error("two tensors have the same name")
    reached = 0
    for tensor in sorted(tensors, key=lambda each: each.offset):
        if tensor.offset < reached:
            raise cursor.make_error(f"tensor {tensor.name!r} lies over another")
        reached = tensor.offset + tensor.size
        if data_start + reached > cursor.size:
            raise cursor.make_error(f"tensor {tensor.name!r} reaches past the end of the file")


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
