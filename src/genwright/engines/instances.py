"""The smallest JSON that fits a schema."""

from typing import Any

from genwright.types import Json

_EMPTY: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "null": None}


def build_smallest_instance(schema: Json) -> object:
    """Build a value that fits the common part of JSON Schema: types, required, enum, bounds.

    Not followed: ``$ref``, ``pattern``, ``format`` and conditions.

    Example:
        >>> build_smallest_instance({"type": "object", "properties": {"n": {"type": "integer",
        ...     "minimum": 3}}, "required": ["n"]})
        {'n': 3}
    """
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return build_smallest_instance(schema[choice][0])
    kind = schema.get("type", "object" if "properties" in schema else "null")
    return _build_for_type(kind[0] if isinstance(kind, list) else kind, schema)


def _build_for_type(kind: str, schema: Json) -> object:
    if kind == "object":
        known = schema.get("properties", {})
        return {
            key: build_smallest_instance(known.get(key, {})) for key in schema.get("required", [])
        }
    if kind == "array":
        return [build_smallest_instance(schema.get("items", {}))] * schema.get("minItems", 0)
    if kind == "string":
        return "x" * schema.get("minLength", 0)
    return _pick_number(schema) if kind in ("integer", "number") else _EMPTY[kind]


def _pick_number(schema: Json) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    return min(low, schema["maximum"]) if "maximum" in schema else low
