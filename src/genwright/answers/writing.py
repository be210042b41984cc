"""A model words the answer; each of its sentences is checked before it counts."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from genwright.answers.base import AnswerSetup, Question
from genwright.answers.fencing import fence_text
from genwright.answers.findings import Findings
from genwright.answers.layout import ListNumbers, WrittenUnit, split_written
from genwright.answers.packing import (
    PromptContext,
    order_passages,
    pack_excerpts,
    pack_passages,
    pack_quotable,
)
from genwright.answers.quotes.excerpts import Excerpt
from genwright.embeddings import Embedder
from genwright.engines import ChatMessage, ChatRequest, Delta, Engine, Sampling, TokenUsage
from genwright.errors import UsageError
from genwright.grounding import words
from genwright.grounding.calibration import load_calibration
from genwright.grounding.citations import Citation, Sentence, cite
from genwright.grounding.evidence import Evidence
from genwright.grounding.reading import PairReader
from genwright.grounding.support import Support, SupportCheck
from genwright.languages import detect_language
from genwright.models.replies import says_not_known
from genwright.monitoring import Tracing
from genwright.monitoring.step_timer import StepTimer
from genwright.prompts import Prompt
from genwright.retrieval import Hit
from genwright.settings import AnswerSettings
from genwright.types import Json

SPARE_TOKENS = 64
"""Room for what a chat template adds."""
LEAST_TOKENS = 32
"""Room without which there is no sense in asking a model."""
ENOUGH_SUPPORTED = 0.5
"""Where less of what was said has a source, the model is asked once more."""
SURE_OF_KIND = 0.5
"""Probability of a kind of request from which on the model is told how such answers look."""
LEAST_WORDS = 4
"""A question of fewer words does not tell its language."""
AGAIN = """\
No passage says this:
{unsupported}

Answer the question again{language}, only with what the passages say and close to their words. \
If they do not answer it, say only: I don't know."""
LANGUAGES = {
    "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "pl": "Polish", "ru": "Russian", "tr": "Turkish", "ar": "Arabic",
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "hi": "Hindi", "en": "",
}  # fmt: skip
"""Names of the languages that a model is told to answer in; English is where none is named."""


@dataclass(frozen=True)
class AnswerBrief:
    """What is to be written."""

    question: Question
    findings: Findings
    """With evidence."""
    prompt: Prompt
    excerpts: Sequence[Excerpt] = ()
    """What would be quoted instead, best first."""

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
    is_able: bool
    """Whether it can write from whole passages; else it loses its way between them."""
    embedder: Embedder
    tracing: Tracing
    settings: AnswerSettings
    pick_shots: Callable[[Prompt, str], Sequence[tuple[str, str]]]
    """Examples of a prompt that fit a question: what is asked, what is replied."""
    pairs: PairReader | None = None
    """Checks by meaning; None checks by wording."""


