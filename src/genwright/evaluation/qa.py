"""How well questions are answered from documents, and how far the citations can be trusted.

Whoever calls it brings the answerer, as a function; nothing here knows how it works. A refusal of
a question that has an answer counts as an empty answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genwright.documents import sentences
from genwright.evaluation.intervals import Interval, interval, ratio_interval
from genwright.evaluation.metrics import answer_recall, exact_match, token_f1
from genwright.evaluation.suites import SquadQuestion, SquadSet
from genwright.types import Progress, unheard


@dataclass(frozen=True)
class Place:
    """Characters ``start`` to ``end`` of a paragraph, by its number in the set, and their quote."""

    paragraph: int
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class Given:
    """What an answerer gave for a question, as far as it is judged."""

    text: str
    refused: bool
    sentences: tuple[tuple[Place, ...], ...]
    """The citations of each sentence of the answer."""
    hits: tuple[Place, ...]
    """The passages that were found, best first."""
    seconds: float


Ask = Callable[[str, int | None], Given]
"""Answers a question; with a number, as if that paragraph were not there."""


@dataclass(frozen=True)
class Asked:
    """A question that was asked, and what came."""

    question: SquadQuestion
    left_out: bool
    """Whether its paragraph was left out."""
    given: Given

    @property
    def answerable(self) -> bool:
        """Whether what it was asked of holds an answer, as far as the set tells."""
        return self.question.answerable and not self.left_out

    @property
    def citations(self) -> list[Place]:
        """All citations of its answer."""
        return [place for places in self.given.sentences for place in places]


def ask_all(
    questions: Sequence[SquadQuestion],
    left_out: Sequence[SquadQuestion],
    ask: Ask,
    progress: Progress = unheard,
) -> list[Asked]:
    """Ask every question, then some of them again without their own paragraphs.

    Args:
        questions: Asked over everything.
        left_out: Asked as if the paragraph they were written for were not there.
        ask: The answerer.
        progress: Told of questions that are answered.
    """
    wanted = [(each, False) for each in questions] + [(each, True) for each in left_out]
    asked: list[Asked] = []
    for question, without in wanted:
        given = ask(question.text, question.paragraph if without else None)
        asked.append(Asked(question, without, given))
        refused = sum(each.given.refused for each in asked)
        what = f"{len(asked)} of {len(wanted)} questions asked, {refused} refused"
        progress(len(asked), len(wanted), what)
    return asked


def measure_answers(
    squad: SquadSet, asked: Sequence[Asked], depths: Sequence[int] = (5,)
) -> dict[str, Interval]:
    """Every measure, over the questions that it is for; ``docs/eval.md`` defines each.

    Args:
        squad: The paragraphs, as the answerer had them.
        asked: What came of each question.
        depths: How many of the best hits ``span_recall@k`` looks at.
    """
    answerable = [each for each in asked if each.answerable]
    return {
        **_of_words(answerable),
        "answered": interval([float(not each.given.refused) for each in answerable]),
        "supported_answers": interval([_is_supported(each) for each in answerable]),
        **_of_citations(squad, [each for each in answerable if not each.given.refused]),
        "quotes_exact": interval(
            [_is_exact(squad, place) for each in asked for place in each.citations]
        ),
        **{
            f"span_recall@{depth}": interval([_is_found(each, depth) for each in answerable])
            for depth in depths
        },
        "refusal_accuracy": interval(
            [float(each.given.refused) for each in asked if not each.answerable]
        ),
        "seconds": interval([each.given.seconds for each in asked]),
    }


def gold_spans(question: SquadQuestion) -> list[tuple[int, int]]:
    """Where the gold answers stand in the paragraph."""
    pairs = zip(question.starts, question.answers, strict=True)
    return [(start, start + len(answer)) for start, answer in pairs]


def gold_sentences(squad: SquadSet, question: SquadQuestion) -> list[tuple[int, int]]:
    """For each gold answer the span of the sentence, or sentences, that it lies in.

    Example:
        >>> from genwright.evaluation.suites import SquadParagraph
        >>> paragraph = SquadParagraph("A", "One is here. Two are there.")
        >>> question = SquadQuestion("q", "Who?", "A", 0, ("Two",), (13,))
        >>> gold_sentences(SquadSet((paragraph,), (question,), ""), question)
        [(13, 27)]
    """
    spans = sentences(squad.paragraphs[question.paragraph].text)
    found = []
    for start, end in gold_spans(question):
        own = [(first, last) for first, last in spans if first < end and start < last]
        found.append((min(start, own[0][0]), max(end, own[-1][1])) if own else (start, end))
    return found


def _of_words(answerable: Sequence[Asked]) -> dict[str, Interval]:
    measures = {"exact_match": exact_match, "f1": token_f1, "answer_recall": answer_recall}
    said = [
        ("" if each.given.refused else each.given.text, each.question.answers)
        for each in answerable
    ]
    return {
        name: interval([measure(text, golds) for text, golds in said])
        for name, measure in measures.items()
    }


def _of_citations(squad: SquadSet, answered: Sequence[Asked]) -> dict[str, Interval]:
    kept = [each.given.sentences for each in answered]
    right = []
    for each in answered:
        golds = gold_sentences(squad, each.question)
        right.append([_holds(place, each.question, golds) for place in each.citations])
    return {
        "supported": ratio_interval(
            [sum(map(bool, each)) for each in kept], [len(each) for each in kept]
        ),
        "citation_precision": ratio_interval(
            [sum(each) for each in right], [len(each) for each in right]
        ),
        "citation_recall": interval([float(any(each)) for each in right]),
    }


def _holds(place: Place, question: SquadQuestion, golds: Sequence[tuple[int, int]]) -> bool:
    return place.paragraph == question.paragraph and any(
        place.start <= start and end <= place.end for start, end in golds
    )


def _is_exact(squad: SquadSet, place: Place) -> float:
    return float(squad.paragraphs[place.paragraph].text[place.start : place.end] == place.quote)


def _is_supported(asked: Asked) -> float:
    kept = asked.given.sentences
    return float(not asked.given.refused and bool(kept) and all(kept))


def _is_found(asked: Asked, depth: int) -> float:
    golds = gold_spans(asked.question)
    return float(any(_holds(hit, asked.question, golds) for hit in asked.given.hits[:depth]))
