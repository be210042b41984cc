"""Tool calls for chat templates that know no tools: a grammar makes them come out well-formed.

The tools are listed in a system message, and the reply is constrained to JSON: one tool's name with
arguments that fit its schema or, where the model may choose, a plain reply.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from genwright.engines.base import ChatRequest, Delta, Message, ToolCall
from genwright.types import Json


def constrain(request: ChatRequest) -> ChatRequest:
    """The same request as one for JSON, with the tools told in words."""
    listed = "\n".join(
        f"- {tool.name}: {tool.description} Arguments: {json.dumps(tool.parameters)}"
        for tool in request.tools
    )
    how = 'Call one with {"name": ..., "arguments": ...}'
    if request.tool_choice == "auto":
        how += ', or answer without one with {"reply": ...}'
    told = Message("system", f"These tools can be called:\n{listed}\n{how}.")
    return replace(
        request,
        messages=tuple(_plain(told, request.messages)),
        json_schema=_schema(request),
        tools=(),
        logprobs=None,
    )


def read_reply(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """The constrained JSON as one delta, with a tool call or a text.

    Nothing of it can be shown before it is whole. A reply cut short by ``max_tokens`` is handed
    on as the text it is, with the finish reason ``length``.
    """
    pieces = list(deltas)
    text, last = "".join(piece.text for piece in pieces), pieces[-1]
    try:
        reply = json.loads(text)
    except json.JSONDecodeError:
        yield replace(last, text=text)
        return
    if "reply" in reply:
        yield replace(last, text=reply["reply"])
        return
    call = ToolCall("call_0", reply["name"], json.dumps(reply["arguments"]))
    yield replace(last, tool_calls=(call,), finish_reason="tool_calls")


def _schema(request: ChatRequest) -> Json:
    choices: list[Json] = [
        _object(name={"const": tool.name}, arguments=tool.parameters) for tool in request.tools
    ]
    if request.tool_choice == "auto":
        choices.append(_object(reply={"type": "string"}))
    return {"anyOf": choices}


def _object(**properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _plain(told: Message, messages: tuple[Message, ...]) -> Iterator[Message]:
    """The conversation without tool roles, which such templates would refuse or drop."""
    first = messages[0] if messages else None
    if first and first.role == "system":
        told, messages = Message("system", f"{first.content}\n\n{told.content}"), messages[1:]
    yield told
    for message in messages:
        if message.role == "tool":
            yield Message("user", f"Result of the tool call: {message.content}")
        elif message.tool_calls:
            calls = [
                {"name": call.name, "arguments": json.loads(call.arguments)}
                for call in message.tool_calls
            ]
            yield Message("assistant", "\n".join(json.dumps(call) for call in calls))
        else:
            yield message
