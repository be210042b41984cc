"""A chat completion's request, as an engine or an assistant takes it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Event

from genwright.access import Identity
from genwright.engines import ChatMessage, ChatRequest, Engine, Sampling, Tool, ToolCall
from genwright.engines.base import RequiredTool as OneTool
from genwright.registry import ServedAssistant
from genwright.server.api.chat.schema import (
    AssistantMessage,
    ChatCompletionBody,
    ChatMessageBody,
    ChatSchemaFormat,
    ChatToolChoice,
    Content,
    TextPart,
    ToolMessage,
)
from genwright.server.api.shared.assistant_calls import AssistantQuestion
from genwright.server.api.shared.conversing import TextFormat
from genwright.server.api.shared.model_calls import Attribute, Made, ModelCall, drop_prompt_usage
from genwright.server.api.shared.requests import UnsupportedField
from genwright.server.api.shared.targets import BareModel, resolve_target
from genwright.server.service import Service
from genwright.types import Json

Private = Callable[[str], str]
"""What happens to identifiers in a text before a model reads it."""

NO_ARGUMENTS: Json = {"type": "object", "properties": {}}


def join_content(content: "Content | None") -> str:
    """The text of a message: its parts, line by line."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.text if isinstance(part, TextPart) else part.refusal for part in content)


def parse_messages(body: ChatCompletionBody, private: Private) -> tuple[ChatMessage, ...]:
    """The conversation as engines take it."""
    return tuple(_parse_message(each, private) for each in body.messages)


def _parse_message(given: "ChatMessageBody", private: Private) -> ChatMessage:
    role = "system" if given.role == "developer" else given.role
    text = private(join_content(given.content))
    if isinstance(given, ToolMessage):
        return ChatMessage("tool", text, tool_call_id=given.tool_call_id, name=given.name)
    if isinstance(given, AssistantMessage):
        calls = tuple(
            ToolCall(call.id, call.function.name, private(call.function.arguments))
            for call in given.tool_calls or ()
        )
        return ChatMessage("assistant", text or (given.refusal or ""), calls, name=given.name)
    return ChatMessage(role, text, name=given.name)


def build_chat_request(
    body: ChatCompletionBody, identity: Identity, private: Private
) -> ChatRequest:
    """Everything that an engine is asked."""
    form, choice = body.response_format, body.tool_choice
    schema = form.json_schema.schema_ if isinstance(form, ChatSchemaFormat) else None
    wants_json = form is not None and form.type != "text"
    return ChatRequest(
        messages=parse_messages(body, private),
        sampling=body.to_sampling(body.max_completion_tokens or body.max_tokens),
        json_schema=schema,
        json_object=wants_json and schema is None,
        tools=tuple(
            Tool(
                tool.function.name,
                tool.function.description or "",
                tool.function.parameters or NO_ARGUMENTS,
            )
            for tool in body.tools or ()
        ),
        tool_choice=OneTool(choice.function.name)
        if isinstance(choice, ChatToolChoice)
        else choice or "auto",
        parallel_tool_calls=body.parallel_tool_calls is not False,
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        cache_key=identity.principal.name,
    )


@dataclass(frozen=True)
class AssistantCall:
    """A question to an assistant, with the fields of its request that had no effect."""

    question: AssistantQuestion
    ignored: tuple[str, ...]


def parse_chat_request(
    service: Service, identity: Identity, body: ChatCompletionBody
) -> ModelCall | AssistantCall:
    """What a request asks, and of whom. It blocks.

    Raises:
        NotFound: There is no such model.
        Unfit: It asks of an assistant what only a model can do.
        Refused: It holds identifiers that no model may read.
    """
    target, private = resolve_target(service, identity, body.model), service.privacy.screen_prompt
    if isinstance(target, BareModel):
        return make_chat_call(body, identity, private)
    asked = make_assistant_call(body, target, private)
    if "@" in body.model:
        return asked
    question = asked.question
    first = next((turn.content for turn in question.before if turn.role == "user"), question.text)
    served = service.route_conversation(identity, question.served, first)
    return replace(asked, question=replace(question, served=served))


def make_chat_call(body: ChatCompletionBody, identity: Identity, private: Private) -> ModelCall:
    """A chat with a base model; ``n`` replies come one after the other."""
    request = build_chat_request(body, identity, private)

    def start(engine: Engine, cancel: Event) -> Iterator[Made]:
        for number in range(body.n or 1):
            sampling = replace(request.sampling, seed=request.sampling.seed + number)
            for delta in engine.chat(replace(request, sampling=sampling), cancel):
                yield number, drop_prompt_usage(delta) if number else delta

    return ModelCall(
        body.model, "chat", start, describe_sampling(request.sampling), request.messages
    )


def describe_sampling(sampling: Sampling) -> dict[str, Attribute]:
    """What a trace keeps of it."""
    known: dict[str, Attribute] = {
        "gen_ai.request.temperature": sampling.temperature,
        "gen_ai.request.top_p": sampling.top_p,
        "gen_ai.request.seed": sampling.seed,
    }
    if sampling.max_tokens is not None:
        known["gen_ai.request.max_tokens"] = sampling.max_tokens
    return known


CANNOT = (
    "tools",
    "tool_choice",
    "response_format",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "stop",
    "top_k",
    "min_p",
)
"""Fields that an assistant does not take."""
WITHOUT_EFFECT = ("temperature", "top_p", "seed")
"""Fields that belong to an assistant's version; clients send them unasked."""


def make_assistant_call(
    body: ChatCompletionBody, served: ServedAssistant, private: Private
) -> AssistantCall:
    """What an assistant is asked.

    Raises:
        Unfit: A field asks for what an assistant cannot do.
    """
    for name in CANNOT:
        if _is_requested(body, name):
            raise UnsupportedField(
                name, f"the assistant {served.name!r} cannot do this; a model can."
            )
    if (body.n or 1) > 1:
        raise UnsupportedField("n", f"the assistant {served.name!r} gives one answer.")
    turns = [each for each in parse_messages(body, private) if each.role != "system"]
    if any(turn.role == "tool" or turn.tool_calls for turn in turns):
        raise UnsupportedField("messages", f"the assistant {served.name!r} calls no tools.")
    if not turns or turns[-1].role != "user" or not turns[-1].content.strip():
        raise UnsupportedField("messages", "expected a question, by 'user', at the end.")
    ignored = [name for name in WITHOUT_EFFECT if getattr(body, name) is not None]
    if len(turns) < len(body.messages):
        ignored.append("messages: system")
    most = body.max_completion_tokens or body.max_tokens
    return AssistantCall(
        AssistantQuestion(served, turns[-1].content, tuple(turns[:-1]), most), tuple(ignored)
    )


def _is_requested(body: ChatCompletionBody, name: str) -> bool:
    """Whether a field asks for anything: clients send defaults unasked."""
    value = getattr(body, name)
    plain = isinstance(value, TextFormat) or value in ("none", "auto")
    return bool(value) and not plain
