"""A question to an answer that can be checked: one stream, by the strategy that fits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING

from genwright.answers.base import (
    EXTRACTIVE,
    AnswerSetup,
    Piece,
    Question,
    strategies,
)
from genwright.answers.understanding.taught import classify_request, read_taught
from genwright.engines import ChatMessage
from genwright.grounding.citations import Answer
from genwright.monitoring.tracing import find_outermost, read_trace_id
from genwright.prompts import Prompt, load_prompt
from genwright.retrieval import EVERYWHERE, Scope
from genwright.runtime import Runtime

if TYPE_CHECKING:
    from opentelemetry.trace import Span


WAYS = {
    "smalltalk": "smalltalk",
    "about-collection": "inventory",
    "summary-collection": "overview",
    "summary-document": "summary",
}
"""Strategies by what is wanted; everything else is read out of passages."""


class Answerer:
    """Answers questions from one workspace.

    Args:
        runtime: Where to search, and what with.
        model: Chat model; by default the settings'.
        extractive: Quote the sources and ask no model; by default as the settings say.
        short: Answer with a few words instead of sentences.
        prompt: Words the answer; by default the workspace's.
        assistant: Exact name of the assistant that this is, for the trace.
        intents: Ids of the requests whose kind people told it.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        model: str = "",
        extractive: bool | None = None,
        short: bool = False,
        prompt: Prompt | None = None,
        assistant: str = "",
        intents: Sequence[int] = (),
    ) -> None:
        self.runtime, self.assistant, self._prompt = runtime, assistant, prompt
        self.intents = tuple(intents)
        self.settings = runtime.settings.answer
        extractive = self.settings.extractive if extractive is None else extractive
        self.strategy = "extractive" if extractive else "short" if short else "rag"
        self.model = EXTRACTIVE if extractive else model or self.settings.model

    @cached_property
    def prompt(self) -> Prompt:
        """The prompt that words the answer."""
        if self._prompt is not None:
            return self._prompt
        name = "short_answer" if self.strategy == "short" else "answer"
        return load_prompt(name, self.runtime.workspace.prompts_dir)

    def ask(
        self,
        question: str,
        *,
        scope: Scope = EVERYWHERE,
        k: int | None = None,
        history: Sequence[ChatMessage] = (),
        cancel: Event | None = None,
    ) -> Answer:
        """Answer one question; see ``Question`` for the arguments, ``stream`` for the errors."""
        asked = Question(question, scope, k, tuple(history), cancel=cancel or Event())
        return drain(self.stream(asked))

    def stream(self, question: Question) -> Iterator[Piece]:
        """Sentences as soon as they are checked, and last the whole answer.

        Raises:
            NotFound: The model is not pulled, or the scope names a collection that is not there.
            UsageError: The question is longer than the model can read.
            EngineFailed: The model died or returned an invalid response.
        """
        known = {"genwright.question": question.text, "genwright.assistant": self.assistant}
        outer = find_outermost()
        with self.runtime.tracing.start_span(f"ask {self.model}", known) as span:
            name, question = self._choose(question, span)
            strategy = strategies.get(name)(AnswerSetup(self.runtime, self.model, self.prompt))
            for piece in strategy.stream(question):
                if not isinstance(piece, Answer):
                    yield piece
                    continue
                span.set_attribute("genwright.cancelled", question.cancel.is_set())
                # Lists of traces show the outermost step: a turn, or a request of the API.
                outer.set_attributes({**known, "genwright.refused": piece.refused})
                span.set_attribute("genwright.refused", piece.refused)
                span.set_attribute("genwright.answerable", piece.answerable)
                span.set_attribute("genwright.answer", piece.answer)  # what feedback is about
                answer = replace(
                    piece, trace_id=read_trace_id(span), timings=question.timer.read_seconds()
                )
        yield answer  # once its trace is written

    def _choose(self, question: Question, span: "Span") -> tuple[str, Question]:
        """The way to answer, and the question with the kind of what it wants."""
        if self.strategy == "short":
            return self.strategy, question
        with question.timer.measure_step("understand"):
            taught = read_taught(self.runtime.database, self.intents)
            intent, near = classify_request(self.runtime.models.embedder, question.text, taught)
        span.set_attribute("genwright.intent", intent.kind)
        span.set_attribute("genwright.intent_probability", intent.confidence)
        if near is not None:
            span.set_attribute("genwright.intent_taught", near.id)
        name = WAYS.get(intent.kind, self.strategy)
        span.set_attribute("genwright.strategy", name)
        return name, replace(question, kind=intent.kind, kinds=intent.probabilities)


def drain(pieces: Iterator[Piece]) -> Answer:
    """The answer at the end of a stream."""
    *_, answer = pieces
    assert isinstance(answer, Answer)  # by the protocol
    return answer
