"""The best evidence, quoted: no model is asked."""

from collections.abc import Iterator

from genwright.answers.base import (
    AnswerSetup,
    Piece,
    Question,
    complete_answer,
    refuse,
    strategies,
)
from genwright.answers.findings import gather_findings
from genwright.answers.quoting import quote_evidence


@strategies.register("extractive")
class ExtractiveStrategy:
    """Quotes the sentence that answers best, in a fraction of the time that a model takes."""

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        findings = gather_findings(self._setup, question)
        if not findings.is_answerable:
            yield refuse(findings.base)
            return
        sentence = quote_evidence(findings.evidence[0])
        yield sentence
        yield complete_answer(findings.base, [sentence])
