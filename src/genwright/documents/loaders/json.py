"""JSON and JSON lines as readable lines of ``path: value``."""

import json
from collections.abc import Iterator
from pathlib import PurePath

from genwright.documents.base import Extract, loaders
from genwright.documents.draft import Draft
from genwright.documents.encoding import decode
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings


@loaders.register("json")
class JsonLoader:
    """Each value is a line with the path to it; each record of a list is a block of its own.

    So a passage names what its values are, wherever in the file it begins.
    """

    suffixes = (".json", ".jsonl", ".ndjson", ".geojson")
    media_types = ("text/json", "application/json", "application/x-ndjson")

    def load(self, data: bytes, name: str, limits: DocumentSettings) -> Extract:
        """Read JSON, or one JSON value a line."""
        text, encoding = decode(data, name)
        draft = Draft(limits)
        draft.metadata["encoding"] = encoding
        lines = PurePath(name).suffix.lower() in (".jsonl", ".ndjson")
        try:
            for record in _iter_lines(text) if lines else _iter_records(json.loads(text)):
                draft.add("paragraph", "\n".join(record))
        except (ValueError, RecursionError) as error:
            raise UnreadableDocument(
                f"Expected JSON in {name}, got what does not parse ({str(error)[:120]}): "
                "fix it, or rename it to .txt to read it as text."
            ) from error
        return draft.build_extract(name, "json")


def _iter_lines(text: str) -> Iterator[list[str]]:
    for line in text.split("\n"):
        if line.strip():
            yield list(flatten_lines(json.loads(line)))


def _iter_records(value: object) -> Iterator[list[str]]:
    """The blocks of a document: the items of a list, or the entries of an object."""
    if isinstance(value, dict):
        pairs = [(str(key), each) for key, each in value.items()]
    elif isinstance(value, list):
        pairs = [(f"[{i}]", each) for i, each in enumerate(value)]
    else:
        pairs = [("", value)]
    for path, each in pairs:
        if isinstance(each, list) and any(isinstance(item, dict | list) for item in each):
            yield from (list(flatten_lines(item, f"{path}[{i}]")) for i, item in enumerate(each))
        else:
            yield list(flatten_lines(each, path))


def flatten_lines(value: object, path: str = "") -> Iterator[str]:
    """Lines of ``path: value`` for every leaf; lists of plain values share a line.

    Example:
        >>> list(flatten_lines({"pump": {"oil": "VG 46", "seals": [1, 2]}, "spare": None}))
        ['pump.oil: VG 46', 'pump.seals: 1, 2']
    """
    if isinstance(value, dict):
        for key, each in value.items():
            yield from flatten_lines(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for i, each in enumerate(value):
            yield from flatten_lines(each, f"{path}[{i}]")
    elif value not in (None, "", []):
        plain = (
            ", ".join(map(_format_plain, value))
            if isinstance(value, list)
            else _format_plain(value)
        )
        yield f"{path}: {plain}" if path else plain


def _format_plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
