"""Filters of vector store searches: comparisons over attributes, joined by ``and`` and ``or``.

https://platform.openai.com/docs/guides/retrieval#attribute-filtering.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from genwright.errors import UsageError
from genwright.types import Json

DEEPEST = 8

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, among: value in among,
    "nin": lambda value, among: value not in among,
}


def is_matching(attributes: Mapping[str, object], wanted: Json | None, depth: int = 0) -> bool:
    """Whether attributes fit a filter; what is not there fits ``ne`` and ``nin`` only.

    Raises:
        UsageError: The filter is none.

    Example:
        >>> is_matching({"year": 2024}, {"type": "gte", "key": "year", "value": 2020})
        True
    """
    if wanted is None:
        return True
    kind = wanted.get("type")
    if kind in ("and", "or") and isinstance(wanted.get("filters"), list) and depth < DEEPEST:
        below = [
            is_matching(attributes, _check_object(each), depth + 1) for each in wanted["filters"]
        ]
        return all(below) if kind == "and" else any(below)
    key, value = wanted.get("key"), wanted.get("value")
    if kind not in _COMPARISONS or not isinstance(key, str) or isinstance(value, dict):
        raise UsageError(
            "Expected filters as {'type': eq|ne|gt|gte|lt|lte|in|nin, 'key', 'value'} or "
            f"{{'type': and|or, 'filters': […]}}, at most {DEEPEST} deep; got {str(wanted)[:120]}."
        )
    if kind in ("in", "nin") and not isinstance(value, list):
        raise UsageError(f"Expected a list as the value of {kind!r}, got {str(value)[:80]}.")
    if key not in attributes:
        return kind in ("ne", "nin")
    try:
        return _COMPARISONS[kind](attributes[key], value)
    except TypeError:
        return False  # a word is not less than a number


def _check_object(value: object) -> Json:
    if not isinstance(value, dict):
        raise UsageError(f"Expected a filter as an object, got {str(value)[:80]}.")
    return value
