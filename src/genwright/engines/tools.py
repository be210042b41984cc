"""Tool calls for chat templates that know no tools: a grammar makes them come out well-formed.

The tools are listed in a system message, and the reply is constrained to JSON: one tool's name with
arguments that fit its schema or, where the model may choose, a plain reply. The JSON is read as it
grows, so that arguments and replies stream.
"""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace

from genwright.engines.base import (
    ChatMessage,
    ChatRequest,
    Delta,
    RequiredTool,
    ToolCall,
    ToolDelta,
)
from genwright.types import Json

_REPLY = re.compile(r'\s*\{\s*"reply"\s*:\s*"')
_CALL = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:')


def constrain(request: ChatRequest) -> ChatRequest:
    """The same request as one for JSON, with the tools told in words."""
    request = keep_named_tool(request)
    listed = "\n".join(
        f"- {tool.name}: {tool.description} Arguments: {json.dumps(tool.parameters)}"
        for tool in request.tools
    )
    how = 'Call one with {"name": ..., "arguments": ...}'
    if request.tool_choice == "auto":
        how += ', or answer without one with {"reply": ...}'
    told = ChatMessage("system", f"These tools can be called:\n{listed}\n{how}.")
    return replace(
        request,
        messages=tuple(_flatten_messages(told, request.messages)),
        json_schema=_build_schema(request),
        tools=(),
    )


def keep_named_tool(request: ChatRequest) -> ChatRequest:
    """Where one tool must be called, the same request with only that one, required."""
    choice = request.tool_choice
    if not isinstance(choice, RequiredTool):
        return request
    named = tuple(tool for tool in request.tools if tool.name == choice.name)
    return replace(request, tools=named, tool_choice="required")


def read_reply(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """The constrained JSON as text or as a tool call, each in pieces as it grows.

    A call that is cut short by ``max_tokens`` ends with the finish reason ``length``.
    """
    reading = _CallReader()
    last = Delta()
    for delta in deltas:
        last = delta
        piece = reading.read(delta.text)
        if piece.text or piece.tool_call_deltas:
            yield replace(piece, logprobs=delta.logprobs)
    calls = reading.list_calls()
    whole = calls and last.finish_reason == "stop"
    yield replace(
        last,
        text="",
        logprobs=(),
        tool_calls=calls,
        finish_reason="tool_calls" if whole else last.finish_reason,
    )


def read_call(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """A reply that no grammar holds to a form: a tool call where it is one, else the text it is.

    What begins like JSON is held back until its end.
    """
    held, last, plain = "", Delta(), False
    for delta in deltas:
        last = delta
        held += delta.text
        plain = plain or (not held.lstrip().startswith("{") and bool(held.strip()))
        if plain and held:
            yield replace(delta, text=held, finish_reason=None, usage=None)
            held = ""
    call = None if plain else _parse_call(held)
    if held and call is None:
        yield Delta(held)
    done = (call,) if call else ()
    reason = "tool_calls" if call else last.finish_reason
    yield replace(last, text="", logprobs=(), tool_calls=done, finish_reason=reason)


def _parse_call(text: str) -> ToolCall | None:
    try:
        value = json.loads(text)
        return ToolCall(
            f"call_{secrets.token_hex(8)}", str(value["name"]), json.dumps(value["arguments"])
        )
    except (ValueError, KeyError, TypeError):
        return None


class _CallReader:
    """A growing JSON text, of which each piece is told once."""

    def __init__(self) -> None:
        self._text, self._told = "", 0
        self._start = -1
        self._name = ""
        self._id = f"call_{secrets.token_hex(8)}"

    def read(self, more: str) -> Delta:
        """What the next piece of JSON adds."""
        self._text += more
        first: tuple[ToolDelta, ...] = ()
        if self._start < 0:
            if call := _CALL.match(self._text):
                self._name, self._start = json.loads(call[1]), call.end()
                first = (ToolDelta(0, self._id, self._name),)
            elif reply := _REPLY.match(self._text):
                self._start = reply.end()
            else:
                return Delta()
        if self._name:
            told = self._take_rest(self.read_arguments())
            return Delta(tool_call_deltas=first + ((ToolDelta(0, arguments=told),) if told else ()))
        return Delta(self._take_rest(_decode_string(self._text[self._start :])))

    def read_arguments(self) -> str:
        """The arguments as far as they are written."""
        return _take_object(self._text[self._start :].lstrip())

    def list_calls(self) -> tuple[ToolCall, ...]:
        """The call, if there is one."""
        return (ToolCall(self._id, self._name, self.read_arguments()),) if self._name else ()

    def _take_rest(self, whole: str) -> str:
        new, self._told = whole[self._told :], len(whole)
        return new


def _take_object(text: str) -> str:
    """The first JSON object in a text, or as much of it as there is."""
    depth, quoted, escaped = 0, False, False
    for place, character in enumerate(text):
        if quoted:
            quoted = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            quoted = True
        else:
            depth += (character in "{[") - (character in "]}")
            if depth == 0 and character in "]}":
                return text[: place + 1]
    return text


_WHOLE = re.compile(
    r'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r"|\\u(?![dD][89abAB])[0-9a-fA-F]{4})*"
)


def _decode_string(text: str) -> str:
    """A JSON string without its quotes, up to its end or to the last whole character there is."""
    whole = _WHOLE.match(text)
    return str(json.loads(f'"{whole[0]}"')) if whole else ""


def _build_schema(request: ChatRequest) -> Json:
    choices: list[Json] = [
        _build_object(name={"const": tool.name}, arguments=tool.parameters)
        for tool in request.tools
    ]
    if request.tool_choice == "auto":
        choices.append(_build_object(reply={"type": "string"}))
    return {"anyOf": choices}


def _build_object(**properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _flatten_messages(
    told: ChatMessage, messages: tuple[ChatMessage, ...]
) -> Iterator[ChatMessage]:
    """The conversation without tool roles, which such templates would refuse or drop."""
    first = messages[0] if messages else None
    if first and first.role == "system":
        told, messages = ChatMessage("system", f"{first.content}\n\n{told.content}"), messages[1:]
    yield told
    for message in messages:
        if message.role == "tool":
            yield ChatMessage("user", f"Result of the tool call: {message.content}")
        elif message.tool_calls:
            yield ChatMessage(
                "assistant", "\n".join(_describe_call(call) for call in message.tool_calls)
            )
        else:
            yield message


def _describe_call(call: ToolCall) -> str:
    try:
        arguments = json.loads(call.arguments)
    except json.JSONDecodeError:
        arguments = call.arguments  # a call that was cut short
    return json.dumps({"name": call.name, "arguments": arguments})
