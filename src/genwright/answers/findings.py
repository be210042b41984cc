"""The first half of an answer: passages that fit the question, and the evidence in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from genwright.answers.base import AnswerSetup, Question
from genwright.answers.rarity import RarityTable
from genwright.grounding.calibration import load_calibration
from genwright.grounding.citations import Answer
from genwright.grounding.evidence import Evidence, estimate_answerability, find_evidence
from genwright.library.search import find_passages
from genwright.retrieval import Hit


@dataclass(frozen=True)
class Findings:
    """What the documents have to a question."""

    base: Answer
    """The answer as far as it is known: passages found, and how likely they answer."""
    evidence: Sequence[Evidence]
    """Best first."""
    rarity: RarityTable
    is_answerable: bool
    """Whether the evidence is likely enough to answer, by ``answer.min_answerable``."""

    @property
    def hits(self) -> Sequence[Hit]:
        """The passages."""
        return self.base.hits


def gather_findings(setup: AnswerSetup, question: Question) -> Findings:
    """Search, and say which sentences of what was found answer the question, and whether any does.

    Raises:
        NotFound: The scope names a collection that is not there.
    """
    runtime, calibration = setup.runtime, load_calibration()
    rarity = RarityTable(runtime.database, runtime.principal)
    hits = _search(setup, question)
    rare = rarity.look_up(question.text)
    with question.timer.measure_step("evidence"), runtime.tracing.start_span("evidence"):
        embedder = runtime.models.embedder
        evidence = find_evidence(question.text, hits, embedder, rare, calibration.evidence)
        chance = estimate_answerability(question.text, evidence, rare, calibration.answerable)
    base = Answer("", False, (), tuple(hits), setup.model, "", chance)
    likely = bool(evidence) and chance >= runtime.settings.answer.min_answerable
    return Findings(base, evidence, rarity, likely)


def _search(setup: AnswerSetup, question: Question) -> list[Hit]:
    attributes = {"gen_ai.operation.name": "retrieval"}
    with (
        question.timer.measure_step("search"),
        setup.runtime.tracing.start_span("retrieval", attributes) as span,
    ):
        hits = find_passages(setup.runtime, question.text, k=question.k, scope=question.scope)
        span.set_attribute("genwright.hits", len(hits))
        # By number: who may read them sees their words, and forgetting one finds its traces.
        span.set_attribute("genwright.passages", [hit.passage for hit in hits])
        span.set_attribute("genwright.scores", [hit.score for hit in hits])
        span.set_attribute("genwright.documents", sorted({hit.document for hit in hits}))
        return hits
