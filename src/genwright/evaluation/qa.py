"""How well questions are answered from documents, and how far the citations can be trusted.

Whoever calls it brings the answerer, as a function; nothing here knows how it works. A refusal of
a question that has an answer counts as an empty answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genwright.documents import split_sentences
from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_mean, bootstrap_ratio
from genwright.evaluation.metrics import answer_recall, exact_match, token_f1
from genwright.evaluation.suites import SquadQuestion, SquadSet
from genwright.types import Progress, ignore_progress


@dataclass(frozen=True)
class QuoteLocation:
    """Characters ``start`` to ``end`` of a paragraph, by its number in the set, and their quote."""

    paragraph: int
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class QAAnswer:
    """What an answerer gave for a question, as far as it is judged."""

    text: str
    refused: bool
    sentences: tuple[tuple[QuoteLocation, ...], ...]
    """The citations of each sentence of the answer."""
    hits: tuple[QuoteLocation, ...]
    """The passages that were found, best first."""
    seconds: float


Ask = Callable[[str, int | None], QAAnswer]
"""Answers a question; with a number, as if that paragraph were not there."""


@dataclass(frozen=True)
class QAResult:
    """A question that was asked, and what came."""

    question: SquadQuestion
    left_out: bool
    """Whether its paragraph was left out."""
    given: QAAnswer

    @property
    def is_answerable(self) -> bool:
        """Whether what it was asked of holds an answer, as far as the set tells."""
        return self.question.is_answerable and not self.left_out

    @property
    def citations(self) -> list[QuoteLocation]:
        """All citations of its answer."""
        return [place for places in self.given.sentences for place in places]


def ask_all(
    questions: Sequence[SquadQuestion],
    left_out: Sequence[SquadQuestion],
    ask: Ask,
    progress: Progress = ignore_progress,
) -> list[QAResult]:
    """Ask every question, then some of them again without their own paragraphs.

    Args:
        questions: Asked over everything.
        left_out: Asked as if the paragraph they were written for were not there.
        ask: The answerer.
        progress: Told of questions that are answered.
    """
    wanted = [(each, False) for each in questions] + [(each, True) for each in left_out]
    asked: list[QAResult] = []
    for question, without in wanted:
        given = ask(question.text, question.paragraph if without else None)
        asked.append(QAResult(question, without, given))
        refused = sum(each.given.refused for each in asked)
        what = f"{len(asked)} of {len(wanted)} questions asked, {refused} refused"
        progress(len(asked), len(wanted), what)
    return asked


def measure_answers(
    squad: SquadSet, asked: Sequence[QAResult], depths: Sequence[int] = (5,)
) -> dict[str, ConfidenceInterval]:
    """Every measure, over the questions that it is for; ``docs/eval.md`` defines each.

    Args:
        squad: The paragraphs, as the answerer had them.
        asked: What came of each question.
        depths: How many of the best hits ``span_recall@k`` looks at.
    """
    answerable = [each for each in asked if each.is_answerable]
    return {
        **_measure_words(answerable),
        "answered": bootstrap_mean([float(not each.given.refused) for each in answerable]),
        "supported_answers": bootstrap_mean([_is_supported(each) for each in answerable]),
        **_measure_citations(squad, [each for each in answerable if not each.given.refused]),
        "quotes_exact": bootstrap_mean(
            [_is_exact(squad, place) for each in asked for place in each.citations]
        ),
        **{
            f"span_recall@{depth}": bootstrap_mean([_is_found(each, depth) for each in answerable])
            for depth in depths
        },
        "refusal_accuracy": bootstrap_mean(
            [float(each.given.refused) for each in asked if not each.is_answerable]
        ),
        "seconds": bootstrap_mean([each.given.seconds for each in asked]),
    }


def list_gold_spans(question: SquadQuestion) -> list[tuple[int, int]]:
    """Where the gold answers stand in the paragraph."""
    pairs = zip(question.starts, question.answers, strict=True)
    return [(start, start + len(answer)) for start, answer in pairs]


def list_gold_sentences(squad: SquadSet, question: SquadQuestion) -> list[tuple[int, int]]:
    """For each gold answer the span of the sentence, or sentences, that it lies in.

    Example:
        >>> from genwright.evaluation.suites import SquadParagraph
        >>> paragraph = SquadParagraph("A", "One is here. Two are there.")
        >>> question = SquadQuestion("q", "Who?", "A", 0, ("Two",), (13,))
        >>> list_gold_sentences(SquadSet((paragraph,), (question,), ""), question)
        [(13, 27)]
    """
    spans = split_sentences(squad.paragraphs[question.paragraph].text)
    found = []
    for start, end in list_gold_spans(question):
        own = [(first, last) for first, last in spans if first < end and start < last]
        found.append((min(start, own[0][0]), max(end, own[-1][1])) if own else (start, end))
    return found


def _measure_words(answerable: Sequence[QAResult]) -> dict[str, ConfidenceInterval]:
    measures = {"exact_match": exact_match, "f1": token_f1, "answer_recall": answer_recall}
    said = [
        ("" if each.given.refused else each.given.text, each.question.answers)
        for each in answerable
    ]
    return {
        name: bootstrap_mean([measure(text, golds) for text, golds in said])
        for name, measure in measures.items()
    }


def _measure_citations(
    squad: SquadSet, answered: Sequence[QAResult]
) -> dict[str, ConfidenceInterval]:
    kept = [each.given.sentences for each in answered]
    right = []
    for each in answered:
        golds = list_gold_sentences(squad, each.question)
        right.append([_has_gold(place, each.question, golds) for place in each.citations])
    return {
        "supported": bootstrap_ratio(
            [sum(map(bool, each)) for each in kept], [len(each) for each in kept]
        ),
        "citation_precision": bootstrap_ratio(
            [sum(each) for each in right], [len(each) for each in right]
        ),
        "citation_recall": bootstrap_mean([float(any(each)) for each in right]),
    }


def _has_gold(
    place: QuoteLocation, question: SquadQuestion, golds: Sequence[tuple[int, int]]
) -> bool:
    return place.paragraph == question.paragraph and any(
        place.start <= start and end <= place.end for start, end in golds
    )


def _is_exact(squad: SquadSet, place: QuoteLocation) -> float:
    return float(squad.paragraphs[place.paragraph].text[place.start : place.end] == place.quote)


def _is_supported(asked: QAResult) -> float:
    kept = asked.given.sentences
    return float(not asked.given.refused and bool(kept) and all(kept))


def _is_found(asked: QAResult, depth: int) -> float:
    golds = list_gold_spans(asked.question)
    return float(any(_has_gold(hit, asked.question, golds) for hit in asked.given.hits[:depth]))
