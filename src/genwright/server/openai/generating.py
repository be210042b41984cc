"""A reply being made, piece by piece: by a model as it is, or by an assistant.

Both begin with the id of their trace. Waiting, cancelling and counting are the same for both.
"""

import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from threading import Event

from genwright.access import Identity
from genwright.engines import Delta, Engine, Message, Usage
from genwright.errors import TooMany
from genwright.monitoring import Observed
from genwright.monitoring.tracing import trace_id
from genwright.rag.answer import EXTRACTIVE, Answer, Answerer
from genwright.rag.assistants import answerer_of, scope_of
from genwright.rag.chat import Chat
from genwright.rag.citations import Sentence
from genwright.registry import Served
from genwright.retrieval import Scope
from genwright.server.openai.citing import Files, files_of
from genwright.server.openai.pushing import told
from genwright.server.service import Service

CONTENT_CHARACTERS = 20_000
"""Of messages and replies, that a trace keeps at most."""

Attribute = str | int | float | bool


@dataclass(frozen=True)
class Begun:
    """The first piece: the request has its turn; setting ``cancel`` ends it."""

    trace_id: str
    cancel: Event


Made = tuple[int, Delta]
"""A piece of one of the replies that were asked for, with its number."""


@dataclass(frozen=True)
class Call:
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
    said: Sequence[Message] = ()


async def by_model(
    service: Service, identity: Identity, call: Call
) -> AsyncGenerator[Begun | Made, None]:
    """What a model as it is replies; closing this cancels it.

    Raises:
        TooMany: Its queue is full, or a quota used up.
        EngineFailed: It died or does not load.
        UsageError: It cannot read so much.
        Refused: It cannot do what is asked.
    """
    with watching(service, identity, call.model) as watch:
        pieces = service.generate(
            call.model,
            identity,
            lambda cancel: _run(service, identity, call, cancel),
            watch.seen.queued,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, tuple):
                    delta = piece[1]
                    if delta.usage is None:
                        watch.seen.token()
                    else:
                        watch.usage = added(watch.usage, delta.usage)
                        watch.finish = delta.finish_reason or watch.finish
                yield piece


def added(one: Usage, other: Usage) -> Usage:
    """What two replies cost together."""
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
    )


def again(delta: Delta) -> Delta:
    """A piece of a further reply to a prompt that was counted with the first."""
    if delta.usage is None:
        return delta
    return replace(delta, usage=replace(delta.usage, prompt_tokens=0, cached_tokens=0))


@dataclass
class Watch:
    """What is counted when a request ends."""

    seen: Observed
    usage: Usage = field(default_factory=Usage)
    finish: str = "cancelled"
    told: bool = False


@contextmanager
def watching(service: Service, identity: Identity, model: str) -> Iterator[Watch]:
    """Count a request at a model: queue, times, tokens, how it ended."""
    watch = Watch(service.metrics.request_started(model))
    try:
        yield watch
    except TooMany:
        service.metrics.refused(model)
        raise
    except Exception:
        watch.finish = "error"
        raise
    finally:
        usage = watch.usage
        if usage.prompt_tokens or usage.completion_tokens:
            service.quotas.spend(identity, usage.prompt_tokens + usage.completion_tokens)
        watch.seen.finished(watch.finish, usage.prompt_tokens, usage.completion_tokens)


def _run(service: Service, identity: Identity, call: Call, cancel: Event) -> Iterator[Begun | Made]:
    parts = service.parts_for(identity)
    attributes = {
        "gen_ai.operation.name": call.operation,
        "gen_ai.provider.name": "genwright",
        "gen_ai.request.model": call.model,
        "gen_ai.input.messages": _shortened(call.said),
        **call.attributes,
    }
    with parts.tracing.span(f"{call.operation} {call.model}", attributes) as span:
        yield Begun(trace_id(span), cancel)
        engine = parts.engine(call.model)
        began = time.monotonic()
        kept = _Kept()
        for made in call.start(engine, cancel):
            if not kept.first:
                kept.first = time.monotonic() - began
            kept.add(made[1])
            yield made
        for name, value in kept.attributes().items():
            span.set_attribute(name, value)
        span.set_attribute("genwright.cancelled", cancel.is_set())


