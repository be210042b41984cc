"""Questions that a table answers: which table, which program over it, and what is told of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlalchemy import select

from genwright.answers.base import AnswerSetup, Question
from genwright.answers.tables.grid import Table, find_tables
from genwright.answers.tables.mentions import split_question_tokens
from genwright.answers.tables.operators import Wanted, recognise_operator
from genwright.answers.tables.programs import ReadTable, list_programs
from genwright.answers.tables.ranking import (
    PHRASES,
    Likeness,
    RankedProgram,
    choose_program,
)
from genwright.answers.tables.wording import tell_result
from genwright.answers.understanding.intent import TRAINED_WITH
from genwright.embeddings import Embedder
from genwright.grounding.citations import Sentence
from genwright.grounding.exact import is_negated
from genwright.retrieval import Hit, Scope
from genwright.retrieval.scope import build_conditions
from genwright.runtime import Runtime
from genwright.storage import Document

LOOKED_AT = 8
"""Passages whose tables are looked at."""
MOST_TABLES = 4
MOST_CHARACTERS = 4_000_000
"""Of a document whose tables are read."""
KINDS = frozenset(("fact", "list", "comparison"))
"""Requests that a table can answer; an explanation is none."""
RIVAL = 0.85
"""A table whose program is so likely, relative to that of a better one, makes it unsure which."""
AS_NEAR = 0.9
"""Of the best table's score in the search, for another to be as near."""
_LOOKS_LIKE = re.compile(r"^[^\n]*\|[^\n]*\|?|^[^\n:]{1,80}: [^\n;]*; [^\n:]{1,80}: ", re.MULTILINE)


@dataclass(frozen=True)
class TableAnswer:
    """What a table says to a question."""

    sentences: tuple[Sentence, ...]
    probability: float
    """That it is what was asked for, and right."""
    operator: str

    @property
    def is_computed(self) -> bool:
        """Whether it says more than rows do: an extreme, a number of rows, a sum."""
        return self.operator != "lookup"


@dataclass(frozen=True)
class _Candidate:
    ranked: RankedProgram
    read: ReadTable
    hit: Hit


def answer_from_tables(
    setup: AnswerSetup, question: Question, hits: Sequence[Hit]
) -> TableAnswer | None:
    """The answer that a table of what was found gives; None where that is not sure enough.

    It is not where the question denies or points back, where a named value is in no cell, where
    units differ or cells cannot be read, and where several tables or columns fit.

    Args:
        setup: Where the documents are.
        question: What is asked.
        hits: What was found, best first.
    """
    near = [hit for hit in hits[:LOOKED_AT] if _LOOKS_LIKE.search(hit.text)]
    if not near or question.follows or question.kind not in KINDS or is_negated(question.text):
        return None
    embedder = setup.runtime.models.embedder
    if TRAINED_WITH not in embedder.name:
        return None
    with (
        question.timer.measure_step("tables"),
        setup.runtime.tracing.start_span("tables") as span,
    ):
        wanted = recognise_operator(embedder, question.text)
        if wanted is None or wanted.operator == "other":
            return None
        span.set_attribute("genwright.operator", wanted.operator)
        tables = _list_tables(setup.runtime, near)
        solved = [
            (_solve(embedder, wanted, question.text, table, hit), hit) for table, hit in tables
        ]
        best = _choose(solved)
        if best is None:
            return None
        span.set_attribute("genwright.probability", best.ranked.probability)
    program, chance = best.ranked.program, best.ranked.probability
    sentences = tell_result(program, best.read, best.hit, question.text, chance)
    return TableAnswer(tuple(sentences), chance, program.operator)


def _list_tables(runtime: Runtime, hits: Sequence[Hit]) -> Iterator[tuple[Table, Hit]]:
    """The whole tables that hits are of, the best hit's first, each with itself as one hit."""
    seen: set[tuple[int, int]] = set()
    texts: dict[int, str] = {}
    for hit in hits:
        if hit.document not in texts:
            texts[hit.document] = _read_text(runtime, hit.document)
        text = texts[hit.document]
        for table in _find_cached(text):
            place = (hit.document, table.start)
            if table.start < hit.end and hit.start < table.end and place not in seen:
                seen.add(place)
                whole = text[table.start : table.end]
                yield table, replace(hit, start=table.start, end=table.end, text=whole)
                if len(seen) == MOST_TABLES:
                    return


@lru_cache(maxsize=4)
def _find_cached(text: str) -> tuple[Table, ...]:
    return tuple(find_tables(text))


def _read_text(runtime: Runtime, document: int) -> str:
    """A document's text; empty where it is too long, or the principal may not read it."""
    with runtime.database.read(runtime.principal) as session:
        return (
            session.scalar(
                select(Document.text).where(
                    Document.id == document,
                    Document.characters <= MOST_CHARACTERS,
                    *build_conditions(session, Scope()),
                )
            )
            or ""
        )


def _solve(
    embedder: Embedder, wanted: Wanted, question: str, table: Table, hit: Hit
) -> _Candidate | None:
    """The likeliest program over a table, where it is likely enough."""
    place = f"{hit.title} {hit.section} {hit.source.rpartition('/')[2]}"
    read = ReadTable(table, split_question_tokens(question), question, place)
    bound = max(wanted.bounds, key=lambda each: wanted.bounds[each])
    programs = [each for each in list_programs(read, bound) if each.operator == wanted.operator]
    if not programs:
        return None
    likeness = measure_likeness(embedder, question, table.headers, list(read.columns))
    chosen = choose_program(programs, read, wanted, likeness)
    return _Candidate(chosen, read, hit) if chosen else None


def measure_likeness(
    embedder: Embedder, question: str, headers: Sequence[str], columns: Sequence[int]
) -> Likeness:
    """How like a question is to headers, and to requests for their extremes.

    Args:
        embedder: Makes the vectors.
        question: What is asked.
        headers: Of all columns.
        columns: Those that have extremes; for the others likeness to the requests is 0.
    """
    asked = [form.format(headers[column]) for form in PHRASES.values() for column in columns]
    vectors = embedder.embed_queries([question, *asked])
    named = embedder.embed([header or "-" for header in headers]) @ vectors[0]
    found = iter((vectors[1:] @ vectors[0]).tolist())
    phrases = {name: [0.0] * len(headers) for name in PHRASES}
    for own in phrases.values():
        for column in columns:
            own[column] = next(found)
    return Likeness(named.tolist(), phrases)


def _choose(solved: Sequence[tuple[_Candidate | None, Hit]]) -> _Candidate | None:
    """What the table that was found first gives; none where another, found as well, fits too.

    A program over a table that is about something else can look likely: it is asked for no answer
    where the nearest table has none.
    """
    best, first = solved[0] if solved else (None, None)
    if best is None or first is None:
        return None
    near = [each for each, hit in solved[1:] if each and hit.score >= AS_NEAR * first.score]
    least = RIVAL * best.ranked.probability
    return None if any(each.ranked.probability >= least for each in near) else best
