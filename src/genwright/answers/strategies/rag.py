"""Retrieval-augmented generation whose every sentence is checked.

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

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from genwright.answers.base import (
    AnswerSetup,
    Piece,
    Question,
    complete_answer,
    refuse,
    strategies,
)
from genwright.answers.findings import Findings, gather_findings
from genwright.answers.quoting import quote_evidence
from genwright.answers.writing import AnswerBrief, AnswerWriter, open_tools


@strategies.register("rag")
class RagStrategy:
    """A model words what the evidence says.

    Lewis et al. 2020, arXiv:2005.11401, with a check of each sentence against the passages.
    """

    writer: ClassVar[type[AnswerWriter]] = AnswerWriter

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        findings = gather_findings(self._setup, question)
        if not findings.is_answerable:
            yield refuse(findings.base)
        elif question.cancel.is_set():
            yield findings.base
        else:
            yield from self._write(question, findings)

    def _write(self, question: Question, findings: Findings) -> Iterator[Piece]:
        prompt = self._setup.prompt
        tools = open_tools(self._setup, question.timer)
        writer = self.writer(tools, AnswerBrief(question, findings, prompt))
        packed = writer.pack()
        kept = []
        for sentence in writer.check_sentences(packed):
            kept.append(sentence)
            yield sentence
        base = replace(findings.base, prompt_version=prompt.version, usage=writer.usage)
        if writer.declined and not kept:
            yield refuse(base)
            return
        if not (question.cancel.is_set() or any(sentence.citations for sentence in kept)):
            # What the model wrote is not in the sources; what they say themselves still is.
            kept.append(quote_evidence(packed.evidence[0]))
            yield kept[-1]
        yield complete_answer(base, kept)
