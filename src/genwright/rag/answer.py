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
from dataclasses import replace
from functools import cached_property

from genwright.engines import Message
from genwright.monitoring.tracing import trace_id
from genwright.prompts import Prompt, load_prompt
from genwright.rag.calibration import calibration
from genwright.rag.citations import Answer, Citation, Sentence, cite
from genwright.rag.clock import Clock
from genwright.rag.evidence import Evidence, answerable, find_evidence
from genwright.rag.parts import Parts
from genwright.rag.writing import Brief, OnSentence, Writing, rarity_of, unheard
from genwright.retrieval import EVERYWHERE, Hit, Scope

EXTRACTIVE = "extractive"


class Answerer:
    """Answers questions from one workspace.

    Args:
        parts: Where to search, and what with.
        model: Chat model; by default the settings'.
        extractive: Quote the sources and ask no model; by default as the settings say.
        short: Answer with a few words instead of sentences.
    """

    def __init__(
        self, parts: Parts, *, model: str = "", extractive: bool | None = None, short: bool = False
    ) -> None:
        self.parts, self.short = parts, short
        self.settings = parts.workspace.settings.answer
        self.extractive = self.settings.extractive if extractive is None else extractive
        self.model = EXTRACTIVE if self.extractive else model or self.settings.model
        self._calibration = calibration()

    @cached_property
    def prompt(self) -> Prompt:
        """The prompt that words the answer."""
        name = "short_answer" if self.short else "answer"
        return load_prompt(name, self.parts.workspace.prompts_dir)

    def ask(
        self,
        question: str,
        *,
        scope: Scope = EVERYWHERE,
        k: int | None = None,
        history: Sequence[Message] = (),
        on_sentence: OnSentence = unheard,
    ) -> Answer:
        """Answer one question.

        Args:
            question: It must be understood alone; ``rag.chat`` rewrites follow-up questions.
            scope: Where to look.
            k: Passages to look at; by default the settings'.
            history: Earlier turns that the model sees before the question.
            on_sentence: Told of each sentence as soon as it is checked.

        Raises:
            NotFound: The model is not pulled, or the scope names a collection that is not there.
            UsageError: The question is longer than the model can read.
            EngineFailed: The model died or answered rubbish.
        """
        question = question.encode("utf-8", "replace").decode()  # see Parts.find
        clock = Clock()
        name = f"ask {self.model}"
        with self.parts.tracing.span(name, {"genwright.question": question}) as span:
            found, rare = self._find(question, scope, k, clock)
            answer = self._answer(question, found, rare, history, on_sentence, clock)
            span.set_attribute("genwright.refused", answer.refused)
            span.set_attribute("genwright.answerable", answer.answerable)
            return replace(answer, trace_id=trace_id(span), timings=clock.finished())

    def _find(
        self, question: str, scope: Scope, k: int | None, clock: Clock
    ) -> tuple[list[Hit], dict[str, float]]:
        attributes = {"gen_ai.operation.name": "retrieval"}
        with clock.step("search"), self.parts.tracing.span("retrieval", attributes) as span:
            hits = self.parts.find(question, k=k, scope=scope)
            rare = rarity_of(self.parts, question)
            span.set_attribute("genwright.hits", len(hits))
            return hits, rare

    def _answer(
        self,
        question: str,
        hits: Sequence[Hit],
        rare: dict[str, float],
        history: Sequence[Message],
        on_sentence: OnSentence,
        clock: Clock,
    ) -> Answer:
        with clock.step("evidence"), self.parts.tracing.span("evidence"):
            evidence = find_evidence(
                question, hits, self.parts.embedder, rare, self._calibration.evidence
            )
            chance = answerable(question, evidence, rare, self._calibration.answerable)
        base = Answer("", False, (), tuple(hits), self.model, "", chance)
        if not evidence or chance < self.settings.min_answerable:
            return _refusal(base)
        if self.extractive:
            return _of(base, [quoted(evidence[0])], on_sentence)
        return self._generate(base, question, evidence, history, on_sentence, clock)

    def _generate(
        self,
        base: Answer,
        question: str,
        evidence: Sequence[Evidence],
        history: Sequence[Message],
        on_sentence: OnSentence,
        clock: Clock,
    ) -> Answer:
        brief = Brief(
            question, evidence, base.hits, self.model, self.prompt, self.short, tuple(history)
        )
        with clock.step("load"):
            engine = self.parts.engine(self.model)
        writing = Writing(self.parts, engine, brief, clock)
        packed = writing.pack()
        kept = list(writing.checked(packed, on_sentence))
        base = replace(base, prompt_version=self.prompt.version, usage=writing.usage)
        if writing.declined and not kept:
            return _refusal(base)
        if not any(sentence.citations for sentence in kept):
            # What the model wrote is not in the sources; what they say themselves still is.
            return _of(base, [*kept, quoted(packed.evidence[0])], on_sentence, told=len(kept))
        return _of(base, kept, on_sentence, told=len(kept))


def quoted(evidence: Evidence) -> Sentence:
    """Evidence as a sentence of the answer: its own words, on one line."""
    text = " ".join(evidence.text.split())
    return Sentence(text, 1.0, (cite(evidence.hit, evidence.start, evidence.end),))


def _of(
    base: Answer, sentences_: Sequence[Sentence], on_sentence: OnSentence, told: int = 0
) -> Answer:
    for sentence in sentences_[told:]:
        on_sentence(sentence)
    text = " ".join(sentence.text for sentence in sentences_)
    return replace(base, answer=text, sentences=tuple(sentences_))


def _refusal(base: Answer) -> Answer:
    if base.hits:
        text = "The documents do not seem to answer this. The nearest passages are listed."
    else:
        text = "There is nothing in the documents about this."
    return replace(base, answer=text, refused=True)


__all__ = ["EXTRACTIVE", "Answer", "Answerer", "Citation", "Sentence", "quoted"]
