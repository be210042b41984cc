"""A model words the answer; each of its sentences is checked before it counts."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Event

from genwright.answers.fencing import fence_text
from genwright.answers.packing import PromptContext, pack_excerpts, pack_passages
from genwright.answers.strategies.short import build_short_schema, parse_choice
from genwright.documents import split_sentences
from genwright.engines import ChatMessage, ChatRequest, Delta, Engine, Sampling, TokenUsage
from genwright.errors import UsageError
from genwright.grounding import words
from genwright.grounding.calibration import load_calibration
from genwright.grounding.citations import Sentence, cite
from genwright.grounding.evidence import Evidence
from genwright.grounding.support import SupportCheck
from genwright.monitoring.step_timer import StepTimer
from genwright.prompts import Prompt
from genwright.retrieval import Hit, measure_rarity
from genwright.runtime import Runtime
from genwright.types import Json

TO_THE_POINT = 0.5
"""A sentence must rest on evidence at least so likely to answer, relative to the best."""
SPARE_TOKENS = 64
"""Room for what a chat template adds."""
LEAST_TOKENS = 32
"""Room without which there is no sense in asking a model."""
SMALL_MODEL_BYTES = 1_000_000_000
"""Below this size of its file a model gets excerpts and not whole passages."""

MOST_WEIGHED = 200
"""Words of a text whose rarity is looked up; further ones count 1. A page may be pasted."""

_DECLINES = re.compile(
    r"\bi (do not|don't|cannot|can't) (know|answer|find|tell)\b|\bi('m| am) (not sure|unable)\b"
)
_OF_SOURCES = re.compile(r"\b(passages?|context|texts?|documents?|information|question)\b")
_TELLS_NOT = re.compile(
    r"\b(not|no|cannot|\w+n't)\b.*\b(answer|mention|provide|contain|specif|state|say|information)"
)

OnSentence = Callable[[Sentence], None]


def ignore_sentence(sentence: Sentence) -> None:
    """Nobody reads along."""


@dataclass(frozen=True)
class AnswerBrief:
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
    history: Sequence[ChatMessage] = ()
    """Earlier turns."""


def look_up_rarity(runtime: Runtime, text: str) -> dict[str, float]:
    """Inverse document frequency of a text's stems in the workspace."""
    with runtime.database.read(runtime.principal) as session:
        known = measure_rarity(session, [*dict.fromkeys(words.split_tokens(text))][:MOST_WEIGHED])
    return {words.stem(word): value for word, value in known.items()}


