"""Answers of an assistant, sentence by sentence: queued, traced and counted as replies are."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from threading import Event

from genwright.access import Identity
from genwright.answers.answerer import EXTRACTIVE, Answer, Answerer
from genwright.answers.assistants import build_answerer, find_scope
from genwright.answers.chat import Chat
from genwright.engines import ChatMessage
from genwright.errors import TooMany
from genwright.grounding.citations import Sentence
from genwright.monitoring.tracing import read_trace_id
from genwright.registry import ServedAssistant
from genwright.retrieval import Scope
from genwright.server.api.shared.citations import Files, find_files
from genwright.server.api.shared.model_calls import RequestStart, estimate_tokens, watch_request
from genwright.server.api.shared.pushing import told
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
                        outcome = _summarize_outcome(piece.answer)
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


def _summarize_outcome(answer: Answer) -> tuple[str, int, int]:
    supported = sum(bool(sentence.citations) for sentence in answer.sentences)
    outcome = "refused" if answer.refused else "answered"
    return outcome, supported, len(answer.sentences) - supported


def _ask_assistant(
    service: Service, identity: Identity, question: AssistantQuestion, cancel: Event
) -> Iterator[RequestStart | Sentence | FinalAnswer]:
    answerer = _open_answerer(service, identity, question)
    runtime = answerer.runtime
    known = {"genwright.assistant": question.served.label, "genwright.question": question.text}
    with runtime.tracing.start_span(f"invoke_agent {question.served.name}", known | _AGENT) as span:
        yield RequestStart(read_trace_id(span), cancel)
        scope = question.scope or find_scope(runtime, question.served)

        def ask(tell: Callable[[Sentence | FinalAnswer], None]) -> FinalAnswer:
            most = answerer.settings.history
            before = question.before[-most:] if most else ()
            alone = Chat(answerer).make_standalone(question.text, before, cancel)
            answer = answerer.ask(alone, scope=scope, on_sentence=tell, cancel=cancel)
            return FinalAnswer(answer, find_files(runtime, answer))

        for piece in told(ask, cancel):
            if isinstance(piece, FinalAnswer):
                span.set_attribute("genwright.refused", piece.answer.refused)
            yield piece


_AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "genwright"}


def _open_answerer(service: Service, identity: Identity, question: AssistantQuestion) -> Answerer:
    served = question.served
    settings = served.version.config.merge_settings(service.settings)
    if question.max_tokens is not None:
        least = min(question.max_tokens, settings.answer.max_tokens)
        answer = settings.answer.model_copy(update={"max_tokens": least})
        settings = settings.model_copy(update={"answer": answer})
    return build_answerer(service.runtime_for(identity, settings), served)
