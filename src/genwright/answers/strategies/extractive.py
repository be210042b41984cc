"""The sources' own words, at the size that was asked for: no model is asked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from genwright.answers.base import (
    AnswerSetup,
    Piece,
    Question,
    complete_answer,
    refuse,
    strategies,
)
from genwright.answers.findings import Findings, gather_findings
from genwright.answers.quotes.blocks import find_header, lacks_header
from genwright.answers.quotes.excerpts import (
    SIZES,
    Excerpt,
    Size,
    breaks_off,
    choose_excerpts,
    continue_block,
    drop_open_code,
    drop_overlaps,
)
from genwright.answers.quotes.quoting import quote_excerpts
from genwright.answers.tables.answering import answer_from_tables
from genwright.grounding.citations import Sentence, join_sentences
from genwright.grounding.passages import ReadPassage
from genwright.library.overview import lengthen_hit, read_before

SHORT = 0.2
"""Probability of a question for a fact from which on the answer is kept as short as one."""
SHARED = 0.85
"""A passage that ranks so high for the whole and each part, relative to the best, answers all."""
PART_SHARE = 0.5
"""A part is answered where its best passage is at least so sure, relative to the surest."""


@strategies.register("extractive")
class ExtractiveStrategy:
    """Quotes what answers best, in a fraction of the time that a model takes."""

    def __init__(self, setup: AnswerSetup) -> None:
        self._setup = setup

    def stream(self, question: Question) -> Iterator[Piece]:
        """See ``Strategy.stream``."""
        findings = gather_findings(self._setup, question)
        if told := answer_from_tables(self._setup, question, findings.hits):
            yield from told.sentences
            chance = max(told.probability, findings.base.answerable)
            yield complete_answer(replace(findings.base, answerable=chance), told.sentences)
            return
        if not findings.is_answerable:
            yield refuse(findings.base)
            return
        sentences = self.quote(question, findings)
        yield from sentences
        yield complete_answer(findings.base, sentences)

    def quote(self, question: Question, findings: Findings) -> list[Sentence]:
        """What answers best, in its own words and at the size that is wanted."""
        excerpts = self.choose(question, findings)
        return limit_length(quote_excerpts(excerpts), choose_size(question).shown)

    def choose(self, question: Question, findings: Findings) -> list[Excerpt]:
        """The stretches that answer best, best first."""
        size = choose_size(question)
        excerpts = [self._complete(each, size) for each in select_excerpts(findings, size)]
        return drop_overlaps(excerpts)

    def _complete(self, excerpt: Excerpt, size: Size) -> Excerpt:
        """With the rest of a list or code in the next passages, and the head of its table."""
        runtime = self._setup.runtime
        if breaks_off(excerpt):
            longer = lengthen_hit(runtime, excerpt.hit)
            excerpt = continue_block(excerpt, longer, size.characters)
        excerpt = drop_open_code(excerpt)
        if lacks_header(excerpt.text):
            header = find_header(read_before(runtime, excerpt.hit, excerpt.start))
            excerpt = replace(excerpt, header=header)
        return excerpt


def limit_length(sentences: Sequence[Sentence], most: int) -> list[Sentence]:
    """The first, and those after it that together have no more characters."""
    kept = list(sentences[:1])
    for sentence in sentences[1:]:
        if len(join_sentences([*kept, sentence])) <= most:
            kept.append(sentence)
    return kept


def choose_size(question: Question) -> Size:
    """How much is shown: as much as the kind of request wants, less where it may be a fact."""
    if question.kinds.get("fact", 0.0) >= SHORT:
        return SIZES["fact"]
    return SIZES.get(question.kind, SIZES["explanation"])


def select_excerpts(findings: Findings, size: Size) -> list[Excerpt]:
    """What is quoted of findings: for a question of several parts, something for each of them."""
    least = PART_SHARE * findings.surest
    sides = [each for each in findings.parts if each and each[0].probability >= least]
    if len(sides) < 2:
        return choose_excerpts(_merge(findings), size)
    if both := find_shared(findings.read, sides):
        rest = [each for each in _merge(findings) if each.hit.passage != both.hit.passage]
        return choose_excerpts([both, *rest], size)
    each_size = replace(
        size, characters=size.characters // len(sides), stretches=1, least=size.least // 2
    )
    chosen: list[Excerpt] = []
    for side in sides:
        for excerpt in choose_excerpts(side, each_size):
            if not any(_is_within(excerpt, other) for other in chosen):
                chosen.append(excerpt)
    return chosen


def find_shared(
    read: Sequence[ReadPassage], sides: Sequence[Sequence[ReadPassage]]
) -> ReadPassage | None:
    """The passage that answers the whole and each of its sides about as well as any other."""
    for each in read:
        if each.rank < SHARED * read[0].rank:
            break
        ranks = [
            next(
                (one.rank / side[0].rank for one in side if one.hit.passage == each.hit.passage),
                0.0,
            )
            for side in sides
        ]
        if min(ranks) >= SHARED:
            return each
    return None


def _merge(findings: Findings) -> Sequence[ReadPassage]:
    """What was read for the whole and for its parts, best first, each passage once."""
    best: dict[int, ReadPassage] = {}
    for each in (*findings.read, *(one for part in findings.parts for one in part)):
        known = best.get(each.hit.passage)
        if known is None or known.probability < each.probability:
            best[each.hit.passage] = each
    order = {each.hit.passage: place for place, each in enumerate(findings.read)}
    return sorted(best.values(), key=lambda each: order.get(each.hit.passage, len(order)))


def _is_within(one: Excerpt, other: Excerpt) -> bool:
    return (
        one.hit.document == other.hit.document and one.start < other.end and other.start < one.end
    )
