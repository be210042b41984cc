"""The request of ``/v1/responses``.

https://platform.openai.com/docs/api-reference/responses/create
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

from genwright.server.api.shared.conversing import (
    TEXT_ONLY,
    Annotations,
    CallId,
    ConversingFields,
    FunctionDefinition,
    FunctionName,
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
    ClosedModel,
    Label,
    MaxTokens,
    Schema,
    Text,
    allow_only,
    find_form,
    refuse_field,
)

ItemId = Annotated[str, StringConstraints(max_length=128)]
Status = Literal["in_progress", "completed", "incomplete"]
LOGPROBS = "message.output_text.logprobs"
RESULTS = "file_search_call.results"


class InputText(ClosedModel):
    """A part of what is said to the model."""

    type: Literal["input_text"]
    text: Text


class OutputText(ClosedModel):
    """A part of what the model said, as it was sent."""

    type: Literal["output_text"]
    text: Text
    annotations: Annotations | None = None
    logprobs: list[dict[str, Any]] | None = None


Part = Annotated[InputText | OutputText | RefusalPart, Field(discriminator="type")]
Content = Annotated[
    Annotated[Text, Tag("text")] | Annotated[list[Part], Field(max_length=256), Tag("list")],
    Discriminator(find_form),
    refuse_other_parts("input_text", "output_text", "refusal"),
]


class MessageItem(ClosedModel):
    """Something said; by whom, its role tells."""

    type: Literal["message"]
    role: Literal["user", "assistant", "system", "developer"]
    content: Content
    id: ItemId | None = None
    status: Status | None = None
    phase: Label | None = None


class CallItem(ClosedModel):
    """A call that the model made."""

    type: Literal["function_call"]
    call_id: CallId
    name: FunctionName
    arguments: Text
    id: ItemId | None = None
    status: Status | None = None


class CallOutputItem(ClosedModel):
    """What came of a call."""

    type: Literal["function_call_output"]
    call_id: CallId
    output: Content
    id: ItemId | None = None
    status: Status | None = None


class SearchItem(ClosedModel):
    """A search that was made, as it was sent; it is not made again."""

    type: Literal["file_search_call"]
    id: ItemId
    queries: Annotated[list[Text], Field(max_length=64)]
    status: Label
    results: Annotated[list[dict[str, Any]], Field(max_length=64)] | None = None


def _add_item_type(item: object) -> object:
    """An item with a role and no type is a message."""
    if isinstance(item, dict) and "type" not in item and "role" in item:
        return {**item, "type": "message"}
    return item


Item = Annotated[
    Annotated[MessageItem | CallItem | CallOutputItem | SearchItem, Field(discriminator="type")],
    BeforeValidator(_add_item_type),
]


class ResponseFunctionTool(FunctionDefinition):
    """A function that the model may call."""

    type: Literal["function"]


class FileSearchTool(ClosedModel):
    """Answer from collections."""

    type: Literal["file_search"]
    vector_store_ids: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=200)]],
        Field(min_length=1, max_length=32),
    ]
    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    filters: Annotated[None, refuse_field("passages are not filtered by attributes here")] = None
    ranking_options: Annotated[None, refuse_field("the workspace's settings rank")] = None


Tool = Annotated[ResponseFunctionTool | FileSearchTool, Field(discriminator="type")]


class FunctionChoice(NamedFunction):
    """The one function that must be called."""

    type: Literal["function"]


class FileSearchChoice(ClosedModel):
    """The search must be used; where it is offered, it always is."""

    type: Literal["file_search"]


class ResponseSchemaFormat(NamedSchema):
    """JSON that fits a schema."""

    type: Literal["json_schema"]
    schema_: Schema = Field(alias="schema")


class TextOptions(ClosedModel):
    """The form of the reply."""

    format: (
        Annotated[TextFormat | JsonFormat | ResponseSchemaFormat, Field(discriminator="type")]
        | None
    ) = None
    verbosity: Verbosity = None


class ResponseStream(ClosedModel):
    """How a response is streamed."""

    include_obfuscation: bool | None = None
    """Taken and without effect: nothing is padded."""


class ResponseBody(ConversingFields):
    """What a response is asked with."""

    input: Annotated[
        Annotated[Text, Tag("text")]
        | Annotated[list[Item], Field(min_length=1, max_length=2048), Tag("list")],
        Discriminator(find_form),
    ]
    instructions: Text | None = None
    previous_response_id: Annotated[str, StringConstraints(max_length=50)] | None = None
    stream_options: ResponseStream | None = None
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    tool_choice: (
        Literal["none", "auto", "required"]
        | Annotated[FunctionChoice | FileSearchChoice, Field(discriminator="type")]
        | None
    ) = None
    text: TextOptions | None = None
    max_output_tokens: MaxTokens | None = None
    include: (
        Annotated[
            list[
                Annotated[Label, allow_only(LOGPROBS, RESULTS, why="nothing else can be included")]
            ],
            Field(max_length=8),
        ]
        | None
    ) = None
    # Without effect here.
    truncation: Annotated[
        Label | None, allow_only("disabled", why="nothing is left out of a conversation unasked")
    ] = None
    background: Annotated[bool | None, allow_only(False, why="a response is waited for")] = None
    # Refused by name.
    access_programs: Annotated[None, refuse_field("there are none")] = None
    background_options: Annotated[None, refuse_field("a response is waited for")] = None
    context_management: Annotated[None, refuse_field("nothing is left out unasked")] = None
    conversation: Annotated[None, refuse_field("previous_response_id goes on from a response")] = (
        None
    )
    image: Annotated[None, refuse_field(TEXT_ONLY)] = None
    max_tool_calls: Annotated[None, refuse_field("only the client calls tools")] = None
    prompt: Annotated[None, refuse_field("prompts are files of the workspace")] = None
    reasoning: Annotated[None, refuse_field("the models do not reason")] = None

    @model_validator(mode="after")
    def _check_fields(self) -> "ResponseBody":
        check_choice(self.tool_choice, self.tools or ())
        chosen = self.tool_choice
        check_functions(
            [tool.name for tool in self.functions],
            chosen.name if isinstance(chosen, FunctionChoice) else None,
        )
        if len(self.searches) > 1:
            raise ValueError("one file_search tool names all its vector stores")
        return self

    @property
    def functions(self) -> list[ResponseFunctionTool]:
        """The functions among the tools."""
        return [tool for tool in self.tools or () if isinstance(tool, ResponseFunctionTool)]

    @property
    def searches(self) -> list[FileSearchTool]:
        """The searches among the tools: one at most."""
        return [tool for tool in self.tools or () if isinstance(tool, FileSearchTool)]

    def has_include(self, what: str) -> bool:
        """Whether something is to be included."""
        return what in (self.include or ())

    @property
    def logprobs(self) -> int | None:
        """How many alternatives to report with each token; None for no report."""
        if self.top_logprobs is not None or self.has_include(LOGPROBS):
            return self.top_logprobs or 0
        return None
