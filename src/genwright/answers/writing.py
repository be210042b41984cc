"""A model words the answer; each of its sentences is checked before it counts."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from genwright.answers.base import AnswerSetup, Question
from genwright.answers.fencing import fence_text
from genwright.answers.findings import Findings
from genwright.answers.packing import PromptContext, pack_excerpts, pack_passages
from genwright.documents import split_sentences
from genwright.embeddings import Embedder
from genwright.engines import ChatMessage, ChatRequest, Delta, Engine, Sampling, TokenUsage
from genwright.errors import UsageError
from genwright.grounding import words
from genwright.grounding.calibration import load_calibration
from genwright.grounding.citations import Sentence, cite
from genwright.grounding.evidence import Evidence
from genwright.grounding.support import SupportCheck
from genwright.monitoring import Tracing
from genwright.monitoring.step_timer import StepTimer
from genwright.prompts import Prompt
from genwright.retrieval import Hit
from genwright.settings import AnswerSettings
from genwright.types import Json

TO_THE_POINT = 0.5
"""A sentence must rest on evidence at least so likely to answer, relative to the best."""
SPARE_TOKENS = 64
"""Room for what a chat template adds."""
LEAST_TOKENS = 32
"""Room without which there is no sense in asking a model."""
SMALL_MODEL_BYTES = 1_000_000_000
"""Below this size of its file a model gets excerpts and not whole passages."""

_DECLINES = re.compile(
    r"\bi (do not|don't|cannot|can't) (know|answer|find|tell)\b|\bi('m| am) (not sure|unable)\b"
)
_OF_SOURCES = re.compile(r"\b(passages?|context|texts?|documents?|information|question)\b")
_TELLS_NOT = re.compile(
    r"\b(not|no|cannot|\w+n't)\b.*\b(answer|mention|provide|contain|specif|state|say|information)"
)


@dataclass(frozen=True)
class AnswerBrief:
    """What is to be written."""

    question: Question
    findings: Findings
    """With evidence."""
    prompt: Prompt

    @property
    def evidence(self) -> Sequence[Evidence]:
        """Best first, not empty."""
        return self.findings.evidence


@dataclass(frozen=True)
class WritingTools:
    """What an answer is written with."""

    engine: Engine
    """The chat model."""
    model: str
    """Its name."""
    is_small: bool
    """Whether it loses its way between passages: it gets excerpts."""
    embedder: Embedder
    tracing: Tracing
    settings: AnswerSettings
    pick_shots: Callable[[Prompt, str], Sequence[tuple[str, str]]]
    """Examples of a prompt that fit a question: what is asked, what is replied."""


def open_tools(setup: AnswerSetup, timer: StepTimer) -> WritingTools:
    """What a setup writes with; its model is loaded where it is not.

    Raises:
        NotFound: The model is not pulled.
        EngineFailed: It does not load.
    """
    runtime = setup.runtime
    with timer.measure_step("load"):
        engine = runtime.models.get_engine(setup.model)
    size = runtime.models.measure_size(setup.model)
    return WritingTools(
        engine,
        setup.model,
        size is not None and size < SMALL_MODEL_BYTES,
        runtime.models.embedder,
        runtime.tracing,
        runtime.settings.answer,
        runtime.models.pick_shots,
    )


class AnswerWriter:
    """One answer being written, each sentence checked as it comes.

    Args:
        tools: What it is written with.
        brief: What is asked for.
    """

    def __init__(self, tools: WritingTools, brief: AnswerBrief) -> None:
        self._tools, self._brief, self._settings = tools, brief, tools.settings
        self.usage = TokenUsage()
        self.declined = False
        """Whether the model said that it does not know."""

    def pack(self) -> PromptContext:
        """What the model reads.

        Raises:
            UsageError: The question leaves no room for anything else.
        """
        engine, settings = self._tools.engine, self._settings
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
        pack = pack_excerpts if self._wants_excerpts() else pack_passages
        return pack(
            self._brief.evidence,
            room,
            lambda texts: [n + fence for n in engine.count_tokens([fence_text(t) for t in texts])],
        )

    def _count_prompt_tokens(self, texts: tuple[str, ...]) -> int:
        """Tokens of the prompt with these texts."""
        messages = self._build_messages(PromptContext(texts, ()))
        return sum(self._tools.engine.count_tokens([message.content for message in messages]))

    def check_sentences(self, packed: PromptContext) -> Iterator[Sentence]:
        """The sentences that stay, as they come."""
        findings, timer = self._brief.findings, self._brief.question.timer
        findings.rarity.load(packed.texts)
        check = SupportCheck(
            self._brief.question.text,
            findings.hits,
            self._tools.embedder,
            load_calibration().support,
        )
        said: set[tuple[str, ...]] = set()
        for text in self._stream_texts(packed):
            stems = words.extract_content(text)
            if not stems or stems in said:
                continue
            said.add(stems)
            with timer.measure_step("check"):
                sentence = self._judge(text, packed, check)
            if sentence is None:
                continue
            if not sentence.citations and _is_refusal(text):
                self.declined = True
            elif sentence.citations or self._settings.keep_unsupported:
                yield sentence

    def _wants_excerpts(self) -> bool:
        """Whether the model gets excerpts, and not whole passages."""
        context = self._settings.context
        return context == "excerpts" or (context == "auto" and self._tools.is_small)

    def _judge(self, text: str, packed: PromptContext, check: SupportCheck) -> Sentence | None:
        """The sentence with its support; None where it is true and beside the point."""
        best = check.find_best(text, self._brief.findings.rarity.look_up(text))
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

    def _stream_texts(self, packed: PromptContext) -> Iterator[str]:
        """What the model writes, sentence by sentence; one that was cut short is left out."""
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
        model, settings = self._tools.model, self._settings
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
            "gen_ai.response.model": self._tools.engine.name,  # an alias may move later
            "gen_ai.request.max_tokens": settings.max_tokens,
            "gen_ai.request.temperature": settings.temperature,
        }
        with self._tools.tracing.start_span(f"chat {model}", attributes) as span:
            stream = self._tools.engine.chat(request, self._brief.question.cancel)
            while True:
                with self._brief.question.timer.measure_step("generate"):
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
        prompt, question = self._brief.prompt, self._brief.question
        system, user = prompt.render(
            question=question.text,
            passages=[fence_text(text) for text in packed.texts],
            today=date.today().isoformat(),
        )
        picked = self._tools.pick_shots(prompt, question.text)
        shots = [
            message
            for asked, replied in (*prompt.shots, *picked)
            for message in (ChatMessage("user", asked), ChatMessage("assistant", replied))
        ]
        history = question.history
        return [ChatMessage("system", system), *shots, *history, ChatMessage("user", user)]


def _is_overlapping(evidence: Evidence, hit: Hit, start: int, end: int) -> bool:
    return evidence.hit.document == hit.document and evidence.start < end and start < evidence.end


def _is_refusal(text: str) -> bool:
    """Whether a sentence only says that the passages do not tell."""
    lower = text.lower().replace("\u2019", "'")
    return bool(_DECLINES.search(lower) or (_OF_SOURCES.search(lower) and _TELLS_NOT.search(lower)))
