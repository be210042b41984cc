"""Which of the programs that a question can mean it does mean, and how sure that is.

Two logistic regressions over features that know no language: one for programs over the values of a
column, one for rows that are looked up. They were fitted by ``benchmarks/table_programs.py`` on
questions of a public set whose tables are not those of its figures; ``ranking.json`` has them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from genwright.answers.tables.mentions import cover_header
from genwright.answers.tables.operators import Wanted
from genwright.answers.tables.programs import Program, ReadTable

WEIGHTS = Path(__file__).with_name("ranking.json")
OVER_COLUMN = ("greatest", "least", "sum", "mean", "difference")
FEATURES = (
    "operator", "other", "lead", "header", "used", "quality", "filters", "rows",
    "chosen", "unused_numbers", "unexplained", "date", "year", "time", "places", "bound",
    "direction", "phrase",
)  # fmt: skip
GATE = 0.5
"""An operator is carried out only where it is wanted with at least this probability."""
LEAST = {"greatest": 0.8, "least": 0.85, "lookup": 0.8, "count": 0.7, "sum": 0.6, "mean": 0.6,
         "difference": 0.6}  # fmt: skip
"""Probability from which on a program's result is told: where 87 to 92% of the questions that the
fit knows are right, for the first three."""
AHEAD = 0.25
"""What a program's logit is above that of another column's, or it is not sure which is meant."""
FAR, MOST_AHEAD = 2.0, 4.0
"""How far ahead the only program is, and most that counts."""
ALONE = 0.03
"""What a column is ahead by that is the only one."""
LEAST_NAMED = {"lookup": 0.45, "count": 0.9, "sum": 0.9, "mean": 0.9, "difference": 0.9}
"""Quality of the poorest filter; one that is left out or wrong changes a sum unseen."""
MOST_UNEXPLAINED = 4
"""Words of a question about a number of rows that neither a cell nor a header says."""
_LETTERS = 4
_SMALL = 1e-3


PHRASES = {"greatest": "the highest {}", "least": "the lowest {}"}
"""Requests that a question for an extreme of a column is compared with; in English, as the embedder
sets what means the same near, whatever it is written in."""


@dataclass(frozen=True)
class Likeness:
    """Cosines of a question."""

    headers: Sequence[float]
    """With the header of each column."""
    phrases: Mapping[str, Sequence[float]]
    """With each of ``PHRASES`` over each column."""


@dataclass(frozen=True)
class RankedProgram:
    """A program with the probability that it is what was meant and right."""

    program: Program
    probability: float


def describe_program(
    program: Program, read: ReadTable, wanted: Wanted, likeness: Likeness
) -> list[float]:
    """The values of ``FEATURES``.

    Args:
        program: One of those of a table.
        read: The table.
        wanted: What the question asks of a table.
        likeness: Of the question and the headers.
    """
    lead = _find_lead(program, read, likeness.headers)
    spans = {(each.start, each.end) for each in read.mentions}
    used = {(each.start, each.end) for each in program.filters}
    said = sum(end - start for start, end in spans)
    header = read.table.headers[program.column] if program.column >= 0 else ""
    named = cover_header(header, read.tokens) if header else set()
    values = read.columns.get(program.column)
    explained = {place for each in program.filters for place in range(each.start, each.end)} | named
    limit = program.limit
    numbers = [place for place in read.numbers if not limit or place != limit.place]
    left = [n for n, token in enumerate(read.tokens) if n not in explained and token.is_name]
    bound = wanted.bounds["above" if limit.above else "below"] if limit else wanted.bounds["none"]
    return [
        math.log(wanted.operators[program.operator] + _SMALL),
        math.log(wanted.operators["other"] + _SMALL),
        lead,
        min(1.0, len(named) / max(1, len(header.split()))) if header else 0.0,
        sum(end - start for start, end in used) / said if said else 1.0,
        min((each.quality for each in program.filters), default=1.0),
        float(len(program.filters)),
        math.log(1 + len(program.rows)),
        float(len(program.chosen) == 1 or program.operator in ("sum", "mean", "difference")),
        float(sum(place not in explained for place in numbers)),
        float(len(left)),
        float(values is not None and values.kind == "date"),
        float(values is not None and values.is_year),
        float(values is not None and values.kind == "time"),
        float(values is not None and _is_numbering(values.values)),
        math.log(bound + _SMALL),
        *_compare_phrases(program, read, likeness.phrases),
    ]


def _compare_phrases(
    program: Program, read: ReadTable, phrases: Mapping[str, Sequence[float]]
) -> tuple[float, float]:
    """How much liker the question is to its own phrase than to the opposite, and to others'."""
    if program.operator not in OVER_COLUMN:
        return 0.0, 0.0
    own = phrases.get(program.operator, phrases["greatest"])
    rest = [own[column] for column in read.columns if column != program.column]
    here = own[program.column]
    lead = here - max(rest, default=here - ALONE)
    if program.operator not in phrases:
        return 0.0, lead
    [opposite] = phrases.keys() - {program.operator}
    return here - phrases[opposite][program.column], lead