def open_tools(setup: AnswerSetup, timer: StepTimer) -> WritingTools:
    """What a setup writes with; its model is loaded where it is not.

    Raises:
        NotFound: The model is not pulled.
        EngineFailed: It does not load.
    """
    runtime = setup.runtime
    with timer.measure_step("load"):
        engine = runtime.models.get_engine(setup.model)
    known = runtime.models.examinations.find(setup.model)
    return WritingTools(
        engine,
        setup.model,
        known is None or known.able,
        runtime.models.embedder,
        runtime.tracing,
        runtime.settings.answer,
        runtime.models.pick_shots,
        runtime.models.reader.pairs,
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
        self._said: dict[tuple[str, ...], Sentence | None] = {}
        self._numbers = ListNumbers()
        self._supported = 0
        self._unsupported: list[Sentence] = []

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
        read = room if speed is None else int(speed * settings.prefill_seconds)
        soon = min(room, max(read, least))

        def count(texts: Sequence[str]) -> list[int]:
            return [n + fence for n in engine.count_tokens([fence_text(t) for t in texts])]

        if self._wants_excerpts():
            return pack_excerpts(self._brief.evidence, soon, count)
        ordered, excerpts = order_passages(self._brief.findings), self._brief.excerpts
        whole = pack_passages(ordered, soon, count)
        if whole.is_scarce and excerpts:
            return pack_quotable(excerpts, ordered, room, soon, count)
        return whole

    def _count_prompt_tokens(self, texts: tuple[str, ...]) -> int:
        """Tokens of the prompt with these texts."""
        messages = self._build_messages(PromptContext(texts, ()))
        return sum(self._tools.engine.count_tokens([message.content for message in messages]))

    def write(self, packed: PromptContext) -> Iterator[Sentence]:
        """The sentences that stay: those with a source as they come, then what is kept without.

        Where too little has a source, the model is told so and asked once more.
        """
        findings = self._brief.findings
        findings.rarity.load(packed.texts)
        check = SupportCheck(
            self._brief.question.text,
            findings.hits,
            self._tools.embedder,
            load_calibration().support,
            self._tools.pairs,
        )
        reply: list[str] = []
        yield from self._check(self._stream_units(packed, (), reply), packed, check)
        if self.falls_short and (more := self._ask_again(packed, "".join(reply))):
            self._unsupported.clear()
            yield from self._check(self._stream_units(packed, more, []), packed, check)
            self.declined = False  # told that it erred, it gives up: that says nothing of passages
        if self._settings.keep_unsupported:
            yield from self._unsupported

    def _check(
        self, units: Iterator[WrittenUnit], packed: PromptContext, check: SupportCheck
    ) -> Iterator[Sentence]:
        """Those of the units that have a source; the others are noted."""
        lead = ""
        for unit in units:
            stems = tuple(words.extract_content(unit.claim))
            if not stems or stems in self._said:
                again = self._said.get(stems)
                if again is not None and again not in self._unsupported:
                    self._unsupported.append(again)
                continue
            self._said[stems] = None
            lead = "" if unit.form == "prose" else lead
            with self._brief.question.timer.measure_step("check"):
                sentence = self._judge(unit, lead, packed, check)
            text = self._numbers.place(unit, bool(sentence.citations))
            if sentence.citations:
                self._supported += 1
                yield replace(sentence, text=text)
            elif says_not_known(unit.text):
                self.declined = True
            elif not unit.is_introduction:
                self._said[stems] = sentence
                self._unsupported.append(sentence)
            if unit.is_introduction or (unit.form == "row" and not lead):
                lead = unit.claim

    @property
    def falls_short(self) -> bool:
        """Whether so little of what the model said last has a source that it is no answer."""
        said = self._supported + len(self._unsupported)
        gave_up = self.declined and not self._supported
        few = self._supported < ENOUGH_SUPPORTED * said
        return few and not gave_up and not self._brief.question.cancel.is_set()

    def _ask_again(self, packed: PromptContext, reply: str) -> tuple[ChatMessage, ...]:
        """What is said to the model after its reply; nothing where there is no room for it."""
        language = self._name_language()
        told = AGAIN.format(
            unsupported="\n".join(f"- {' '.join(each.text.split())}" for each in self._unsupported),
            language=f" in {language}" if language else "",
        )
        more = (ChatMessage("assistant", reply), ChatMessage("user", told))
        engine = self._tools.engine
        asked = [message.content for message in (*self._build_messages(packed), *more)]
        need = sum(engine.count_tokens(asked)) + self._settings.max_tokens + SPARE_TOKENS
        return more if need <= engine.context else ()

    def _name_language(self) -> str:
        """Of the question, where it is long enough to tell and not English."""
        text = self._brief.question.text
        if text.isascii() and len(text.split()) < LEAST_WORDS:
            return ""
        return LANGUAGES.get(detect_language(text, frozenset(LANGUAGES)), "")

    def _wants_excerpts(self) -> bool:
        """Whether the model gets excerpts, and not whole passages."""
        context = self._settings.context
        return context == "excerpts" or (context == "auto" and not self._tools.is_able)

    def _judge(
        self, unit: WrittenUnit, lead: str, packed: PromptContext, check: SupportCheck
    ) -> Sentence:
        """What was said, with its source where it has one.

        Args:
            unit: What was said.
            lead: What stands over the list or table that it is in; an item may need it.
            packed: What the model read.
            check: Finds sources.
        """
        if unit.form == "code" and (code := _find_code(unit.text, self._brief.findings.hits)):
            return Sentence(unit.text, 1.0, (code,), before=unit.before)
        best: Support | None = None
        least = self._settings.min_support
        for claim in (unit.claim, f"{lead} {unit.claim}") if lead else (unit.claim,):
            found = check.find_best(claim, self._brief.findings.rarity.look_up(claim), least)
            if found is not None and (best is None or best.probability < found.probability):
                best = found
            if best is not None and check.is_supported(best, least):
                cited = tuple(cite(each.hit, each.start, each.end) for each in best.spans)
                return Sentence(unit.text, best.probability, cited, before=unit.before)
        return Sentence(unit.text, best.probability if best else 0.0, before=unit.before)

    def _stream_units(
        self, packed: PromptContext, more: Sequence[ChatMessage], reply: list[str]
    ) -> Iterator[WrittenUnit]:
        """What the model writes, unit by unit; one that was cut short is left out.

        Args:
            packed: What it reads.
            more: Said after the question.
            reply: Gets the text as it comes.
        """
        text, taken, finish = "", 0, ""
        for delta in self._stream_deltas(packed, more=more):
            text += delta.text
            reply.append(delta.text)
            finish = delta.finish_reason or finish
            units = split_written(text[taken:])
            # A fence that has only begun may turn the line before it into a part of the code.
            open_ = 2 if units and units[-1].text.strip("`") == "" else 1
            yield from units[:-open_]
            if len(units) > open_:
                taken += units[-open_ - 1].end
        units = split_written(text[taken:])
        yield from units[:-1]
        if units and (finish != "length" or not (taken or units[:-1])):
            yield units[-1]

    def _stream_deltas(
        self,
        packed: PromptContext,
        schema: Json | None = None,
        more: Sequence[ChatMessage] = (),
    ) -> Iterator[Delta]:
        model, settings = self._tools.model, self._settings
        request = ChatRequest(
            (*self._build_messages(packed), *more),
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
                    self.usage = _add_usage(self.usage, delta.usage)
                    span.set_attribute("gen_ai.usage.input_tokens", delta.usage.prompt_tokens)
                    span.set_attribute("gen_ai.usage.output_tokens", delta.usage.completion_tokens)
                    span.set_attribute(
                        "gen_ai.response.finish_reasons", [delta.finish_reason or "stop"]
                    )
                yield delta

    def _build_messages(self, packed: PromptContext) -> list[ChatMessage]:
        prompt, question = self._brief.prompt, self._brief.question
        # Told to give steps where none are asked for, a model makes some up.
        sure = question.kinds.get(question.kind, 1.0) >= SURE_OF_KIND
        system, user = prompt.render(
            question=question.text,
            passages=[fence_text(text) for text in packed.texts],
            today=date.today().isoformat(),
            kind=question.kind if sure else "",
            language=self._name_language(),
        )
        picked = self._tools.pick_shots(prompt, question.text)
        shots = [
            message
            for asked, replied in (*prompt.shots, *picked)
            for message in (ChatMessage("user", asked), ChatMessage("assistant", replied))
        ]
        history = question.history
        return [ChatMessage("system", system), *shots, *history, ChatMessage("user", user)]


def _add_usage(one: TokenUsage, other: TokenUsage) -> TokenUsage:
    return TokenUsage(
        **{each.name: getattr(one, each.name) + getattr(other, each.name) for each in fields(one)}
    )


def _find_code(text: str, hits: Sequence[Hit]) -> Citation | None:
    """Where a block of code stands in a passage, line by line; None where it does not.

    Lines are compared without their indentation and the blanks within them.
    """
    lines = [line.strip() for line in text.splitlines()]
    fence = next((n for n, line in enumerate(lines) if line.startswith(("```", "~~~"))), -1)
    code = [line for line in lines[fence + 1 :] if line and not line.startswith(("```", "~~~"))]
    if not code:
        return None
    rule = re.compile(
        r"\s*\n\s*".join(r"[ \t]+".join(map(re.escape, line.split())) for line in code)
    )
    for hit in hits:
        if found := rule.search(hit.text):
            return cite(hit, hit.start + found.start(), hit.start + found.end())
    return None
