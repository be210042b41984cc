"""OpenAI's chat API on the wire: requests as JSON, streamed chunks as deltas."""

import json
from collections.abc import Iterable, Iterator

from genwright.engines.base import (
    ChatMessage,
    ChatRequest,
    Delta,
    RequiredTool,
    Sampling,
    TokenScore,
    TokenUsage,
    Tool,
    ToolCall,
    ToolDelta,
)
from genwright.types import Json


def encode_messages(messages: Iterable[ChatMessage]) -> list[Json]:
    """Messages in order."""
    return [encode_message(each) for each in messages]


def encode_message(message: ChatMessage) -> Json:
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


def encode_tool(tool: Tool) -> Json:
    """A tool as the API has it."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def encode_sampling(sampling: Sampling) -> Json:
    """The sampling fields that every server knows."""
    body: Json = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
    }
    given: Json = {
        "max_tokens": sampling.max_tokens,
        "stop": list(sampling.stop) or None,
        "presence_penalty": sampling.presence_penalty or None,
        "frequency_penalty": sampling.frequency_penalty or None,
        "logit_bias": {str(token): bias for token, bias in sampling.logit_bias} or None,
    }
    return body | {key: value for key, value in given.items() if value is not None}


def encode_chat_request(request: ChatRequest) -> Json:
    """A streaming chat request, without what only some servers know."""
    body = encode_sampling(request.sampling)
    body |= {
        "messages": [encode_message(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.json_schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": request.json_schema, "strict": True},
        }
    elif request.json_object:
        body["response_format"] = {"type": "json_object"}
    if request.offers_tools:
        body["tools"] = [encode_tool(tool) for tool in request.tools]
        body["tool_choice"] = _encode_tool_choice(request)
        body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    return body


def _encode_tool_choice(request: ChatRequest) -> object:
    choice = request.tool_choice
    if isinstance(choice, RequiredTool):
        return {"type": "function", "function": {"name": choice.name}}
    return choice


def read_chunks(chunks: Iterable[Json]) -> Iterator[Delta]:
    """Turn a stream of chat or completion chunks into deltas.

    Pieces of tool calls are handed on and put together for the end; finish reason and usage are
    held back until then, because servers send them in either order.
    """
    calls: dict[int, dict[str, str]] = {}
    finish, usage = "cancelled", TokenUsage()
    for chunk in chunks:
        if chunk.get("usage"):
            usage = _read_usage(chunk)
        for choice in chunk.get("choices") or []:
            finish = choice.get("finish_reason") or finish
            piece = choice.get("delta") or {}
            parts = tuple(_gather(calls, piece.get("tool_calls") or []))
            text = piece.get("content") or choice.get("text") or ""
            scores = tuple(_read_chunk_scores(choice.get("logprobs") or {}))
            if text or scores or parts:
                yield Delta(text, parts, logprobs=scores)
    done = tuple(
        ToolCall(call["id"] or f"call_{place}", call["name"], call["arguments"] or "{}")
        for place, call in sorted(calls.items())
    )
    yield Delta(tool_calls=done, finish_reason="tool_calls" if done else finish, usage=usage)


def _gather(calls: dict[int, dict[str, str]], pieces: list[Json]) -> Iterator[ToolDelta]:
    for piece in pieces:
        place = int(piece.get("index") or 0)
        call = calls.setdefault(place, {"id": "", "name": "", "arguments": ""})
        first = "" if call["id"] else piece.get("id") or f"call_{place}"
        call["id"] = call["id"] or first
        function = piece.get("function") or {}
        name, arguments = (function.get(key) or "" for key in ("name", "arguments"))
        call["name"] += name
        call["arguments"] += arguments
        yield ToolDelta(place, first, name, arguments)


def _read_chunk_scores(logprobs: Json) -> Iterator[TokenScore]:
    """Scores of a chunk in the form of chats, or in the older one of completions."""
    if logprobs.get("tokens"):
        tops = logprobs.get("top_logprobs") or [None] * len(logprobs["tokens"])
        rows = zip(logprobs["tokens"], logprobs["token_logprobs"], tops, strict=True)
        for token, logprob, top in rows:
            others = (TokenScore(other, value) for other, value in (top or {}).items())
            yield TokenScore(token, logprob if logprob is not None else 0.0, tuple(others))
    else:
        yield from read_scores(logprobs.get("content") or [])


def read_scores(tokens: list[Json]) -> Iterator[TokenScore]:
    """Token log-probabilities as the API and llama.cpp report them."""
    for token in tokens:
        top = tuple(
            TokenScore(other["token"], other["logprob"], bytes=_read_bytes(other))
            for other in token.get("top_logprobs") or []
        )
        yield TokenScore(token["token"], token["logprob"], top, _read_bytes(token))


def _read_bytes(token: Json) -> tuple[int, ...] | None:
    given = token.get("bytes")
    return tuple(given) if given is not None else None


def _read_usage(chunk: Json) -> TokenUsage:
    usage: Json = chunk["usage"]
    timings: Json = chunk.get("timings") or {}
    return TokenUsage(
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


def read_error_text(body: object) -> str:
    """What a server's error says, in whichever of the usual shapes it comes."""
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("message", error) if isinstance(error, dict) else error)
