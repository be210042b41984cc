"""Bounds on JSON schemas, before a grammar is made of them: a bomb must not reach the engine."""

from collections.abc import Iterator
from typing import Any

from genwright.errors import UsageError
from genwright.types import Json

MOST_NODES = 2000
MOST_DEPTH = 24
MOST_CHOICES = 500
MOST_REPEATED = 256
"""Least and most lengths of strings and arrays: a grammar writes each repetition out."""
MOST_PATTERN = 200
"""Characters of a regular expression."""
_REPEATS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")


def check_schema(schema: Json) -> None:
    """Raise for a schema that is too large to be a grammar, or refers to elsewhere.

    Raises:
        UsageError: It is; the message names what.
    """
    for nodes, (key, value, depth) in enumerate(_walk(schema), start=1):
        if nodes > MOST_NODES or depth > MOST_DEPTH:
            raise UsageError(
                f"Expected a JSON schema of at most {MOST_NODES} values, {MOST_DEPTH} deep. "
                "Simplify it."
            )
        if key in _REPEATS and isinstance(value, int | float) and value > MOST_REPEATED:
            raise UsageError(f"Expected {key} of at most {MOST_REPEATED}, got {value}.")
        if key in ("enum", "anyOf", "oneOf", "allOf") and isinstance(value, list):
            if len(value) > MOST_CHOICES:
                raise UsageError(
                    f"Expected at most {MOST_CHOICES} choices in {key}, got {len(value)}."
                )
        if key == "pattern" and isinstance(value, str) and len(value) > MOST_PATTERN:
            raise UsageError(
                f"Expected a pattern of at most {MOST_PATTERN} characters, got {len(value)}."
            )
        if key == "$ref" and isinstance(value, str) and not value.startswith("#"):
            raise UsageError(f"Expected a $ref within the schema (#/…), got {value[:80]!r}.")


def _walk(schema: Json) -> Iterator[tuple[str, Any, int]]:
    """Every value with its key and depth, without recursion."""
    waiting: list[tuple[str, Any, int]] = [("", schema, 0)]
    while waiting:
        key, value, depth = waiting.pop()
        yield key, value, depth
        if isinstance(value, dict):
            waiting += [(name, each, depth + 1) for name, each in value.items()]
        elif isinstance(value, list):
            waiting += [("", each, depth + 1) for each in value]
