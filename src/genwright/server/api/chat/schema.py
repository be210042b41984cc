"""The request of ``/v1/chat/completions``.

https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from genwright.server.api.shared.conversing import (
    TEXT_ONLY,
    Annotations,
    CallId,
    ConversingFields,
    FunctionDefinition,
    JsonFormat,
    NamedFunction,
    NamedSchema,
    RefusalPart,
    TextFormat,
    Verbosity,
    check_choice,
    check_functions,
    refuse_other_parts,
)
from genwright.server.api.shared.requests import (
    Choices,
    ClosedModel,
    Label,
    MaxTokens,
    Schema,
    StreamOptions,
    Text,
    allow_only,
    find_form,
    refuse_field,
)
from genwright.server.api.shared.sampling import SamplingFields

CHOICE = "tool_choice"


class TextPart(ClosedModel):
    """A part of a message."""

    type: Literal["text"]
    text: Text


Part = Annotated[TextPart | RefusalPart, Field(discriminator="type")]
Content = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[list[Part], Field(min_length=1, max_length=256), Tag("list")],
    Discriminator(find_form),
    refuse_other_parts("text", "refusal"),
]
PersonName = Annotated[str, StringConstraints(max_length=64)]


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


class FunctionCallBody(NamedFunction):
    """A function with arguments, as JSON text."""

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
    annotations: Annotations | None = None
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


class ChatFunctionTool(ClosedModel):
    """A tool; there are functions only."""

    type: Literal["function"]
    function: FunctionDefinition


class ChatToolChoice(ClosedModel):
    """The one tool that must be called."""

    type: Literal["function"]
    function: NamedFunction


class JsonSchemaDefinition(NamedSchema):
    """A JSON schema with its name."""

    # ``schema`` is a method of pydantic's models.
    schema_: Schema | None = Field(default=None, alias="schema")


class ChatSchemaFormat(ClosedModel):
    """JSON that fits a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchemaDefinition


ReplyFormat = Annotated[TextFormat | JsonFormat | ChatSchemaFormat, Field(discriminator="type")]


class ChatCompletionBody(ConversingFields, SamplingFields):
    """What a chat completion is asked with."""

    messages: Annotated[list[ChatMessageBody], Field(min_length=1, max_length=2048)]
    stream_options: StreamOptions | None = None
    n: Choices | None = None
    max_completion_tokens: MaxTokens | None = None
    max_tokens: MaxTokens | None = None
    logprobs: bool | None = None
    response_format: ReplyFormat | None = None
    tools: Annotated[list[ChatFunctionTool], Field(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChatToolChoice | None = None
    # Without effect here.
    modalities: Annotated[
        list[Literal["text", "audio"]] | None, allow_only(["text"], why=TEXT_ONLY)
    ] = None
    reasoning_effort: Annotated[
        Label | None, allow_only("none", why="the models do not reason")
    ] = None
    verbosity: Verbosity = None
    # Refused by name.
    audio: Annotated[None, refuse_field(TEXT_ONLY)] = None
    function_call: Annotated[None, refuse_field("tool_choice replaced it")] = None
    functions: Annotated[None, refuse_field("tools replaced it")] = None
    prediction: Annotated[None, refuse_field("no engine takes one")] = None
    web_search_options: Annotated[None, refuse_field("there is no web search")] = None

    @model_validator(mode="after")
    def _check_fields(self) -> "ChatCompletionBody":
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs to be true")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options needs stream to be true")
        check_choice(self.tool_choice, self.tools or ())
        chosen = self.tool_choice
        check_functions(
            [tool.function.name for tool in self.tools or ()],
            chosen.function.name if isinstance(chosen, ChatToolChoice) else None,
        )
        return self