def _find_lead(program: Program, read: ReadTable, likeness: Sequence[float]) -> float:
    """How much liker the question is to a column's header than to the next.

    Cosines themselves are higher in some languages than in others.
    """
    named = {each.column for each in program.filters}
    if program.column >= 0:
        rest = [likeness[c] for c in read.columns if c != program.column and c not in named]
        return likeness[program.column] - max(rest, default=min(likeness))
    best = sorted((likeness[c] for c in range(len(likeness)) if c not in named), reverse=True)
    return (best or [0.0])[0] - (best[1:] or [min(likeness)])[0]


def _is_numbering(values: Sequence[float | None]) -> bool:
    """Whether a column only counts its rows: a rank or a number."""
    known = [value for value in values if value is not None]
    return len(known) > 2 and all(b - a in (0, 1) for a, b in pairwise(known))


def name_family(operator: str) -> str:
    """Which of the two regressions judges an operator."""
    return "column" if operator in OVER_COLUMN else "rows"


def choose_program(
    programs: Sequence[Program], read: ReadTable, wanted: Wanted, likeness: Likeness
) -> RankedProgram | None:
    """The program that is meant; None where none is likely enough, or where two are."""
    scored = []
    for each in programs:
        features = dict(zip(FEATURES, describe_program(each, read, wanted, likeness), strict=True))
        if is_allowed(each, read, wanted, features):
            scored.append((score_features(name_family(each.operator), features), each))
    scored.sort(key=lambda pair: -pair[0])
    if not scored:
        return None
    score, best = scored[0]
    if best.operator == "count":
        chance = wanted.operators["count"]
        same = all(len(each.rows) == len(best.rows) for _, each in scored)
        return RankedProgram(best, chance) if same and chance >= LEAST["count"] else None
    ahead = score - next((rival for rival, each in scored[1:] if each.rows != best.rows
                          or each.column != best.column), score - FAR)  # fmt: skip
    chance = find_probability(name_family(best.operator), score, min(ahead, MOST_AHEAD))
    sure = chance >= LEAST[best.operator] and ahead >= AHEAD
    return RankedProgram(best, chance) if sure else None


def is_allowed(
    program: Program, read: ReadTable, wanted: Wanted, features: Mapping[str, float]
) -> bool:
    """Whether a program is of the kind that is wanted, and leaves out nothing that was named."""
    if program.operator != wanted.operator or wanted.operators[program.operator] < GATE:
        return False
    if features["used"] < 1 or features["unused_numbers"] > 0:
        return False
    if features["quality"] < LEAST_NAMED.get(program.operator, 0.0):
        return False
    if program.operator != "lookup" and read.unknown_names:
        return False
    if program.operator == "count":
        return (
            not _is_keyed(program, read) and _count_unexplained(program, read) <= MOST_UNEXPLAINED
        )
    return True


def _is_keyed(program: Program, read: ReadTable) -> bool:
    """Whether a filter names a row by what only one has: there is nothing to count."""
    columns = {each.column for each in program.filters}
    texts = [[text for text in read.table.list_texts(column) if text] for column in columns]
    return any(len(set(column)) == len(column) for column in texts)


def _count_unexplained(program: Program, read: ReadTable) -> float:
    """Words of the question that the program does not take up; a character is a third of one."""
    used = {place for each in program.filters for place in range(each.start, each.end)}
    if program.limit:
        used |= {program.limit.place}
        used |= cover_header(read.table.headers[program.limit.column], read.tokens)
    for each in program.filters:
        used |= cover_header(read.table.headers[each.column], read.tokens)
    left = [token.text for place, token in enumerate(read.tokens) if place not in used]
    return sum(len(text) >= _LETTERS for text in left) + sum(text > "\u3040" for text in left) / 3


def score_features(family: str, features: Mapping[str, float]) -> float:
    """The logit of a program with such features; comparable within one question."""
    fit = load_fits()[family]
    return float(np.array(list(features.values())) @ np.array(fit["weights"]) + fit["bias"][0])


def find_probability(family: str, score: float, ahead: float) -> float:
    """That the best program is right, by its logit and how far it is ahead of the next."""
    by_score, by_lead, bias = load_fits()[family]["sure"]
    return 1 / (1 + math.exp(-(by_score * score + by_lead * ahead + bias)))


@cache
def load_fits() -> Mapping[str, Mapping[str, list[float]]]:
    """By family: weights in the order of ``FEATURES``, bias, and what makes the best one sure."""
    fits: dict[str, Mapping[str, list[float]]] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return fits
