"""The page of the API: its operations from the OpenAPI document, without a script or a network."""

import json
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from genwright.server.pages.views.rendering import render
from genwright.types import Json

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class ApiField:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True)
class ApiOperation:
    """One operation."""

    method: str
    path: str
    summary: str
    about: str
    parameters: tuple[ApiField, ...]
    body: tuple[ApiField, ...]
    example: str


@router.get("/api")
def show_api(request: Request) -> Response:
    """Every operation, by group."""
    document = request.app.openapi()
    groups: dict[str, list[ApiOperation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            group = (operation.get("tags") or ["more"])[0]
            base = str(request.base_url).rstrip("/")
            groups.setdefault(group, []).append(
                _make_operation(document, base, method, path, operation)
            )
    return render(request, "api.html", groups=groups, base=f"{request.base_url}v1")


def _make_operation(
    document: Json, base: str, method: str, path: str, operation: Json
) -> ApiOperation:
    parameters = tuple(
        ApiField(
            each["name"], _describe_kind(each["schema"]), each.get("required", False), each["in"]
        )
        for each in operation.get("parameters", ())
    )
    body = tuple(_list_body_fields(document, operation))
    return ApiOperation(
        method.upper(),
        path,
        operation.get("summary", ""),
        operation.get("description", ""),
        parameters,
        body,
        _make_example(base, method.upper(), path, body),
    )


def _list_body_fields(document: Json, operation: Json) -> list[ApiField]:
    content = operation.get("requestBody", {}).get("content", {})
    for kind in content.values():
        schema = _resolve_schema(document, kind.get("schema", {}))
        required = set(schema.get("required", ()))
        return [
            ApiField(name, _describe_kind(each), name in required, each.get("description", ""))
            for name, each in schema.get("properties", {}).items()
        ]
    return []


def _resolve_schema(document: Json, schema: Json) -> Json:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _describe_kind(schema: Json) -> str:
    """The type of a value in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        return " | ".join(json.dumps(each) for each in schema.get("enum", [schema.get("const")]))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_describe_kind(each) for each in choices))
    if schema.get("type") == "array":
        return f"list of {_describe_kind(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def _make_example(base: str, method: str, path: str, body: tuple[ApiField, ...]) -> str:
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}{base}{path} \\"]
    lines.append('  -H "Authorization: Bearer $KEY"')
    if body and method in ("POST", "PUT", "PATCH"):
        needed = {each.name: "…" for each in body if each.required}
        lines[-1] += " \\"
        lines.append('  -H "Content-Type: application/json" \\')
        lines.append(f"  -d '{json.dumps(needed, ensure_ascii=False)}'")
    return "\n".join(lines)
