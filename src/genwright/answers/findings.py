"""The first half of an answer: passages that fit the question, read for what answers it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from genwright.answers.answerability import estimate_answered
from genwright.answers.base import AnswerSetup, Question
from genwright.answers.quotes.blocks import find_code
from genwright.answers.rarity import RarityTable
from genwright.answers.understanding.gibberish import is_gibberish
from genwright.answers.understanding.parts import split_compared, split_question
from genwright.grounding import words
from genwright.grounding.citations import Answer
from genwright.grounding.evidence import Evidence
from genwright.grounding.passages import (
    PassageReader,
    ReadPassage,
    list_evidence,
    measure_substance,
)
from genwright.grounding.reading import BASE
from genwright.library.search import find_passages
from genwright.retrieval import Hit

READ = 12
"""Passages that are read for the whole question."""
READ_PART = 5
"""And for each of its parts."""
SURE = 0.87
"""Where the whole of a comparison is answered so surely, its sides are looked for there, else each
anywhere: a name alone finds much that says nothing of what is asked."""
LIKELY = 0.5
LEAST_WORDS = 3
"""Words with meaning that a part of a question has where it can be looked for anywhere."""
CODE_STEPS = 0.6
"""What code is ahead by, in logits, where it is asked how something is done: the reader learned
from prose, and is less sure of a command though it is what is asked for."""
CODE_COVERS = 0.75
"""The share of a question's words that such a passage has: commands for something else are near."""
CODE_WORDS = 0.06
"""What a passage is behind by whose best unit is code, where words are asked for."""
SEARCH_SHARE = 0.6
"""How much the search's own score counts in the order of what was read."""


DOUBT = 0.3
"""From this share of ``answer.min_answerable`` on, a model that is able to say that it does not
know decides: it reads better than the reader that gave the probability."""


@dataclass(frozen=True)
class Findings:
    """What the documents have to a question."""

    base: Answer
    """The answer as far as it is known: passages found, and how likely they answer."""
    read: Sequence[ReadPassage]
    """Read for the whole question, best first."""
    parts: Sequence[Sequence[ReadPassage]]
    """Read for each part of a question that asks several things; empty where it is one."""
    evidence: Sequence[Evidence]
    """Every unit of it all, best first."""
    surest: float
    """The reader's highest probability of a passage ranked first, for the whole or a part."""
    rarity: RarityTable
    is_answerable: bool
    """Whether what was read is likely enough to answer, by ``answer.min_answerable``."""
    is_open: bool = False
    """Whether it is not, but not so unlikely that an able model need not read it."""

    @property
    def hits(self) -> Sequence[Hit]:
        """The passages."""
        return self.base.hits


def gather_findings(setup: AnswerSetup, question: Question) -> Findings:
    """Search for a question and its parts, and read what was found.

    Raises:
        NotFound: The scope names a collection that is not there.
    """
    runtime, embedder = setup.runtime, setup.runtime.models.embedder
    rarity = RarityTable(runtime.database, runtime.principal)
    asked = [] if question.follows else split_question(question.text)
    most = max(runtime.settings.retrieval.top_k, READ)
    found = search_passages(setup, question, k=most)
    if question.follows:
        found = _interleave(found, search_passages(setup, question, text=question.text, k=most))
    by_part = [search_passages(setup, question, text=part, k=READ_PART) for part in asked]
    with question.timer.measure_step("evidence"), runtime.tracing.start_span("evidence"):
        rare = rarity.look_up(question.whole)
        reader = runtime.models.reader
        does = question.kinds.get("how-to", float(question.kind == "how-to")) >= LIKELY
        read = weigh_code(question.whole, reader.read(question.whole, found[:READ], rare), does)
        if question.follows:
            # With the question before, what answers that one looks good; alone, much is unsaid.
            alone = weigh_code(question.text, reader.read(question.text, found[:READ], rare), does)
            read = average_readings(read, alone)
        read = _sort(read)
        documents = {hit.document for hit in found[:READ_PART]}
        unsure = bool(read) and read[0].probability < SURE
        anywhere = unsure and bool(split_compared(question.text))
        near_base = BASE in embedder.name
        asks = [question.whole, question.text] if question.follows else [question.whole]
        chance = max(judge_read(reader, text, read, rare, near_base) for text in asks)
        parts = []
        for part, hits in zip(asked, by_part, strict=True):
            # A part has lost what the whole is about: it is looked for where the whole was found.
            where = documents if says_enough(part) else {each.hit.document for each in read[:1]}
            near = list(hits) if anywhere else [hit for hit in hits if hit.document in where]
            known = {hit.passage for hit in near}
            near += [
                hit for hit in found[:READ] if hit.passage not in known and hit.document in where
            ]
            rare = rarity.look_up(part)
            read_part = reader.read(part, near[: READ_PART + 2], rare)
            parts.append(_sort(weigh_code(part, read_part, does)))
            chance = max(chance, judge_read(reader, part, parts[-1], rare, near_base))
    hits = list({hit.passage: hit for each in (found, *by_part) for hit in each}.values())
    surest = max((each[0].probability for each in (read, *parts) if each), default=0.0)
    evidence = list_evidence([each for some in (read, *parts) for each in some])
    base = Answer("", False, (), tuple(hits), setup.model, "", chance)
    says = bool(words.extract_content(question.whole))  # "it" alone finds much and asks nothing
    says = says and not is_gibberish(question.whole, rarity.list_known(question.whole), embedder)
    readable, least = says and bool(evidence), runtime.settings.answer.min_answerable
    likely = readable and chance >= least
    is_open = readable and not likely and chance >= DOUBT * least
    return Findings(base, read, parts, evidence, surest, rarity, likely, is_open)