class _Kept:
    """What a trace keeps of the replies."""

    def __init__(self) -> None:
        self.first = 0.0
        self._usage = Usage()
        self._reasons: list[str] = []
        self._texts: list[str] = []
        self._room = CONTENT_CHARACTERS

    def add(self, delta: Delta) -> None:
        if self._room > 0:
            self._texts.append(delta.text)
            self._room -= len(delta.text)
        if delta.usage is not None:
            self._usage = added(self._usage, delta.usage)
            self._reasons.append(delta.finish_reason or "stop")

    def attributes(self) -> "dict[str, Attribute | list[str]]":
        return {
            "gen_ai.usage.input_tokens": self._usage.prompt_tokens,
            "gen_ai.usage.output_tokens": self._usage.completion_tokens,
            "gen_ai.response.finish_reasons": self._reasons,
            "gen_ai.response.time_to_first_chunk": self.first,
            "gen_ai.output.messages": _shortened([Message("assistant", "".join(self._texts))]),
        }


def _shortened(said: Sequence[Message]) -> str:
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


@dataclass(frozen=True)
class Question:
    """What an assistant is asked."""

    served: Served
    text: str
    before: tuple[Message, ...] = ()
    """Earlier turns: what the question points back to is taken from them."""
    max_tokens: int | None = None
    """Least of this and the version's own counts."""
    scope: Scope | None = None
    """Where to look instead of where the version says."""

    @property
    def model(self) -> str:
        """In whose queue it waits."""
        answer = self.served.version.config.answer
        return EXTRACTIVE if answer.extractive else answer.model


@dataclass(frozen=True)
class Answered:
    """The last piece: the whole answer, and what the API calls the documents in it."""

    answer: Answer
    files: Files


async def by_assistant(
    service: Service, identity: Identity, question: Question
) -> AsyncGenerator[Begun | Sentence | Answered, None]:
    """What an assistant answers, sentence by checked sentence, and then the whole answer.

    Raises:
        As ``by_model``.
    """
    name, answered = question.served.name, service.metrics.answered
    with watching(service, identity, question.model) as watch:
        pieces = service.generate(
            question.model,
            identity,
            lambda cancel: _ask(service, identity, question, cancel),
            watch.seen.queued,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Answered):
                    watch.usage, watch.finish = piece.answer.usage, "stop"
                    answered(name, *_outcome(piece.answer))
                elif isinstance(piece, Sentence) and not watch.told:
                    watch.seen.token()  # the first one: sentences are no tokens
                    watch.told = True
                yield piece


def _outcome(answer: Answer) -> tuple[str, int, int]:
    supported = sum(bool(sentence.citations) for sentence in answer.sentences)
    outcome = "refused" if answer.refused else "answered"
    return outcome, supported, len(answer.sentences) - supported


def _ask(
    service: Service, identity: Identity, question: Question, cancel: Event
) -> Iterator[Begun | Sentence | Answered]:
    answerer = _answerer(service, identity, question)
    parts = answerer.parts
    with parts.tracing.span(f"invoke_agent {question.served.label}", _AGENT) as span:
        yield Begun(trace_id(span), cancel)
        scope = question.scope or scope_of(parts, question.served)

        def ask(tell: Callable[[Sentence | Answered], None]) -> Answered:
            alone = Chat(answerer).alone(question.text, question.before)
            answer = answerer.ask(alone, scope=scope, on_sentence=tell, cancel=cancel)
            return Answered(answer, files_of(parts, answer))

        yield from told(ask, cancel)


_AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "genwright"}


def _answerer(service: Service, identity: Identity, question: Question) -> Answerer:
    served = question.served
    settings = served.version.config.settings(service.settings)
    if question.max_tokens is not None:
        least = min(question.max_tokens, settings.answer.max_tokens)
        answer = settings.answer.model_copy(update={"max_tokens": least})
        settings = settings.model_copy(update={"answer": answer})
    return answerer_of(service.parts_for(identity, settings), served)
