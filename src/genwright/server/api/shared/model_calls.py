"""Replies of a base model, piece by piece: queued, traced, counted, and cancelled."""

import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from threading import Event

from genwright.access import Identity
from genwright.engines import ChatMessage, Delta, Engine, TokenUsage
from genwright.errors import TooMany
from genwright.monitoring import RequestMetrics
from genwright.monitoring.tracing import read_trace_id
from genwright.server.service import Service

CONTENT_CHARACTERS = 8_000
"""Of messages and replies, that a trace keeps at most."""

CHARACTERS_A_TOKEN = 4
"""Of English, about: for what ended before the engine counted it."""

Attribute = str | int | float | bool


@dataclass(frozen=True)
class RequestStart:
    """The first piece: the request has its turn; setting ``cancel`` ends it."""

    trace_id: str
    cancel: Event


Made = tuple[int, Delta]
"""A piece of one of the replies that were asked for, with its number."""


@dataclass(frozen=True)
class ModelCall:
    """What a model is asked.

    Args:
        model: Its name, as ``Models.engine`` takes it.
        operation: ``chat`` or ``text_completion``, as OpenTelemetry's conventions have it.
        start: Begins the replies; given the engine and the event that cancels.
        attributes: Of its span.
        said: What it is asked, for the trace.
    """

    model: str
    operation: str
    start: Callable[[Engine, Event], Iterator[Made]]
    attributes: Mapping[str, Attribute]
    said: Sequence[ChatMessage] = ()


async def stream_model(
    service: Service, identity: Identity, call: ModelCall
) -> AsyncGenerator[RequestStart | Made, None]:
    """What a base model replies; closing this cancels it.

    Raises:
        TooMany: Its queue is full, or a quota used up.
        EngineFailed: It died or does not load.
        UsageError: It cannot read so much.
        Refused: It cannot do what is asked.
    """
    size = estimate_tokens([message.content for message in call.said])
    with watch_request(service, identity, call.model, size) as watch:
        pieces = service.generate(
            call.model,
            identity,
            lambda cancel: _run_call(service, identity, call, cancel),
            watch.seen.record_queue_time,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, tuple):
                    delta = piece[1]
                    if delta.usage is None:
                        watch.count_token()
                    else:
                        watch.usage = add_usage(watch.usage, delta.usage)
                        watch.finish = delta.finish_reason or watch.finish
                yield piece


def add_usage(one: TokenUsage, other: TokenUsage) -> TokenUsage:
    """What two replies cost together."""
    return TokenUsage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
    )


def drop_prompt_usage(delta: Delta) -> Delta:
    """A piece of a further reply to a prompt that was counted with the first."""
    if delta.usage is None:
        return delta
    return replace(delta, usage=replace(delta.usage, prompt_tokens=0, cached_tokens=0))


@dataclass
class RequestWatch:
    """What is counted when a request ends."""

    seen: RequestMetrics
    usage: TokenUsage = field(default_factory=TokenUsage)
    finish: str = "cancelled"
    written: int = 0
    """Tokens so far, about."""

    def count_token(self) -> None:
        """A piece has come, usually a token."""
        self.written += 1
        self.seen.record_token()

    def count_sentence(self, text: str) -> None:
        """A sentence has come; only the first counts as the first token does."""
        if not self.written:
            self.seen.record_token()
        self.written += estimate_tokens([text])


@contextmanager
def watch_request(
    service: Service, identity: Identity, model: str, asked: int = 0
) -> Iterator[RequestWatch]:
    """Count a request at a model: queue, times, tokens, how it ended.

    Args:
        service: The server's runtime.
        identity: Whose quota it counts to.
        model: By which name.
        asked: Tokens of the question, about: counted where it ended before the engine told.
    """
    watch = RequestWatch(service.metrics.start_request(model))
    try:
        yield watch
    except TooMany:
        service.metrics.count_refusal(model)
        watch.finish = ""
        raise
    except Exception:
        watch.finish = "error"
        raise
    finally:
        read, written = watch.usage.prompt_tokens, watch.usage.completion_tokens
        if not read and watch.written:  # left early, which must not come cheaper
            read, written = asked, watch.written
        if read or written:
            service.quotas.spend(identity, read + written)
        if watch.finish:  # it had its turn, or waited for it
            watch.seen.record_end(watch.finish, read, written)


def estimate_tokens(texts: Sequence[str]) -> int:
    """Tokens of texts, about."""
    return sum(map(len, texts)) // CHARACTERS_A_TOKEN + 1


def _run_call(
    service: Service, identity: Identity, call: ModelCall, cancel: Event
) -> Iterator[RequestStart | Made]:
    runtime = service.runtime_for(identity)
    attributes = {
        "gen_ai.operation.name": call.operation,
        "gen_ai.provider.name": "genwright",
        "gen_ai.request.model": call.model,
        "gen_ai.input.messages": _shorten_messages(call.said),
        **call.attributes,
    }
    with runtime.tracing.start_span(f"{call.operation} {call.model}", attributes) as span:
        yield RequestStart(read_trace_id(span), cancel)
        engine = runtime.models.get_engine(call.model)
        span.set_attribute("gen_ai.response.model", engine.name)  # an alias may move later
        began = time.monotonic()
        kept = _TraceRecord()
        for made in call.start(engine, cancel):
            if not kept.first:
                kept.first = time.monotonic() - began
            kept.add(made[1])
            yield made
        for name, value in kept.to_attributes().items():
            span.set_attribute(name, value)
        span.set_attribute("genwright.cancelled", cancel.is_set())


class _TraceRecord:
    """What a trace keeps of the replies."""

    def __init__(self) -> None:
        self.first = 0.0
        self._usage = TokenUsage()
        self._reasons: list[str] = []
        self._texts: list[str] = []
        self._room = CONTENT_CHARACTERS

    def add(self, delta: Delta) -> None:
        if self._room > 0:
            self._texts.append(delta.text)
            self._room -= len(delta.text)
        if delta.usage is not None:
            self._usage = add_usage(self._usage, delta.usage)
            self._reasons.append(delta.finish_reason or "stop")

    def to_attributes(self) -> "dict[str, Attribute | list[str]]":
        return {
            "gen_ai.usage.input_tokens": self._usage.prompt_tokens,
            "gen_ai.usage.output_tokens": self._usage.completion_tokens,
            "gen_ai.response.finish_reasons": self._reasons,
            "gen_ai.response.time_to_first_chunk": self.first,
            "gen_ai.output.messages": _shorten_messages(
                [ChatMessage("assistant", "".join(self._texts))]
            ),
        }


def _shorten_messages(said: Sequence[ChatMessage]) -> str:
    """Messages as OpenTelemetry's conventions write them, the beginning of each."""
    most = CONTENT_CHARACTERS // max(1, len(said))
    return json.dumps(
        [
            {
                "role": turn.role,
                "parts": [{"type": "text", "content": turn.content[:most]}],
            }
            for turn in said
        ],
        ensure_ascii=False,
    )
