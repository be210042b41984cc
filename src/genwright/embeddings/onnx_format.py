"""ONNX graphs as files, without the ``onnx`` package: the few messages that an encoder needs.

Message and field numbers are those of ``onnx.proto`` (https://github.com/onnx/onnx, IR version 9),
written as protobuf's wire format has it: https://protobuf.dev/programming-guides/encoding/. Fields
are tagged by number and kind; integers are base 128 with the low group first, negative ones as 64
bits of two's complement; messages, texts and tensors follow their length in bytes.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT, UINT8, INT8, INT32, INT64 = 1, 2, 3, 6, 7
"""``TensorProto.DataType``."""

MICROSOFT = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""

EXTERNAL = 1
"""``TensorProto.DataLocation`` of values that lie in a file beside the graph."""

IR_VERSION, OPSETS = 9, {"": 20, MICROSOFT: 1}

_TYPES = {"float32": FLOAT, "uint8": UINT8, "int8": INT8, "int32": INT32, "int64": INT64}
_VARINT, _BYTES, _FIXED32 = 0, 2, 5
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT = 1, 2
_LAST_64_BITS = 2**64 - 1

Parts = list[bytes]
"""A message in pieces, joined once at the end: tensors are large."""


class OnnxGraph:
    """Collects nodes and constants; each call returns the name of what it makes."""

    def __init__(self) -> None:
        self._nodes: Parts = []
        self._constants: Parts = []
        self._made = 0

    def constant(self, value: NDArray[Any]) -> str:
        """Add a tensor: float32, uint8, int8, int32 or int64."""
        name = self._name("constant")
        self._constants += _message(5, _tensor(name, value))
        return name

    def external(self, kind: str, shape: Sequence[int], file: str, offset: int = 0) -> str:
        """Add a tensor whose values lie in a file beside the graph, which the runtime maps.

        Args:
            kind: NumPy's name of the type, such as ``int8``.
            shape: Of the tensor.
            file: Name of the file, in the graph's own folder. It holds the values as
                little-endian bytes, rows first.
            offset: Where they begin in it, in bytes; runtimes map whole pages of 4096.
        """
        name = self._name("constant")
        self._constants += _message(5, _external_tensor(name, kind, shape, file, offset))
        return name

    def node(
        self, kind: str, *inputs: str, result: str = "", domain: str = "", **attributes: float
    ) -> str:
        """Add an operator of one result.

        Args:
            kind: ``op_type`` of the operator.
            inputs: Names; empty for one that is left out.
            result: Name of the result; by default a new one.
            domain: Of the operator.
            attributes: Integers and floats.
        """
        made = result or self._name(kind)
        self._add(kind, inputs, [made], domain, attributes)
        return made

    def split(self, x: str, parts: int) -> list[str]:
        """Cut the last axis into equal parts."""
        made = [self._name("Split") for _ in range(parts)]
        self._add("Split", [x], made, "", {"axis": -1, "num_outputs": parts})
        return made

    def serialize(
        self,
        inputs: Mapping[str, tuple[int, Sequence[int | str]]],
        outputs: Mapping[str, tuple[int, Sequence[int | str]]],
    ) -> bytes:
        """The whole as a ``ModelProto``.

        Args:
            inputs: Type and shape by name; a dimension is a number, or a name where it is free.
            outputs: The same.
        """
        graph = [*self._nodes, *_text(2, "encoder"), *self._constants]
        for number, values in ((11, inputs), (12, outputs)):
            for name, (kind, shape) in values.items():
                graph += _message(number, _value_info(name, kind, shape))
        model = [*_integer(1, IR_VERSION), *_message(7, graph)]
        for domain, version in OPSETS.items():
            model += _message(8, [*_text(1, domain), *_integer(2, version)])
        return b"".join(model)

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}{self._made}"

    def _add(
        self,
        kind: str,
        inputs: Sequence[str],
        results: Sequence[str],
        domain: str,
        attributes: Mapping[str, float],
    ) -> None:
        node = [part for name in inputs for part in _text(1, name)]
        node += [part for name in results for part in _text(2, name)]
        node += _text(4, kind)
        for name, value in attributes.items():
            node += _message(5, _attribute(name, value))
        if domain:
            node += _text(7, domain)
        self._nodes += _message(1, node)


def _tensor(name: str, value: NDArray[Any]) -> Parts:
    """``TensorProto`` with its values as raw little-endian bytes, rows first."""
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    head = _tensor_head(np.dtype(value.dtype).name, value.shape)
    return [*head, *_text(8, name), *_message(9, [little.tobytes()])]


def _external_tensor(name: str, kind: str, shape: Sequence[int], file: str, offset: int) -> Parts:
    """``TensorProto`` with ``StringStringEntryProto`` that say where its values are."""
    length = int(np.prod(shape)) * np.dtype(kind).itemsize
    tensor = [*_tensor_head(kind, shape), *_text(8, name)]
    for key, value in (("location", file), ("offset", str(offset)), ("length", str(length))):
        tensor += _message(13, [*_text(1, key), *_text(2, value)])
    return [*tensor, *_integer(14, EXTERNAL)]


def _tensor_head(kind: str, shape: Sequence[int]) -> Parts:
    dims = [part for size in shape for part in _integer(1, size)]
    return [*dims, *_integer(2, _TYPES[kind])]


def _attribute(name: str, value: float) -> Parts:
    """``AttributeProto``."""
    if isinstance(value, int):
        return [*_text(1, name), *_integer(3, value), *_integer(20, _ATTRIBUTE_INT)]
    number = [_varint(2 << 3 | _FIXED32), struct.pack("<f", value)]
    return [*_text(1, name), *number, *_integer(20, _ATTRIBUTE_FLOAT)]


def _value_info(name: str, kind: int, shape: Sequence[int | str]) -> Parts:
    """``ValueInfoProto`` of a tensor."""
    dimensions: Parts = []
    for size in shape:
        dimensions += _message(1, _text(2, size) if isinstance(size, str) else _integer(1, size))
    tensor = [*_integer(1, kind), *_message(2, dimensions)]
    return [*_text(1, name), *_message(2, _message(1, tensor))]


def _integer(field: int, value: int) -> Parts:
    return [_varint(field << 3 | _VARINT), _varint(value)]


def _text(field: int, value: str) -> Parts:
    return _message(field, [value.encode()])


def _message(field: int, parts: Iterable[bytes]) -> Parts:
    held = list(parts)
    return [_varint(field << 3 | _BYTES), _varint(sum(map(len, held))), *held]


def _varint(value: int) -> bytes:
    value &= _LAST_64_BITS
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
