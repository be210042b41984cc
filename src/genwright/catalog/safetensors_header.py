"""The head of a safetensors file, checked against the file before a loader sees it.

The format: https://huggingface.co/docs/safetensors. Eight bytes give the length of a JSON object
that names each tensor's type, shape and place; the weights follow without a hole.
"""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from genwright.errors import UntrustedWeights

MAX_HEADER = 32 * 1024 * 1024
"""Bytes of the JSON at most; the format allows 100 MB, published models stay below 10."""
MAX_DIMENSIONS = 32

BITS = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **{"F6_E2M3": 6, "F6_E3M2": 6, "F4": 4},
}
"""Bits of one number, by the format's name of its type."""


@dataclass(frozen=True)
class SafeTensor:
    """Where one tensor lies, and what it is."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    """From the end of the head, in bytes."""
    end: int


@dataclass(frozen=True)
class SafetensorsHeader:
    """What a safetensors file says about itself."""

    metadata: dict[str, str]
    tensors: tuple[SafeTensor, ...]
    """In the order of their places."""


def read_header(path: Path) -> SafetensorsHeader:
    """Read and check the head of a safetensors file.

    Raises:
        UntrustedWeights: The file is no safetensors, is cut off, or says what cannot be.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            length = int.from_bytes(file.read(8), "little")
            if size < 10 or length > min(MAX_HEADER, size - 8):
                raise _make_error(path, "the length of its head does not fit the file")
            head = file.read(length)
    except OSError as error:
        raise UntrustedWeights(f"{path} cannot be read: {error.strerror}.") from error
    return _read(path, head, size - 8 - length)


def _read(path: Path, head: bytes, weights: int) -> SafetensorsHeader:
    entries = _parse(path, head)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _make_error(path, "its metadata are not texts by name")
    tensors = [_parse_tensor(path, name, entry) for name, entry in entries.items()]
    tensors.sort(key=lambda tensor: (tensor.start, tensor.end))
    reached = 0
    for tensor in tensors:
        if tensor.start != reached:
            raise _make_error(
                path, f"there is a hole or an overlap before tensor {tensor.name[:80]!r}"
            )
        reached = tensor.end
    if reached != weights:
        raise _make_error(path, f"its tensors take {reached} bytes, but {weights} follow the head")
    return SafetensorsHeader(metadata, tuple(tensors))


def _parse(path: Path, head: bytes) -> dict[str, Any]:
    if not head.startswith(b"{"):
        raise _make_error(path, "its head is no JSON object")
    try:
        return json.loads(head, object_pairs_hook=_reject_repeats)
    except (ValueError, RecursionError) as error:
        raise _make_error(path, f"its header is not valid JSON ({str(error)[:80]})") from error


def _reject_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _parse_tensor(path: Path, name: str, entry: object) -> SafeTensor:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise _make_error(path, f"tensor {name[:80]!r} is not described by type, shape and place")
    dtype, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise _make_error(path, f"tensor {name[:80]!r} has the unknown type {str(dtype)[:40]!r}")
    if not _is_size_list(shape, MAX_DIMENSIONS) or not _is_size_list(place, 2) or len(place) != 2:
        raise _make_error(path, f"tensor {name[:80]!r} has an impossible shape or place")
    start, end = place
    if prod(shape) * BITS[dtype] != (end - start) * 8:
        raise _make_error(
            path, f"tensor {name[:80]!r} does not have the size of its type and shape"
        )
    return SafeTensor(name, dtype, tuple(shape), start, end)


def _is_size_list(value: object, most: int) -> bool:
    """A list of whole numbers that a file can have (True is an int to Python, not here)."""
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(type(item) is int and 0 <= item < 2**63 for item in value)
    )


def _make_error(path: Path, what: str) -> UntrustedWeights:
    return UntrustedWeights(
        f"{path} is not a valid safetensors file: {what}. "
        "Fetch it again from where it was published."
    )
