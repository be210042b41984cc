"""Items of a response: what the API writes, and what models read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from genwright.engines import ChatMessage, ToolCall
from genwright.server.api.chat.request import Private
from genwright.server.api.responses.schema import (
    CallItem,
    CallOutputItem,
    Content,
    Item,
    MessageItem,
    ResponseBody,
)
from genwright.server.api.shared.conversing import RefusalPart
from genwright.types import Json

_ITEM: "TypeAdapter[Item]" = TypeAdapter(Item)


def join_item_text(content: Content) -> str:
    """The text of an item: its parts, line by line."""
    if isinstance(content, str):
        return content
    parts = (part.refusal if isinstance(part, RefusalPart) else part.text for part in content)
    return "\n".join(parts)


def parse_input_items(body: ResponseBody, response: str) -> list[Json]:
    """What a request says, as it is stored and listed."""
    given = body.input
    if isinstance(given, str):
        part = {"type": "input_text", "text": given}
        items: list[Json] = [{"type": "message", "role": "user", "content": [part]}]
    else:
        items = [each.model_dump(exclude_none=True) for each in given]
    for place, item in enumerate(items):
        item.setdefault("id", f"{_PREFIX.get(item['type'], 'item')}_{response[5:21]}i{place}")
        if item["type"] == "message":
            item.setdefault("status", "completed")
            if isinstance(item["content"], str):
                kind = "output_text" if item["role"] == "assistant" else "input_text"
                item["content"] = [{"type": kind, "text": item["content"]}]
    return items


_PREFIX = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}


def to_messages(items: Sequence[Json], private: Private) -> tuple[ChatMessage, ...]:
    """The conversation that items are, as engines take it."""
    return tuple(_merge_calls(_to_message(_ITEM.validate_python(item), private) for item in items))


def _to_message(item: "Item", private: Private) -> ChatMessage | None:
    if isinstance(item, MessageItem):
        role = "system" if item.role == "developer" else item.role
        return ChatMessage(role, private(join_item_text(item.content)))
    if isinstance(item, CallItem):
        call = ToolCall(item.call_id, item.name, private(item.arguments))
        return ChatMessage("assistant", "", (call,))
    if isinstance(item, CallOutputItem):
        return ChatMessage("tool", private(join_item_text(item.output)), tool_call_id=item.call_id)
    return None


def _merge_calls(messages: Iterator[ChatMessage | None]) -> Iterator[ChatMessage]:
    """Calls that follow one another, or a text, are one turn of the model."""
    held: ChatMessage | None = None
    for message in messages:
        if message is None:
            continue
        if held is not None and message.tool_calls and held.role == "assistant":
            held = replace(held, tool_calls=held.tool_calls + message.tool_calls)
            continue
        if held is not None:
            yield held
        held = message
    if held is not None:
        yield held
