"""How the reader and its sandbox talk: length-prefixed JSON and bytes, nothing executable."""

import json
import struct
from dataclasses import astuple
from typing import IO

from genwright.documents.base import KINDS, Block, Extract, Page
from genwright.documents.encoding import clean
from genwright.settings import DocumentSettings
from genwright.types import Json

_LENGTHS = struct.Struct(">QQ")
_HEADER_BYTES = 64 * 1024 * 1024


class GarbledMessage(Exception):
    """The other side closed, or sent what no honest side sends."""


def send(stream: IO[bytes], header: Json, body: bytes) -> None:
    """Write one message."""
    head = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(head), len(body)))
    stream.write(head)
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes], max_body: int) -> tuple[Json, bytes]:
    """Read one message, of at most so many bytes.

    Raises:
        Garbled: It is cut short, too long, or no JSON.
    """
    head, body = _LENGTHS.unpack(_read_exactly(stream, _LENGTHS.size))
    if head > _HEADER_BYTES or body > max_body:
        raise GarbledMessage(f"more than {max_body:,} bytes of output")
    try:
        header = json.loads(_read_exactly(stream, head))
        if not isinstance(header, dict):
            raise ValueError("no object")
        return header, _read_exactly(stream, body)
    except (ValueError, RecursionError) as error:
        raise GarbledMessage("output that is no JSON") from error


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise GarbledMessage("the end of its output")
    return data


def build_header(extract: Extract) -> Json:
    """All of an extract but its text."""
    return {
        "title": extract.title,
        "format": extract.format,
        "pages": [astuple(page) for page in extract.pages],
        "blocks": [astuple(block) for block in extract.blocks],
        "metadata": extract.metadata,
        "warnings": extract.warnings,
    }


def rebuild_extract(header: Json, body: bytes, limits: DocumentSettings) -> Extract:
    """Rebuild an extract from the hostile side: nothing in it is taken on trust.

    Raises:
        Garbled: The text is unclean, or offsets are out of order or outside it.
    """
    try:
        text = body.decode()
        if clean(text) != text or not text.strip() or len(text) > limits.max_characters:
            raise ValueError("unclean or oversized text")
        pages = tuple(Page(*map(int, row)) for row in header["pages"])
        blocks = tuple(Block(str(k), *map(int, rest)) for k, *rest in header["blocks"])  # type: ignore[arg-type]
        _check_order(pages, len(text))
        _check_order(blocks, len(text))
        if any(block.kind not in KINDS for block in blocks):
            raise ValueError("an unknown kind of block")
        return Extract(
            text=text,
            title=clean(str(header["title"]))[:200],
            format=str(header["format"]),
            pages=pages,
            blocks=blocks,
            metadata={clean(str(k)): clean(str(v)) for k, v in header["metadata"].items()},
            warnings=tuple(clean(str(each)) for each in header["warnings"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbledMessage(f"an extract that does not fit together: {error}") from error


def _check_order(spans: tuple[Page, ...] | tuple[Block, ...], length: int) -> None:
    end = 0
    for span in spans:
        if not end <= span.start <= span.end <= length:
            raise ValueError("spans out of order")
        end = span.end
