"""Chat completions: pieces to one reply, or to a stream of chunks."""

import hashlib
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from genwright import __version__
from genwright.engines import Delta, TokenScore, ToolCall, Usage
from genwright.engines.base import ToolDelta
from genwright.grounding.citations import Sentence
from genwright.server.api.chat.request import Asked
from genwright.server.api.chat.schema import ChatBody
from genwright.server.api.shared.assistant_calls import Answered
from genwright.server.api.shared.citations import BETWEEN, about, chat_annotations
from genwright.server.api.shared.model_calls import Begun, Made, added
from genwright.server.api.shared.sse import DONE, Chunks, dumps, scored, usage_json
from genwright.types import Json

ROLE = '{"role":"assistant","content":""}'


def fingerprint(answers: str) -> str:
    """Of what answers and this version: equal replies may be hoped for while it is the same."""
    return f"fp_{hashlib.sha256(f'{__version__} {answers}'.encode()).hexdigest()[:12]}"


def head(trace: str, kind: str, model: str, answers: str) -> Json:
    """What every chat completion begins with."""
    return {
        "id": f"chatcmpl-{trace}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": fingerprint(answers),
        "service_tier": "default",
    }


def finish_of(reason: str | None) -> str:
    """A finish reason as the API has it."""
    return reason if reason in ("stop", "length", "tool_calls") else "stop"


def calls_json(calls: Sequence[ToolCall]) -> list[Json]:
    """Whole tool calls."""
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in calls
    ]


@dataclass
class _Choice:
    """One of the replies, as far as it has come."""

    texts: list[str] = field(default_factory=list)
    scores: list[TokenScore] = field(default_factory=list)
    calls: tuple[ToolCall, ...] = ()
    finish: str = "stop"

    def add(self, delta: Delta) -> None:
        self.texts.append(delta.text)
        self.scores += delta.logprobs
        if delta.finish_reason:
            self.finish, self.calls = finish_of(delta.finish_reason), delta.tool_calls

    def json(self, index: int, logprobs: bool) -> Json:
        text = "".join(self.texts)
        message: Json = {
            "role": "assistant",
            "content": None if self.calls and not text else text,
            "refusal": None,
            "annotations": [],
        }
        if self.calls:
            message["tool_calls"] = calls_json(self.calls)
        scores = {"content": scored(self.scores), "refusal": None} if logprobs else None
        return {
            "index": index,
            "message": message,
            "logprobs": scores,
            "finish_reason": self.finish,
        }


async def whole(body: ChatBody, pieces: AsyncGenerator[Begun | Made, None]) -> Json:
    """What a model replies, at once."""
    trace, usage = "", Usage()
    choices: defaultdict[int, _Choice] = defaultdict(_Choice)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Begun):
                trace = piece.trace_id
                continue
            number, delta = piece
            choices[number].add(delta)
            if delta.usage is not None:
                usage = added(usage, delta.usage)
    return {
        **head(trace, "chat.completion", body.model, body.model),
        "choices": [
            each.json(number, bool(body.logprobs)) for number, each in sorted(choices.items())
        ],
        "usage": usage_json(usage),
    }


async def chunks(
    body: ChatBody, pieces: AsyncGenerator[Begun | Made, None]
) -> AsyncGenerator[str, None]:
    """What a model replies, as events."""
    writer, usage, current = None, Usage(), -1
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Begun):
                writer = _writer(body, piece, body.model)
                continue
            assert writer is not None
            number, delta = piece
            opening = "" if number == current else writer.delta(number, ROLE)
            current = number
            if delta.usage is not None:
                usage = added(usage, delta.usage)
            yield opening + _written(writer, number, delta)
    assert writer is not None
    yield (writer.usage(usage) if writer.usage_wanted else "") + DONE


def _written(writer: Chunks, number: int, delta: Delta) -> str:
    """The chunks of one piece."""
    if not delta.tool_call_deltas and delta.finish_reason is None:
        return writer.text(number, delta.text, delta.logprobs)
    made = ""
    if delta.text or (delta.logprobs and not delta.tool_call_deltas):
        made += writer.text(number, delta.text, delta.logprobs)
    for place, call in enumerate(delta.tool_call_deltas):
        scores = () if place or delta.text else delta.logprobs
        made += writer.delta(number, dumps({"tool_calls": [_call_delta(call)]}), scores)
    if delta.finish_reason is not None:
        made += writer.delta(number, "{}", finish=finish_of(delta.finish_reason))
    return made


def _call_delta(call: ToolDelta) -> Json:
    function: Json = {"arguments": call.arguments}
    if call.name:
        function = {"name": call.name, **function}
    if call.id:
        return {"index": call.index, "id": call.id, "type": "function", "function": function}
    return {"index": call.index, "function": function}


def _writer(body: ChatBody, begun: Begun, answers: str) -> Chunks:
    usage = body.stream_options is not None and bool(body.stream_options.include_usage)
    return Chunks(head(begun.trace_id, "chat.completion.chunk", body.model, answers), usage)


Told = AsyncGenerator[Begun | Sentence | Answered, None]


async def whole_answer(body: ChatBody, asked: Asked, pieces: Told) -> Json:
    """What an assistant answers, at once."""
    served = asked.question.served
    trace, last = "", None
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Begun):
                trace = piece.trace_id
            elif isinstance(piece, Answered):
                last = piece
    assert last is not None  # unless cancelled, and then nobody is told
    answer = last.answer
    message = {
        "role": "assistant",
        "content": answer.answer,
        "refusal": None,
        "annotations": chat_annotations(answer.sentences, last.files),
    }
    return {
        **head(trace, "chat.completion", body.model, served.label),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": usage_json(answer.usage),
        "x_genwright": about(answer, served.label, last.files, asked.ignored),
    }


async def answer_chunks(body: ChatBody, asked: Asked, pieces: Told) -> AsyncGenerator[str, None]:
    """What an assistant answers, sentence by sentence; the last chunk carries what they rest on."""
    served = asked.question.served
    writer, opening, told = None, "", False
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Begun):
                writer = _writer(body, piece, served.label)
                opening = writer.delta(0, ROLE)
                continue
            assert writer is not None
            if isinstance(piece, Sentence):
                yield opening + writer.text(0, BETWEEN * told + piece.text)
                opening, told = "", True
                continue
            answer, files = piece.answer, piece.files
            rest = "" if told else opening + writer.text(0, answer.answer)
            delta = dumps({"annotations": chat_annotations(answer.sentences, files)})
            more = {"x_genwright": about(answer, served.label, files, asked.ignored)}
            usage = writer.usage(answer.usage) if writer.usage_wanted else ""
            yield rest + writer.last(0, delta, "stop", more) + usage + DONE
