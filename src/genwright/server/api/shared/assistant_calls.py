"""Answers of an assistant, sentence by sentence: queued, traced and counted as replies are."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from threading import Event

from genwright.access import Identity
from genwright.answers.assistants import open_assistant
from genwright.answers.base import EXTRACTIVE, cut_short
from genwright.engines import ChatMessage
from genwright.errors import TooMany
from genwright.grounding.citations import Answer, Sentence
from genwright.monitoring.tracing import read_trace_id
from genwright.registry import ServedAssistant
from genwright.retrieval import Scope
from genwright.server.api.shared.citations import Files, find_files
from genwright.server.api.shared.model_calls import RequestStart, estimate_tokens, watch_request
from genwright.server.service import Service


@dataclass(frozen=True)
class AssistantQuestion:
    """What an assistant is asked."""

    served: ServedAssistant
    text: str
    before: tuple[ChatMessage, ...] = ()
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
class FinalAnswer:
    """The last piece: the whole answer, and what the API calls the documents in it."""

    answer: Answer
    files: Files


async def stream_assistant(
    service: Service, identity: Identity, question: AssistantQuestion
) -> AsyncGenerator[RequestStart | Sentence | FinalAnswer, None]:
    """What an assistant answers, sentence by checked sentence, and then the whole answer.

    Raises:
        As ``by_model``.
    """
    outcome: tuple[str, int, int] | None = ("cancelled", 0, 0)
    try:
        with watch_request(
            service, identity, question.model, estimate_tokens([question.text])
        ) as watch:
            pieces = service.generate(
                question.model,
                identity,
                lambda cancel: _ask_assistant(service, identity, question, cancel),
                watch.seen.record_queue_time,
            )
            async with aclosing(pieces):
                async for piece in pieces:
                    if isinstance(piece, FinalAnswer):
                        watch.usage, watch.finish = piece.answer.usage, "stop"
                        outcome = summarize_outcome(piece.answer)
                    elif isinstance(piece, Sentence):
                        watch.count_sentence(piece.text)
                    yield piece
    except TooMany:
        outcome = None
        raise
    except Exception:
        outcome = ("error", 0, 0)
        raise
    finally:
        if outcome is not None:
            service.metrics.count_answer(question.served.name, *outcome)


def summarize_outcome(answer: Answer) -> tuple[str, int, int]:
    """What the metrics count: how it ended, sentences with support, and without."""
    supported = sum(bool(sentence.citations) for sentence in answer.sentences)
    outcome = "refused" if answer.refused else "answered"
    return outcome, supported, len(answer.sentences) - supported


def _ask_assistant(
    service: Service, identity: Identity, question: AssistantQuestion, cancel: Event
) -> Iterator[RequestStart | Sentence | FinalAnswer]:
    runtime = service.runtime_for(identity)
    opened = open_assistant(runtime, question.served, max_tokens=question.max_tokens)
    known = {"genwright.assistant": question.served.label, "genwright.question": question.text}
    name = f"invoke_agent {question.served.name}"
    with opened.runtime.tracing.start_span(name, known | _AGENT) as span:
        yield RequestStart(read_trace_id(span), cancel)
        pieces = opened.stream(
            question.text, history=question.before, scope=question.scope, cancel=cancel
        )
        try:
            for piece in pieces:
                if isinstance(piece, Answer):
                    span.set_attribute("genwright.refused", piece.refused)
                    yield FinalAnswer(piece, find_files(opened.runtime, piece))
                else:
                    yield piece
        except GeneratorExit:
            cut_short(pieces, cancel)  # the trace has what was written
            raise


_AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "genwright"}
