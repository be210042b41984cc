"""What chat completions and responses are both asked with: fields, functions, forms of replies."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from genwright.server.api.shared.requests import (
    Alternatives,
    ClosedModel,
    Label,
    Metadata,
    ModelName,
    Schema,
    Share,
    Temperature,
    Text,
    allow_only,
    refuse_field,
)

TEXT_ONLY = "the models read and write text only"

FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
CallId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Description = Annotated[str, StringConstraints(max_length=8192)]
Annotations = Annotated[list[dict[str, Any]], Field(max_length=1024)]
Verbosity = Annotated[Label | None, allow_only("medium", why="length is not steered")]


class RefusalPart(ClosedModel):
    """A part in which a model declined, as a client hands it back."""

    type: Literal["refusal"]
    refusal: Text


def refuse_other_parts(*kinds: str) -> BeforeValidator:
    """A validator of parts that says of the first one of another kind why it is refused."""

    def check(content: object) -> object:
        for part in content if isinstance(content, list) else ():
            kind = part.get("type") if isinstance(part, dict) else None
            if kind not in kinds:
                raise ValueError(f"a part of type {str(kind)[:40]!r} cannot be used: {TEXT_ONLY}")
        return content

    return BeforeValidator(check)


class NamedFunction(ClosedModel):
    """A function by its name."""

    name: FunctionName


class FunctionDefinition(NamedFunction):
    """A function that the model may call."""

    description: Description | None = None
    parameters: Schema | None = None
    """JSON schema of its arguments; without one it takes none."""
    strict: bool | None = None
    """Taken and without effect: arguments always fit their schema, by grammar."""


def check_functions(names: Sequence[str], chosen: str | None) -> None:
    """Two functions of one name, or a choice of none of them, are an error."""
    if len(set(names)) < len(names):
        raise ValueError("two tools have the same name")
    if chosen is not None and chosen not in names:
        raise ValueError(f"tool_choice names {chosen!r}, no tool does")


def check_choice(choice: object, tools: Collection[object]) -> None:
    """Where a tool must be called, there must be one."""
    if choice not in (None, "none", "auto") and not tools:
        raise ValueError("tool_choice needs tools")


class TextFormat(ClosedModel):
    """Any text."""

    type: Literal["text"]


class JsonFormat(ClosedModel):
    """Some JSON object."""

    type: Literal["json_object"]


class NamedSchema(ClosedModel):
    """What a JSON schema comes with."""

    name: FunctionName
    description: Description | None = None
    strict: bool | None = None
    """Taken and without effect: the reply always fits the schema, by grammar."""


class ConversingFields(ClosedModel):
    """Fields that mean the same in both."""

    model: ModelName
    temperature: Temperature | None = None
    top_p: Share | None = None
    top_logprobs: Alternatives | None = None
    stream: bool | None = None
    parallel_tool_calls: bool | None = None
    store: bool | None = None
    """Of a response: whether it can be read, and gone on from, later; yes unless told otherwise."""
    # Noted, or without effect on one machine.
    metadata: Metadata | None = None
    user: Label | None = None
    safety_identifier: Label | None = None
    prompt_cache_key: Label | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    service_tier: Annotated[
        Label | None, allow_only("auto", "default", why="there is one tier")
    ] = None
    # Refused by name.
    moderation: Annotated[None, refuse_field("/v1/moderations is asked by itself")] = None
    prompt_cache_options: Annotated[None, refuse_field("prompts are always cached")] = None
