"""Chat completions: pieces to one reply, or to a stream of chunks."""

import hashlib
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from genwright import __version__
from genwright.engines import Delta, TokenScore, TokenUsage, ToolCall
from genwright.engines.base import ToolDelta
from genwright.grounding.citations import Sentence
from genwright.server.api.chat.request import AssistantCall
from genwright.server.api.chat.schema import ChatCompletionBody
from genwright.server.api.shared.assistant_calls import FinalAnswer
from genwright.server.api.shared.citations import describe_answer, make_chat_annotations
from genwright.server.api.shared.model_calls import Made, RequestStart, add_usage
from genwright.server.api.shared.sse import DONE, ChunkWriter, dumps, format_scores, format_usage
from genwright.types import Json

ROLE = '{"role":"assistant","content":""}'


def compute_fingerprint(answers: str) -> str:
    """Of what answers and this version: equal replies may be hoped for while it is the same."""
    return f"fp_{hashlib.sha256(f'{__version__} {answers}'.encode()).hexdigest()[:12]}"


def make_head(trace: str, kind: str, model: str, answers: str) -> Json:
    """What every chat completion begins with."""
    return {
        "id": f"chatcmpl-{trace}",
        "object": kind,
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": compute_fingerprint(answers),
        "service_tier": "default",
    }


def map_finish_reason(reason: str | None) -> str:
    """A finish reason as the API has it."""
    return reason if reason in ("stop", "length", "tool_calls") else "stop"


def format_calls(calls: Sequence[ToolCall]) -> list[Json]:
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
class _ChatChoice:
    """One of the replies, as far as it has come."""

    texts: list[str] = field(default_factory=list)
    scores: list[TokenScore] = field(default_factory=list)
    calls: tuple[ToolCall, ...] = ()
    finish: str = "stop"

    def add(self, delta: Delta) -> None:
        self.texts.append(delta.text)
        self.scores += delta.logprobs
        if delta.finish_reason:
            self.finish, self.calls = map_finish_reason(delta.finish_reason), delta.tool_calls

    def json(self, index: int, logprobs: bool) -> Json:
        text = "".join(self.texts)
        message: Json = {
            "role": "assistant",
            "content": None if self.calls and not text else text,
            "refusal": None,
            "annotations": [],
        }
        if self.calls:
            message["tool_calls"] = format_calls(self.calls)
        scores = {"content": format_scores(self.scores), "refusal": None} if logprobs else None
        return {
            "index": index,
            "message": message,
            "logprobs": scores,
            "finish_reason": self.finish,
        }


async def collect_reply(
    body: ChatCompletionBody, pieces: AsyncGenerator[RequestStart | Made, None]
) -> Json:
    """What a model replies, at once."""
    trace, usage = "", TokenUsage()
    choices: defaultdict[int, _ChatChoice] = defaultdict(_ChatChoice)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                trace = piece.trace_id
                continue
            number, delta = piece
            choices[number].add(delta)
            if delta.usage is not None:
                usage = add_usage(usage, delta.usage)
    return {
        **make_head(trace, "chat.completion", body.model, body.model),
        "choices": [
            each.json(number, bool(body.logprobs)) for number, each in sorted(choices.items())
        ],
        "usage": format_usage(usage),
    }


async def stream_reply(
    body: ChatCompletionBody, pieces: AsyncGenerator[RequestStart | Made, None]
) -> AsyncGenerator[str, None]:
    """What a model replies, as events."""
    writer, usage, current = None, TokenUsage(), -1
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                writer = _make_writer(body, piece, body.model)
                continue
            assert writer is not None
            number, delta = piece
            opening = "" if number == current else writer.write_delta(number, ROLE)
            current = number
            if delta.usage is not None:
                usage = add_usage(usage, delta.usage)
            yield opening + _write_piece(writer, number, delta)
    assert writer is not None
    yield (writer.write_usage(usage) if writer.usage_wanted else "") + DONE


def _write_piece(writer: ChunkWriter, number: int, delta: Delta) -> str:
    """The chunks of one piece."""
    if not delta.tool_call_deltas and delta.finish_reason is None:
        return writer.write_text(number, delta.text, delta.logprobs)
    made = ""
    if delta.text or (delta.logprobs and not delta.tool_call_deltas):
        made += writer.write_text(number, delta.text, delta.logprobs)
    for place, call in enumerate(delta.tool_call_deltas):
        scores = () if place or delta.text else delta.logprobs
        made += writer.write_delta(
            number, dumps({"tool_calls": [_format_call_delta(call)]}), scores
        )
    if delta.finish_reason is not None:
        made += writer.write_delta(number, "{}", finish=map_finish_reason(delta.finish_reason))
    return made


def _format_call_delta(call: ToolDelta) -> Json:
    function: Json = {"arguments": call.arguments}
    if call.name:
        function = {"name": call.name, **function}
    if call.id:
        return {"index": call.index, "id": call.id, "type": "function", "function": function}
    return {"index": call.index, "function": function}


def _make_writer(body: ChatCompletionBody, begun: RequestStart, answers: str) -> ChunkWriter:
    usage = body.stream_options is not None and bool(body.stream_options.include_usage)
    return ChunkWriter(
        make_head(begun.trace_id, "chat.completion.chunk", body.model, answers), usage
    )


Told = AsyncGenerator[RequestStart | Sentence | FinalAnswer, None]


async def collect_answer(body: ChatCompletionBody, asked: AssistantCall, pieces: Told) -> Json:
    """What an assistant answers, at once."""
    served = asked.question.served
    trace, last = "", None
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                trace = piece.trace_id
            elif isinstance(piece, FinalAnswer):
                last = piece
    assert last is not None  # unless cancelled, and then nobody is told
    answer = last.answer
    message = {
        "role": "assistant",
        "content": answer.answer,
        "refusal": None,
        "annotations": make_chat_annotations(answer.sentences, last.files),
    }
    return {
        **make_head(trace, "chat.completion", body.model, served.label),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": format_usage(answer.usage),
        "x_genwright": describe_answer(answer, served.label, last.files, asked.ignored),
    }


async def stream_answer(
    body: ChatCompletionBody, asked: AssistantCall, pieces: Told
) -> AsyncGenerator[str, None]:
    """What an assistant answers, sentence by sentence; the last chunk carries what they rest on."""
    served = asked.question.served
    writer, opening, told = None, "", False
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, RequestStart):
                writer = _make_writer(body, piece, served.label)
                opening = writer.write_delta(0, ROLE)
                continue
            assert writer is not None
            if isinstance(piece, Sentence):
                yield opening + writer.write_text(0, piece.before * told + piece.text)
                opening, told = "", True
                continue
            answer, files = piece.answer, piece.files
            rest = "" if told else opening + writer.write_text(0, answer.answer)
            delta = dumps({"annotations": make_chat_annotations(answer.sentences, files)})
            more = {"x_genwright": describe_answer(answer, served.label, files, asked.ignored)}
            usage = writer.write_usage(answer.usage) if writer.usage_wanted else ""
            yield rest + writer.write_last(0, delta, "stop", more) + usage + DONE
