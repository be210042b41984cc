"""Options in words: ``KEY=VALUE`` texts, and nested values by dotted name."""

from collections.abc import Iterator, Sequence
from typing import Any

from genwright.errors import UsageError
from genwright.types import Json


def parse_pairs(texts: Sequence[str], expected: str) -> dict[str, str]:
    """``KEY=VALUE`` texts as a dictionary.

    Args:
        texts: One pair each; the value may hold further equals signs.
        expected: What the message says was expected, such as ``--map FIELD=COLUMN``.

    Raises:
        UsageError: One has no key or no ``=``.

    Example:
        >>> parse_pairs(["text=review"], "--map FIELD=COLUMN")
        {'text': 'review'}
    """
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"Expected {expected}, got {text!r}.")
        found[key] = value
    return found


def nest_pairs(texts: Sequence[str], expected: str) -> dict[str, Any]:
    """``SECTION.KEY=VALUE`` texts as nested dictionaries, like ``genwright.toml``.

    Raises:
        UsageError: One has no ``=``, or an empty name.

    Example:
        >>> nest_pairs(["retrieval.top_k=5", "collection=manuals"], "--set SECTION.KEY=VALUE")
        {'retrieval': {'top_k': '5'}, 'collection': 'manuals'}
    """
    nested: dict[str, Any] = {}
    for each in texts:
        key, equals, value = each.partition("=")
        if not equals or not all(key.split(".")):
            raise UsageError(f"Expected {expected}, got {each!r}.")
        *above, last = key.split(".")
        table = nested
        for name in above:
            table = table.setdefault(name, {})
        table[last] = value
    return nested


def flatten(values: Json, above: str = "") -> Iterator[tuple[str, object]]:
    """Nested values by dotted name.

    Example:
        >>> dict(flatten({"retrieval": {"top_k": 5}}))
        {'retrieval.top_k': 5}
    """
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
