"""What all requests of the API share: closed models with bounds, and how a field is refused.

Every field that https://platform.openai.com/docs/api-reference documents is known. One that cannot
be honoured is refused by its name, never passed over: a client that relies on it must learn so.
"""

import json
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from genwright.errors import UsageError
from genwright.types import Json

LONGEST_TEXT = 4_000_000
"""Characters of one text; what a model can read of it is less, and said by the engine."""
MOST_TOKENS = 1_000_000
SCHEMA_BYTES = 64 * 1024
"""Longest JSON schema, as JSON: a grammar is compiled from it."""
SCHEMA_DEPTH = 32
"""Deepest nesting of a JSON schema."""


class ClosedModel(BaseModel):
    """A request, or a part of one: no unknown field, no wrong type, no infinite number."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


class UnsupportedField(UsageError):
    """A field that does not go with the rest of its request; the reply names it as ``param``."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(f"{param}: {message}")
        self.param = param


def refuse_field(why: str) -> BeforeValidator:
    """A validator for a field that is known and cannot be honoured."""

    def check(value: object) -> None:
        if value is not None:
            raise ValueError(f"not supported here, because {why}; leave it out")

    return BeforeValidator(check)


def allow_only(*values: object, why: str) -> AfterValidator:
    """A validator for a field of which only some values can be honoured."""

    def check(value: object) -> object:
        if value is not None and value not in values:
            allowed = ", ".join(json.dumps(each) for each in values)
            raise ValueError(f"{why}; expected {allowed} or nothing")
        return value

    return AfterValidator(check)


def _check_bounds(schema: Json) -> Json:
    if _measure_depth(schema) > SCHEMA_DEPTH:
        raise ValueError(f"a JSON schema may be nested {SCHEMA_DEPTH} deep")
    if len(json.dumps(schema)) > SCHEMA_BYTES:
        raise ValueError(f"a JSON schema may have {SCHEMA_BYTES} bytes")
    return schema


def _measure_depth(value: object, above: int = 0) -> int:
    """How deep a value is nested, looked at no deeper than matters."""
    if above > SCHEMA_DEPTH or not isinstance(value, dict | list):
        return above
    inside = value.values() if isinstance(value, dict) else value
    return max((_measure_depth(each, above + 1) for each in inside), default=above)


def find_form(value: object) -> str:
    """Which of the forms that a field may have was given: an error then speaks of that one."""
    if value is None:
        return "none"
    return "list" if isinstance(value, list) else "text"


def find_input_form(value: object) -> str:
    """The same, of a field that takes texts and token ids, one or many."""
    if not isinstance(value, list):
        return "text"
    first = value[0] if value else ""
    if isinstance(first, list):
        return "token_lists"
    return "tokens" if isinstance(first, int) else "texts"


ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Label = Annotated[str, StringConstraints(max_length=512)]
"""Of users, caches and the like: noted or passed over, never looked at."""
Schema = Annotated[dict[str, Any], AfterValidator(_check_bounds)]
Stop = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Stops = Annotated[
    Annotated[Stop, Tag("text")]
    | Annotated[list[Stop], Field(max_length=4), Tag("list")]
    | Annotated[None, Tag("none")],
    Discriminator(find_form),
]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Temperature = Annotated[float, Field(ge=0, le=2)]
Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
MaxTokens = Annotated[int, Field(ge=1, le=MOST_TOKENS)]
Choices = Annotated[int, Field(ge=1, le=8)]
Alternatives = Annotated[int, Field(ge=0, le=20)]
TokenId = Annotated[int, Field(ge=0, lt=2**31)]
TokenText = Annotated[str, StringConstraints(pattern=r"^\d{1,9}$")]
LogitBias = Annotated[
    dict[TokenText, Annotated[float, Field(ge=-100, le=100)]], Field(max_length=1024)
]
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=64)], Label], Field(max_length=16)
]


class StreamOptions(ClosedModel):
    """How a reply is streamed."""

    include_usage: bool | None = None
    """Send a last chunk with the tokens that were used."""
    include_obfuscation: bool | None = None
    """Taken and without effect: nothing is padded."""


def parse_stops(given: str | list[str] | None) -> tuple[str, ...]:
    """Stop texts in their one form."""
    return (given,) if isinstance(given, str) else tuple(given or ())


def parse_biases(given: dict[str, float] | None) -> tuple[tuple[int, float], ...]:
    """Logit biases by token id."""
    return tuple((int(token), float(bias)) for token, bias in (given or {}).items())
