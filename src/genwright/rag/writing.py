# ruff: noqa: RUF001 - the apostrophes people type are part of its subject
"""A model words the answer; each of its sentences is checked before it counts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from genwright.documents import sentences
from genwright.engines import ChatRequest, Delta, Engine, Message, Sampling, Usage
from genwright.prompts import Prompt
from genwright.rag import words
from genwright.rag.calibration import calibration
from genwright.rag.citations import Sentence, cite
from genwright.rag.clock import Clock
from genwright.rag.evidence import Evidence
from genwright.rag.packing import Packed, pack_excerpts, pack_passages
from genwright.rag.parts import Parts
from genwright.rag.short import short_schema
from genwright.rag.support import SupportCheck
from genwright.retrieval import Hit, rarity

TO_THE_POINT = 0.15
"""A sentence must rest on evidence at least so likely to answer, relative to the best."""
SPARE_TOKENS = 64
"""Room for what a chat template adds."""
SMALL_MODEL_BYTES = 1_000_000_000
"""Below this size of its file a model gets excerpts and not whole passages."""

OnSentence = Callable[[Sentence], None]


def unheard(sentence: Sentence) -> None:
    """Nobody reads along."""


@dataclass(frozen=True)
class Brief:
    """What is to be written."""

    question: str
    evidence: Sequence[Evidence]
    """Best first, not empty."""
    hits: Sequence[Hit]
    """The passages that sentences are checked against."""
    model: str
    prompt: Prompt
    short: bool
    """A few words of the source instead of sentences."""
    history: Sequence[Message] = ()
    """Earlier turns."""


def rarity_of(parts: Parts, text: str) -> dict[str, float]:
    """Inverse document frequency of a text's stems in the workspace."""
    with parts.workspace.database.read(parts.principal) as session:
        known = rarity(session, words.tokens(text))
    return {words.stem(word): value for word, value in known.items()}


