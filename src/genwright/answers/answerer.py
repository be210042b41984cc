"""A question to an answer that can be checked.

::

    search → evidence → answerable? ── no ──→ refusal with the nearest passages
                            │ yes
                            ▼
      pack → chat model → each sentence: supported, and to the point? → citation, or left out
                            │ none is left
                            ▼
                     the best evidence, quoted

Nothing is taken from the model on trust: it words the answer, the sources decide what stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event

from genwright.answers.writing import (
    AnswerBrief,
    AnswerWriter,
    OnSentence,
    ignore_sentence,
    look_up_rarity,
)
from genwright.engines import ChatMessage
from genwright.grounding.calibration import load_calibration
from genwright.grounding.citations import Answer, Citation, Sentence, cite
from genwright.grounding.evidence import Evidence, estimate_answerability, find_evidence
from genwright.library.search import find_passages
from genwright.monitoring.step_timer import StepTimer
from genwright.monitoring.tracing import find_outermost, read_trace_id
from genwright.prompts import Prompt, load_prompt
from genwright.retrieval import EVERYWHERE, Hit, Scope
from genwright.runtime import Runtime

EXTRACTIVE = "extractive"


@dataclass(frozen=True)
class _AnswerRequest:
    """One question on its way to an answer."""

    question: str
    history: tuple[ChatMessage, ...]
    on_sentence: OnSentence
    clock: StepTimer
    cancel: Event


class Answerer:
    """Answers questions from one workspace.

    Args:
        runtime: Where to search, and what with.
        model: Chat model; by default the settings'.
        extractive: Quote the sources and ask no model; by default as the settings say.
        short: Answer with a few words instead of sentences.
        prompt: Words the answer; by default the workspace's.
        assistant: Exact name of the assistant that this is, for the trace.
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
    ) -> None:
        self.runtime, self.short, self.assistant, self._prompt = runtime, short, assistant, prompt
        self.settings = runtime.settings.answer
        self.extractive = self.settings.extractive if extractive is None else extractive
        self.model = EXTRACTIVE if self.extractive else model or self.settings.model
        self._calibration = load_calibration()

    @cached_property
    def prompt(self) -> Prompt:
        """The prompt that words the answer."""
        if self._prompt is not None:
            return self._prompt
        name = "short_answer" if self.short else "answer"
        return load_prompt(name, self.runtime.workspace.prompts_dir)

    def ask(
        self,
        question: str,
        *,
        scope: Scope = EVERYWHERE,
        k: int | None = None,
        history: Sequence[ChatMessage] = (),
        on_sentence: OnSentence = ignore_sentence,
        cancel: Event | None = None,
    ) -> Answer:
        """Answer one question.

        Args:
            question: It must be understood alone; ``rag.chat`` rewrites follow-up questions.
            scope: Where to look.
            k: Passages to look at; by default the settings'.
            history: Earlier turns that the model sees before the question.
            on_sentence: Told of each sentence as soon as it is checked.
            cancel: Set by whoever no longer waits; the answer then ends where it is.

        Raises:
            NotFound: The model is not pulled, or the scope names a collection that is not there.
            UsageError: The question is longer than the model can read.
            EngineFailed: The model died or answered rubbish.
        """
        question = question.encode("utf-8", "replace").decode()  # see Parts.find
        clock, cancel = StepTimer(), cancel or Event()
        asked = _AnswerRequest(question, tuple(history), on_sentence, clock, cancel)
        name = f"ask {self.model}"
        known = {"genwright.question": question, "genwright.assistant": self.assistant}
        outer = find_outermost()
        with self.runtime.tracing.start_span(name, known) as span:
            found, rare = self._find(question, scope, k, clock)
            answer = self._answer(asked, found, rare)
            span.set_attribute("genwright.cancelled", cancel.is_set())
            # Lists of traces show the outermost step, which may be a turn or a request of the API.
            outer.set_attributes({**known, "genwright.refused": answer.refused})
            span.set_attribute("genwright.refused", answer.refused)
            span.set_attribute("genwright.answerable", answer.answerable)
            span.set_attribute("genwright.answer", answer.answer)  # what feedback is about
            return replace(answer, trace_id=read_trace_id(span), timings=clock.read_seconds())

    def _find(
        self, question: str, scope: Scope, k: int | None, clock: StepTimer
    ) -> tuple[list[Hit], dict[str, float]]:
        attributes = {"gen_ai.operation.name": "retrieval"}
        with (
            clock.measure_step("search"),
            self.runtime.tracing.start_span("retrieval", attributes) as span,
        ):
            hits = find_passages(self.runtime, question, k=k, scope=scope)
            rare = look_up_rarity(self.runtime, question)
            span.set_attribute("genwright.hits", len(hits))
            # By number: who may read them sees their words, and forgetting one finds its traces.
            span.set_attribute("genwright.passages", [hit.passage for hit in hits])
            span.set_attribute("genwright.scores", [hit.score for hit in hits])
            span.set_attribute("genwright.documents", sorted({hit.document for hit in hits}))
            return hits, rare

    def _answer(self, asked: _AnswerRequest, hits: Sequence[Hit], rare: dict[str, float]) -> Answer:
        question = asked.question
        with asked.clock.measure_step("evidence"), self.runtime.tracing.start_span("evidence"):
            evidence = find_evidence(
                question, hits, self.runtime.models.embedder, rare, self._calibration.evidence
            )
            chance = estimate_answerability(question, evidence, rare, self._calibration.answerable)
        base = Answer("", False, (), tuple(hits), self.model, "", chance)
        if not evidence or chance < self.settings.min_answerable:
            return _make_refusal(base)
        if self.extractive:
            return _complete_answer(base, [quote_evidence(evidence[0])], asked.on_sentence)
        if asked.cancel.is_set():
            return base
        return self._generate(base, asked, evidence)

    def _generate(
        self, base: Answer, asked: _AnswerRequest, evidence: Sequence[Evidence]
    ) -> Answer:
        on_sentence, cancel = asked.on_sentence, asked.cancel
        brief = AnswerBrief(
            asked.question, evidence, base.hits, self.model, self.prompt, self.short, asked.history
        )
        with asked.clock.measure_step("load"):
            engine = self.runtime.models.get_engine(self.model)
        writing = AnswerWriter(self.runtime, engine, brief, asked.clock, cancel)
        packed = writing.pack()
        kept = list(writing.check_sentences(packed, on_sentence))
        base = replace(base, prompt_version=self.prompt.version, usage=writing.usage)
        if writing.declined and not kept:
            return _make_refusal(base)
        if not (cancel.is_set() or any(sentence.citations for sentence in kept)):
            # What the model wrote is not in the sources; what they say themselves still is.
            return _complete_answer(
                base, [*kept, quote_evidence(packed.evidence[0])], on_sentence, told=len(kept)
            )
        return _complete_answer(base, kept, on_sentence, told=len(kept))


def quote_evidence(evidence: Evidence) -> Sentence:
    """Evidence as a sentence of the answer: its own words, on one line."""
    text = " ".join(evidence.text.split())
    return Sentence(text, 1.0, (cite(evidence.hit, evidence.start, evidence.end),))


def _complete_answer(
    base: Answer, sentences_: Sequence[Sentence], on_sentence: OnSentence, told: int = 0
) -> Answer:
    for sentence in sentences_[told:]:
        on_sentence(sentence)
    text = " ".join(sentence.text for sentence in sentences_)
    return replace(base, answer=text, sentences=tuple(sentences_))


def _make_refusal(base: Answer) -> Answer:
    if base.hits:
        text = "The documents do not seem to answer this. The nearest passages are listed."
    else:
        text = "There is nothing in the documents about this."
    return replace(base, answer=text, refused=True)


__all__ = ["EXTRACTIVE", "Answer", "Answerer", "Citation", "Sentence", "quote_evidence"]