class AnswerWriter:
    """One answer being written, each sentence checked as it comes.

    Args:
        runtime: Embedder, traces and rights.
        engine: The chat model.
        brief: What is asked for.
        clock: Counts ``generate`` and ``check``.
        cancel: Set by whoever no longer waits.
    """

    def __init__(
        self,
        runtime: Runtime,
        engine: Engine,
        brief: AnswerBrief,
        clock: StepTimer,
        cancel: Event,
    ) -> None:
        self._runtime, self._engine, self._brief, self._clock = runtime, engine, brief, clock
        self._cancel = cancel
        self._settings = runtime.settings.answer
        self.usage = TokenUsage()
        self.declined = False
        """Whether the model said that it does not know."""

    def pack(self) -> PromptContext:
        """What the model reads.

        Raises:
            UsageError: The question leaves no room for anything else.
        """
        engine, settings = self._engine, self._settings
        fixed = self._count_prompt_tokens(())
        fence = self._count_prompt_tokens(("x",)) - fixed
        room = engine.context - settings.max_tokens - fixed - SPARE_TOKENS
        least = fence + LEAST_TOKENS
        if room < least:
            raise UsageError(
                f"Prompt and question have {fixed} tokens; a context of {engine.context} less "
                f"{settings.max_tokens} for the answer leaves no room for passages. Shorten the "
                "question, raise engine.context or lower answer.max_tokens."
            )
        speed = engine.measure_prefill_speed()
        if speed is not None:
            room = min(room, max(int(speed * settings.prefill_seconds), least))
        few = settings.context == "excerpts" or (settings.context == "auto" and self._is_small())
        pack = pack_excerpts if few or self._brief.short else pack_passages
        return pack(
            self._brief.evidence,
            room,
            lambda texts: [n + fence for n in engine.count_tokens([fence_text(t) for t in texts])],
        )

    def _count_prompt_tokens(self, texts: tuple[str, ...]) -> int:
        """Tokens of the prompt with these texts."""
        messages = self._build_messages(PromptContext(texts, ()))
        return sum(self._engine.count_tokens([message.content for message in messages]))

    def check_sentences(
        self,
        packed: PromptContext,
        on_sentence: OnSentence,
    ) -> Iterator[Sentence]:
        """The sentences that stay, as they come."""
        brief = self._brief
        check = SupportCheck(
            brief.question, brief.hits, self._runtime.models.embedder, load_calibration().support
        )
        said: set[tuple[str, ...]] = set()
        for text in self._stream_sentences(packed):
            stems = words.extract_content(text)
            if not stems or stems in said:
                continue
            said.add(stems)
            with self._clock.measure_step("check"):
                sentence = self._judge(text, packed, check)
            if sentence is None:
                continue
            if not sentence.citations and _is_refusal(text):
                self.declined = True
            elif sentence.citations or self._settings.keep_unsupported:
                on_sentence(sentence)
                yield sentence

    def _judge(self, text: str, packed: PromptContext, check: SupportCheck) -> Sentence | None:
        """The sentence with its support; None where it is true and beside the point."""
        if self._brief.short:
            return _locate_sentence(text, packed)
        best = check.find_best(text, look_up_rarity(self._runtime, text))
        if best is None or best.probability < self._settings.min_support:
            return Sentence(text, best.probability if best else 0.0)
        span = best.span
        near = [
            each
            for each in self._brief.evidence
            if _is_overlapping(each, span.hit, span.start, span.end)
        ]
        if not near or near[0].score < TO_THE_POINT * self._brief.evidence[0].score:
            return None
        start, end = span.start, span.end
        if near[0].hit.passage == span.hit.passage:
            start, end = min(start, near[0].start), max(end, near[0].end)
        return Sentence(text, best.probability, (cite(span.hit, start, end),))

    def _stream_sentences(self, packed: PromptContext) -> Iterator[str]:
        """What the model writes, sentence by sentence; one that was cut short is left out."""
        if self._brief.short:
            schema = build_short_schema(
                self._brief.question, [each.text for each in packed.evidence]
            )
            if schema["enum"]:
                reply = "".join(delta.text for delta in self._stream_deltas(packed, schema))
                yield parse_choice(reply)
            return
        text, taken, finish = "", 0, ""
        for delta in self._stream_deltas(packed):
            text += delta.text
            finish = delta.finish_reason or finish
            whole = split_sentences(text[taken:])
            for start, end in whole[:-1]:
                yield text[taken + start : taken + end]
            if len(whole) > 1:
                taken += whole[-1][0]
        rest = text[taken:].strip()
        if rest and (finish != "length" or not taken):
            yield rest

    def _stream_deltas(self, packed: PromptContext, schema: Json | None = None) -> Iterator[Delta]:
        model, settings = self._brief.model, self._settings
        request = ChatRequest(
            tuple(self._build_messages(packed)),
            Sampling(settings.max_tokens, temperature=settings.temperature, seed=settings.seed),
            json_schema=schema,
        )
        told = [
            {"role": each.role, "parts": [{"type": "text", "content": each.content}]}
            for each in request.messages
        ]
        attributes: dict[str, str | int | float | bool] = {
            "gen_ai.input.messages": json.dumps(told, ensure_ascii=False),
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": model,
            "gen_ai.response.model": self._engine.name,  # an alias may move later
            "gen_ai.request.max_tokens": settings.max_tokens,
            "gen_ai.request.temperature": settings.temperature,
        }
        with self._runtime.tracing.start_span(f"chat {model}", attributes) as span:
            stream = self._engine.chat(request, self._cancel)
            while True:
                with self._clock.measure_step("generate"):
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

    def _build_messages(self, packed: PromptContext) -> list[ChatMessage]:
        prompt = self._brief.prompt
        system, user = prompt.render(
            question=self._brief.question,
            passages=[fence_text(text) for text in packed.texts],
            today=date.today().isoformat(),
        )
        shots = [
            message
            for asked, replied in (*prompt.shots, *self._pick_examples(prompt))
            for message in (ChatMessage("user", asked), ChatMessage("assistant", replied))
        ]
        return [
            ChatMessage("system", system),
            *shots,
            *self._brief.history,
            ChatMessage("user", user),
        ]

    def _pick_examples(self, prompt: Prompt) -> list[tuple[str, str]]:
        """Examples that are picked for this question."""
        if prompt.examples is None:
            return []
        picker = self._runtime.models.get_picker(prompt)
        shots = picker.pick(self._brief.question, prompt.examples.k)
        return [(shot.user, shot.assistant) for shot in shots]

    def _is_small(self) -> bool:
        size = self._runtime.models.measure_size(self._brief.model)
        return size is not None and size < SMALL_MODEL_BYTES


def _locate_sentence(text: str, packed: PromptContext) -> Sentence:
    """A short answer, on one line, with the evidence whose words it is."""
    for each in packed.evidence:
        if text and text in each.text:
            citation = cite(each.hit, each.start, each.end)
            return Sentence(" ".join(text.split()), 1.0, (citation,))
    return Sentence(text, 0.0)


def _is_overlapping(evidence: Evidence, hit: Hit, start: int, end: int) -> bool:
    return evidence.hit.document == hit.document and evidence.start < end and start < evidence.end


def _is_refusal(text: str) -> bool:
    """Whether a sentence only says that the passages do not tell."""
    lower = text.lower().replace("\u2019", "'")
    return bool(_DECLINES.search(lower) or (_OF_SOURCES.search(lower) and _TELLS_NOT.search(lower)))
