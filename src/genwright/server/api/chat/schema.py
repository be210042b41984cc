"""The request of ``/v1/chat/completions``.

https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from genwright.server.api.shared.requests import (
    Alternatives,
    Choices,
    ClosedModel,
    Label,
    MaxTokens,
    Metadata,
    ModelName,
    Schema,
    StreamOptions,
    Text,
    allow_only,
    find_form,
    refuse_field,
)
from genwright.server.api.shared.sampling import SamplingFields

TEXT_ONLY = "the models read and write text only"
CHOICE = "tool_choice"


class TextPart(ClosedModel):
    """A part of a message."""

    type: Literal["text"]
    text: Text


class RefusalPart(ClosedModel):
    """A part in which a model declined, as a client hands it back."""

    type: Literal["refusal"]
    refusal: Text


def _check_text_parts(content: object) -> object:
    """Say of the first part that is no text why it is refused."""
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in ("text", "refusal"):
            raise ValueError(f"a part of type {str(kind)[:40]!r} cannot be used: {TEXT_ONLY}")
    return content


Part = Annotated[TextPart | RefusalPart, Field(discriminator="type")]
Content = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[list[Part], Field(min_length=1, max_length=256), Tag("list")],
    Discriminator(find_form),
    BeforeValidator(_check_text_parts),
]
PersonName = Annotated[str, StringConstraints(max_length=64)]
FunctionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
CallId = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class SystemMessage(ClosedModel):
    """What the model is told by whoever sends the request."""

    role: Literal["system", "developer"]
    content: Content
    name: PersonName | None = None


class UserMessage(ClosedModel):
    """What a person says."""

    role: Literal["user"]
    content: Content
    name: PersonName | None = None


class FunctionCallBody(ClosedModel):
    """A function with arguments, as JSON text."""

    name: FunctionName
    arguments: Text


class ToolCallBody(ClosedModel):
    """A call that the model made."""

    id: CallId
    type: Literal["function"] = "function"
    function: FunctionCallBody


class AssistantMessage(ClosedModel):
    """What the model said before, as it was sent: fields of the reply may come back with it."""

    role: Literal["assistant"]
    content: Content | None = None
    refusal: Text | None = None
    name: PersonName | None = None
    tool_calls: Annotated[list[ToolCallBody], Field(max_length=128)] | None = None
    annotations: Annotated[list[dict[str, Any]], Field(max_length=1024)] | None = None
    x_genwright: dict[str, Any] | None = None
    reasoning_content: Text | None = None
    audio: Annotated[None, refuse_field(TEXT_ONLY)] = None
    function_call: Annotated[None, refuse_field("tool_calls replaced it")] = None


class ToolMessage(ClosedModel):
    """What came of a call."""

    role: Literal["tool"]
    content: Content
    tool_call_id: CallId
    name: PersonName | None = None


ChatMessageBody = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")
]


class FunctionDefinition(ClosedModel):
    """A function that the model may call."""

    name: FunctionName
    description: Annotated[str, StringConstraints(max_length=8192)] | None = None
    parameters: Schema | None = None
    """JSON schema of its arguments; without one it takes none."""
    strict: bool | None = None
    """Taken and without effect: arguments always fit their schema, by grammar."""


class ChatFunctionTool(ClosedModel):
    """A tool; there are functions only."""

    type: Literal["function"]
    function: FunctionDefinition


class NamedFunction(ClosedModel):
    """A function by its name."""

    name: FunctionName


class ChatToolChoice(ClosedModel):
    """The one tool that must be called."""

    type: Literal["function"]
    function: NamedFunction


class TextFormat(ClosedModel):
    """Any text."""

    type: Literal["text"]


class JsonFormat(ClosedModel):
    """Some JSON object."""

    type: Literal["json_object"]


class JsonSchemaDefinition(ClosedModel):
    """A JSON schema with its name."""

    name: FunctionName
    description: Annotated[str, StringConstraints(max_length=8192)] | None = None
    # ``schema`` is a method of pydantic's models.
    schema_: Schema | None = Field(default=None, alias="schema")
    strict: bool | None = None
    """Taken and without effect: the reply always fits the schema, by grammar."""


class ChatSchemaFormat(ClosedModel):
    """JSON that fits a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchemaDefinition


ReplyFormat = Annotated[TextFormat | JsonFormat | ChatSchemaFormat, Field(discriminator="type")]


class ChatCompletionBody(SamplingFields):
    """What a chat completion is asked with."""

    model: ModelName
    messages: Annotated[list[ChatMessageBody], Field(min_length=1, max_length=2048)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Choices | None = None
    max_completion_tokens: MaxTokens | None = None
    max_tokens: MaxTokens | None = None
    logprobs: bool | None = None
    top_logprobs: Alternatives | None = None
    response_format: ReplyFormat | None = None
    tools: Annotated[list[ChatFunctionTool], Field(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChatToolChoice | None = None
    parallel_tool_calls: bool | None = None
    # Noted, or without effect on one machine.
    metadata: Metadata | None = None
    user: Label | None = None
    safety_identifier: Label | None = None
    prompt_cache_key: Label | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    store: bool | None = None
    service_tier: Annotated[
        Label | None, allow_only("auto", "default", why="there is one tier")
    ] = None
    modalities: Annotated[
        list[Literal["text", "audio"]] | None, allow_only(["text"], why=TEXT_ONLY)
    ] = None
    reasoning_effort: Annotated[
        Label | None, allow_only("none", why="the models do not reason")
    ] = None
    verbosity: Annotated[Label | None, allow_only("medium", why="length is not steered")] = None
    # Refused by name.
    audio: Annotated[None, refuse_field(TEXT_ONLY)] = None
    function_call: Annotated[None, refuse_field("tool_choice replaced it")] = None
    functions: Annotated[None, refuse_field("tools replaced it")] = None
    prediction: Annotated[None, refuse_field("no engine takes one")] = None
    web_search_options: Annotated[None, refuse_field("there is no web search")] = None
    moderation: Annotated[None, refuse_field("/v1/moderations is asked by itself")] = None
    prompt_cache_options: Annotated[None, refuse_field("prompts are always cached")] = None

    @model_validator(mode="after")
    def _check_fields(self) -> "ChatCompletionBody":
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs to be true")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options needs stream to be true")
        names = [tool.function.name for tool in self.tools or ()]
        if len(set(names)) < len(names):
            raise ValueError("two tools have the same name")
        if self.tool_choice not in (None, "none", "auto") and not names:
            raise ValueError("tool_choice needs tools")
        if (
            isinstance(self.tool_choice, ChatToolChoice)
            and self.tool_choice.function.name not in names
        ):
            raise ValueError(f"tool_choice names {self.tool_choice.function.name!r}, no tool does")
        return self
