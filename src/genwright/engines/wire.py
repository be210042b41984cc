"""OpenAI's chat API on the wire: requests as JSON, streamed chunks as deltas."""

import json
from collections.abc import Iterable, Iterator

from genwright.engines.base import (
    ChatRequest,
    Delta,
    Message,
    Sampling,
    TokenScore,
    Tool,
    ToolCall,
    Usage,
)
from genwright.types import Json


def message_json(message: Message) -> Json:
    """A message as https://platform.openai.com/docs/api-reference/chat/create has it."""
    body: Json = {"role": message.role, "content": message.content}
    if message.tool_calls:
        body["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        body["tool_call_id"] = message.tool_call_id
    if message.name:
        body["name"] = message.name
    return body


def tool_json(tool: Tool) -> Json:
    """A tool as the API has it."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def sampling_json(sampling: Sampling) -> Json:
    """The sampling fields that every server knows."""
    body: Json = {
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    return body


def chat_json(request: ChatRequest) -> Json:
    """A streaming chat request, without what only some servers know."""
    body = sampling_json(request.sampling)
    body |= {
        "messages": [message_json(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.json_schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": request.json_schema, "strict": True},
        }
    if request.tools and request.tool_choice != "none":
        body["tools"] = [tool_json(tool) for tool in request.tools]
        body["tool_choice"] = request.tool_choice
    if request.logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    return body


def read_chunks(chunks: Iterable[Json]) -> Iterator[Delta]:
    """Turn a stream of chat or completion chunks into deltas.

    Pieces of tool calls are put together; finish reason and usage are held back until the stream
    ends, because servers send them in either order.
    """
    calls: dict[int, dict[str, str]] = {}
    finish, usage = "cancelled", Usage()
    for chunk in chunks:
        if chunk.get("usage"):
            usage = _usage(chunk)
        for choice in chunk.get("choices") or []:
            finish = choice.get("finish_reason") or finish
            piece = choice.get("delta") or {}
            _gather(calls, piece.get("tool_calls") or [])
            text = piece.get("content") or choice.get("text") or ""
            scores = tuple(read_scores((choice.get("logprobs") or {}).get("content") or []))
            if text or scores:
                yield Delta(text, logprobs=scores)
    done = tuple(
        ToolCall(call["id"] or f"call_{place}", call["name"], call["arguments"] or "{}")
        for place, call in sorted(calls.items())
    )
    yield Delta(tool_calls=done, finish_reason="tool_calls" if done else finish, usage=usage)


def _gather(calls: dict[int, dict[str, str]], pieces: list[Json]) -> None:
    for piece in pieces:
        call = calls.setdefault(
            int(piece.get("index") or 0), {"id": "", "name": "", "arguments": ""}
        )
        call["id"] = call["id"] or piece.get("id") or ""
        function = piece.get("function") or {}
        for key in ("name", "arguments"):
            call[key] += function.get(key) or ""


def read_scores(tokens: list[Json]) -> Iterator[TokenScore]:
    """Token log-probabilities as the API and llama.cpp report them."""
    for token in tokens:
        top = tuple(
            TokenScore(other["token"], other["logprob"])
            for other in token.get("top_logprobs") or []
        )
        yield TokenScore(token["token"], token["logprob"], top)


def _usage(chunk: Json) -> Usage:
    usage: Json = chunk["usage"]
    timings: Json = chunk.get("timings") or {}
    return Usage(
        prompt_tokens=usage.get("prompt_tokens") or 0,
        completion_tokens=usage.get("completion_tokens") or 0,
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
        prompt_seconds=timings.get("prompt_ms", 0.0) / 1000,
        completion_seconds=timings.get("predicted_ms", 0.0) / 1000,
    )


def read_events(lines: Iterable[str]) -> Iterator[Json]:
    """The JSON of server-sent events; comments (pings) and the closing mark are left out."""
    for line in lines:
        if line.startswith("data:") and (data := line[5:].strip()) not in ("", "[DONE]"):
            yield json.loads(data)


def error_text(body: object) -> str:
    """What a server's error says, in whichever of the usual shapes it comes."""
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("message", error) if isinstance(error, dict) else error)