def judge_read(
    reader: PassageReader,
    question: str,
    read: Sequence[ReadPassage],
    rarity: Mapping[str, float],
    near_base: bool,
) -> float:
    """Probability that what a reader read answers a question; 0 where nothing was read.

    One that reads by wording is calibrated itself: it is taken at its word.

    Args:
        reader: Who read.
        question: What is asked.
        read: Best first.
        rarity: Of the question's stems.
        near_base: Whether the search's vectors are those that the decision was fitted with.
    """
    if reader.pairs is None:
        return max((each.probability for each in read[:1]), default=0.0)
    return estimate_answered(question, read, rarity, near_base)


def says_enough(part: str) -> bool:
    """Whether a part of a question says itself what it is about."""
    return len(set(words.extract_content(part))) >= LEAST_WORDS


def weigh_code(asked: str, read: Sequence[ReadPassage], does: bool) -> list[ReadPassage]:
    """Passages read, those with commands surer where it is asked how something is done.

    Args:
        asked: What they were read for.
        read: As the reader sees them.
        does: Whether that is asked; where it is not, code that answers comes after words that do.
    """
    stems = set(words.extract_content(asked))
    return [_weigh_code(stems, each, does) for each in read]


def _weigh_code(stems: set[str], read: ReadPassage, does: bool) -> ReadPassage:
    inside = find_code(read.units)
    if not does:
        best = read.units.index(read.best)
        return replace(read, rank=-CODE_WORDS if best in inside else 0.0)
    told = words.extract_content(f"{read.hit.title} {read.hit.section} {read.hit.text}")
    if not inside or len(stems & set(told)) < CODE_COVERS * len(stems):
        return read
    chance = min(max(read.probability, 1e-6), 1 - 1e-6)
    odds = chance / (1 - chance) * math.exp(CODE_STEPS)
    return replace(read, probability=odds / (1 + odds))


def average_readings(one: Sequence[ReadPassage], other: Sequence[ReadPassage]) -> list[ReadPassage]:
    """The same passages read for two questions, with the mean of what was found."""
    return [
        replace(
            first,
            probability=(first.probability + second.probability) / 2,
            units=tuple(
                replace(a, score=(a.score + b.score) / 2)
                for a, b in zip(first.units, second.units, strict=True)
            ),
        )
        for first, second in zip(one, other, strict=True)
    ]


def _interleave(one: Sequence[Hit], other: Sequence[Hit]) -> list[Hit]:
    """Hits of two searches in turn, each passage once, with the scores of the first that has it."""
    mixed = [hit for pair in zip_longest(one, other) for hit in pair if hit is not None]
    order = dict.fromkeys(hit.passage for hit in mixed)
    known = {hit.passage: hit for hit in (*other, *one)}
    return [known[passage] for passage in order]


def _sort(read: Sequence[ReadPassage]) -> list[ReadPassage]:
    """Best first: by the reader and by the search, which err in different ways."""
    top = max((each.hit.score for each in read), default=0.0) or 1.0
    ranked = [
        replace(
            each,
            rank=each.rank
            + (1 - SEARCH_SHARE) * each.probability
            + SEARCH_SHARE * each.hit.score / top * measure_substance(each.units),
        )
        for each in read
    ]
    return sorted(ranked, key=lambda each: -each.rank)


def search_passages(
    setup: AnswerSetup, question: Question, *, text: str = "", k: int | None = None
) -> list[Hit]:
    """What a search for a question, or for a text instead, finds; traced.

    Raises:
        NotFound: The scope names a collection that is not there.
    """
    attributes = {"gen_ai.operation.name": "retrieval"}
    with (
        question.timer.measure_step("search"),
        setup.runtime.tracing.start_span("retrieval", attributes) as span,
    ):
        wanted = question.k or k
        hits = find_passages(setup.runtime, text or question.whole, k=wanted, scope=question.scope)
        span.set_attribute("genwright.hits", len(hits))
        # By number: who may read them sees their words, and forgetting one finds its traces.
        span.set_attribute("genwright.passages", [hit.passage for hit in hits])
        span.set_attribute("genwright.scores", [hit.score for hit in hits])
        span.set_attribute("genwright.documents", sorted({hit.document for hit in hits}))
        return hits