class Writing:
    """One answer being written, each sentence checked as it comes.

    Args:
        parts: Embedder, traces and rights.
        engine: The chat model.
        brief: What is asked for.
        clock: Counts ``generate`` and ``check``.
    """

    def __init__(
        self,
        parts: Parts,
        engine: Engine,
        brief: Brief,
        clock: Clock,
    ) -> None:
        self._parts, self._engine, self._brief, self._clock = parts, engine, brief, clock
        self._settings = parts.workspace.settings.answer
        self.usage = Usage()
        self.declined = False
        """Whether the model said that it does not know."""

    def pack(self) -> Packed:
        """What the model reads."""
        empty = self._messages(Packed((), ()))
        fixed = sum(self._engine.count_tokens([message.content for message in empty]))
        room = self._engine.context - self._settings.max_tokens - fixed - SPARE_TOKENS
        speed = self._engine.prefill_speed()
        if speed is not None:
            room = min(room, int(speed * self._settings.prefill_seconds))
        few = self._settings.context == "excerpts" or (
            self._settings.context == "auto" and self._small()
        )
        pack = pack_excerpts if few or self._brief.short else pack_passages
        return pack(self._brief.evidence, max(room, 1), self._engine.count_tokens)

    def checked(
        self,
        packed: Packed,
        on_sentence: OnSentence,
    ) -> Iterator[Sentence]:
        """The sentences that stay, as they come."""
        check = SupportCheck(self._brief.hits, self._parts.embedder, calibration().support)
        said: set[tuple[str, ...]] = set()
        for text in self._sentences(packed):
            if _declines(text):
                self.declined = True
                continue
            stems = words.content(text)
            if not stems or stems in said:
                continue
            said.add(stems)
            with self._clock.step("check"):
                sentence = self._judge(text, packed, check)
            if sentence.citations or self._settings.keep_unsupported:
                on_sentence(sentence)
                yield sentence

    def _judge(self, text: str, packed: Packed, check: SupportCheck) -> Sentence:
        if self._brief.short:
            return _located(text, packed)
        best = check.best(text, rarity_of(self._parts, text))
        if best is None or best.probability < self._settings.min_support:
            return Sentence(text, best.probability if best else 0.0)
        span = best.span
        near = [
            each for each in self._brief.evidence if _touches(each, span.hit, span.start, span.end)
        ]
        if not near or near[0].score < TO_THE_POINT * self._brief.evidence[0].score:
            return Sentence(text, best.probability)
        start, end = span.start, span.end
        if near[0].hit.passage == span.hit.passage:
            start, end = min(start, near[0].start), max(end, near[0].end)
        return Sentence(text, best.probability, (cite(span.hit, start, end),))

    def _sentences(self, packed: Packed) -> Iterator[str]:
        """What the model writes, sentence by sentence; one that was cut short is left out."""
        text, taken = "", 0
        for delta in self._deltas(packed):
            text += delta.text
            whole = sentences(text[taken:])
            for start, end in whole[:-1]:
                yield text[taken + start : taken + end]
            if len(whole) > 1:
                taken += whole[-1][0]
            if delta.finish_reason and (rest := text[taken:].strip()):
                if delta.finish_reason != "length" or not taken:
                    yield rest.strip('"') if self._brief.short else rest

    def _deltas(self, packed: Packed) -> Iterator[Delta]:
        model, settings = self._brief.model, self._settings
        request = ChatRequest(
            tuple(self._messages(packed)),
            Sampling(settings.max_tokens, temperature=settings.temperature, seed=settings.seed),
            json_schema=short_schema(self._brief.question, [each.text for each in packed.evidence])
            if self._brief.short
            else None,
        )
        attributes: dict[str, str | int | float | bool] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": model,
            "gen_ai.request.max_tokens": settings.max_tokens,
            "gen_ai.request.temperature": settings.temperature,
        }
        with self._parts.tracing.span(f"chat {model}", attributes) as span:
            stream = self._engine.chat(request)
            while True:
                with self._clock.step("generate"):
                    delta = next(stream, None)
                if delta is None:
                    break
                if delta.usage:
                    self.usage = delta.usage
                    span.set_attribute("gen_ai.usage.input_tokens", delta.usage.prompt_tokens)
                    span.set_attribute("gen_ai.usage.output_tokens", delta.usage.completion_tokens)
                    span.set_attribute(
                        "gen_ai.response.finish_reasons", [delta.finish_reason or "stop"]
                    )
                yield delta

    def _messages(self, packed: Packed) -> list[Message]:
        prompt = self._brief.prompt
        system, user = prompt.render(
            question=self._brief.question, passages=packed.texts, today=date.today().isoformat()
        )
        shots = [
            message
            for asked, replied in prompt.shots
            for message in (Message("user", asked), Message("assistant", replied))
        ]
        return [Message("system", system), *shots, *self._brief.history, Message("user", user)]

    def _small(self) -> bool:
        catalog = self._parts.catalog
        if "/" in self._brief.model or self._brief.model == "scripted":
            return False
        return catalog.path(self._brief.model).stat().st_size < SMALL_MODEL_BYTES


def _located(text: str, packed: Packed) -> Sentence:
    """A short answer with the evidence whose words it is."""
    for each in packed.evidence:
        if text in each.text:
            return Sentence(text, 1.0, (cite(each.hit, each.start, each.end),))
    return Sentence(text, 0.0)


def _touches(evidence: Evidence, hit: Hit, start: int, end: int) -> bool:
    return evidence.hit.document == hit.document and evidence.start < end and start < evidence.end


def _declines(text: str) -> bool:
    """Whether a sentence only says that the passages do not tell."""
    lower = text.lower().replace("’", "'")
    return len(lower) < 160 and any(
        phrase in lower
        for phrase in (
            "i don't know",
            "i do not know",
            "do not answer",
            "don't answer",
            "not mentioned in the",
            "does not provide",
            "do not provide",
        )
    )
