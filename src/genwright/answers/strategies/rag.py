"""Retrieval-augmented generation whose every sentence is checked.

::

    may the model write? ── no ──→ quotes, as ``extractive`` gives them
        │ yes
        ▼
    search → read → answerable? ── no ──→ refusal with the nearest passages
                        │ yes
                        ▼
      pack → chat model → each sentence: has it a source? → citation
                  ▲              │ less than half of them have
                  └── once more ─┤
                                 │ still less
                                 ▼
                               quotes

Nothing is taken from the model on trust: it words the answer, the sources decide what stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from genwright.answers.base import (
    EXTRACTIVE,
    AnswerSetup,
    Piece,
    Question,
    complete_answer,
    refuse,
    strategies,
)
from genwright.answers.findings import Findings, gather_findings
from genwright.answers.quotes.excerpts import SIZES
from genwright.answers.strategies.extractive import (
    ExtractiveStrategy,
    choose_size,
    limit_length,
)
from genwright.answers.tables.answering import answer_from_tables
from genwright.answers.writing import AnswerBrief, AnswerWriter, open_tools
from genwright.grounding.citations import Sentence, join_sentences

SCANT = 0.4
"""A written answer of less than this share of what would be quoted leaves much out."""


@strategies.register("rag")
class RagStrategy:
    """A model words what the passages say, where it is able to.

    Lewis et al. 2020, arXiv:2005.11401, with a check of each sentence against the passages.
    """

    writer: ClassVar[type[AnswerWriter]] = AnswerWriter

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        if not self._may_write(question):
            quoting = ExtractiveStrategy(replace(self._setup, model=EXTRACTIVE))
            yield from quoting.stream(question)
            return
        findings = gather_findings(self._setup, question)
        told = answer_from_tables(self._setup, question, findings.hits)
        if told and told.is_computed:  # which no model is better at, and no check could confirm
            yield from told.sentences
            yield complete_answer(replace(findings.base, model=EXTRACTIVE), told.sentences)
        elif not (findings.is_answerable or (findings.is_open and self._may_judge())):
            yield refuse(findings.base)
        elif question.cancel.is_set():
            yield findings.base
        else:
            yield from self._write(question, findings)

    def _may_write(self, question: Question) -> bool:
        """Whether the model is asked: as the settings say, or if it is able to write answers."""
        runtime, model = self._setup.runtime, self._setup.model
        wording = runtime.settings.answer.wording
        if wording != "auto":
            return wording == "model"
        if (known := runtime.models.examinations.find(model)) is not None:
            return known.able
        with (
            question.timer.measure_step("examine"),
            runtime.tracing.start_span(f"examine {model}") as span,
        ):
            found = runtime.models.examinations.require(model, question.cancel)
            span.set_attribute("genwright.examined", found.right)
        return found.able

    def _may_judge(self) -> bool:
        """Whether the model may say itself that the passages do not tell."""
        known = self._setup.runtime.models.examinations.find(self._setup.model)
        return known is not None and known.able

    def _write(self, question: Question, findings: Findings) -> Iterator[Piece]:
        prompt = self._setup.prompt
        tools = open_tools(self._setup, question.timer)
        quoting = ExtractiveStrategy(self._setup)
        brief = AnswerBrief(question, findings, prompt, quoting.choose(question, findings))
        writer = self.writer(tools, brief)
        packed = writer.pack()
        kept = []
        for sentence in writer.write(packed):
            kept.append(sentence)
            yield sentence
        base = replace(findings.base, prompt_version=prompt.version, usage=writer.usage)
        if not kept and (writer.declined or not findings.is_answerable):
            yield refuse(base)
            return
        if findings.is_answerable and not question.cancel.is_set():
            quoted = quoting.quote(question, findings)
            if writer.falls_short or not any(sentence.citations for sentence in kept):
                # What the model wrote is not in the sources; what they say themselves still is.
                more: Sequence[Sentence] = quoted
            else:
                more = add_details(question, kept, quoted)
            kept += more
            yield from more
        yield complete_answer(base, kept)


def add_details(
    question: Question, written: Sequence[Sentence], quoted: Sequence[Sentence]
) -> Sequence[Sentence]:
    """What is quoted below a written answer that says far less than its sources do.

    A small model tends to give one sentence where an explanation, steps or a list were wanted. Of a
    fact one sentence is what was wanted.

    Args:
        question: What is wanted.
        written: The answer so far.
        quoted: What would be quoted instead.
    """
    size = choose_size(question)
    told, there = (len(join_sentences(each)) for each in (written, quoted))
    if size is SIZES["fact"] or told >= SCANT * there:
        return []
    return [*limit_length([*written, *quoted], size.shown)[len(written) :]]
