"""Programs over a table that a question can mean, each carried out.

A program is an operator over the values of one column in the rows that pass its filters. All that
the table and the question allow are listed; ``ranking`` says which is meant.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, product

from genwright.answers.tables.grid import Table
from genwright.answers.tables.mentions import (
    Mention,
    Token,
    compare_words,
    find_flags,
    find_mentions,
    split_question_tokens,
)
from genwright.answers.tables.values import ColumnValues, read_column
from genwright.grounding.quantities import find_numbers
from genwright.languages import detect_language

ALTERNATIVES = 2
"""Columns that one name in a question is looked for in."""
MOST_FILTERS = 24
"""Sets of filters that are tried."""
MOST_LOOKED_UP = 8
"""Rows that a look-up shows; of more it says nothing that a reader wants."""
LEAST_COMPARED = 2
DECIMAL_COMMA = frozenset("de es it pt nl da nb no sv fi pl cs sk tr id el ro hr sl sr".split())
"""Languages that group figures by points, or never end a number by a point and three figures."""
_DOTTED = re.compile(r"\d\.\d{3}(?!\d)")
NEAR_TOTAL = 0.002
"""A last row that is the sum of all others, but for rounding, is their total and none of them."""


@dataclass(frozen=True)
class Limit:
    """A number of the question that values must be above or below."""

    column: int
    above: bool
    value: float
    place: int
    """Of the token that says it."""


@dataclass(frozen=True)
class Program:
    """What a question can mean, and what comes of it."""

    operator: str
    column: int
    """Whose values are compared or added; -1 where rows are looked up or counted."""
    filters: tuple[Mention, ...]
    limit: Limit | None
    rows: tuple[int, ...]
    """That pass the filters and have a value, in order."""
    chosen: tuple[int, ...]
    """Those of them that are the answer; for what is computed over all, all."""
    value: float
    """What was computed; for a look-up the number of rows."""


class ReadTable:
    """A table as it can be computed with, for one question.

    Args:
        table: Headers and rows.
        tokens: The question's words.
        text: The question.
        place: Titles and headings over the table.
    """

    def __init__(self, table: Table, tokens: Sequence[Token], text: str, place: str = "") -> None:
        self.table, self.tokens = table, tokens
        width = range(len(table.headers))
        points = _guess_points(table)
        self.columns: Mapping[int, ColumnValues] = {
            column: read
            for column in width
            if (read := read_column(table.list_texts(column), points)) is not None
        }
        self.total = self._find_total()
        self.mentions = [*find_mentions(table, tokens), *find_flags(table, tokens)]
        self.numbers = _place_numbers(tokens, text)
        self.unknown_names = self._find_unknown_names(text, place)

    def _find_unknown_names(self, text: str, place: str) -> list[str]:
        """Names in the question that neither the table nor what stands over it has.

        They would be filters that no column has. In German every noun looks like a name.
        """
        around = {t.text for t in split_question_tokens(f"{place} {' '.join(self.table.headers)}")}
        told = {n for each in self.mentions for n in range(each.start, each.end)}
        found = [
            token.text
            for n, token in enumerate(self.tokens)
            if token.is_name
            and not token.text[0].isdigit()
            and n not in told
            and not any(compare_words(token.text, word) for word in around)
        ]
        return found if found and detect_language(text) != "de" else []

    def _find_total(self) -> int | None:
        """The last row where it is the sum of the others in every column of amounts."""
        last = len(self.table.rows) - 1
        if last < 2:
            return None
        tried = 0
        for read in self.columns.values():
            own, others = read.values[last], [each for each in read.values[:last] if each]
            if own is None or read.kind != "number" or read.is_year or len(others) < 2:
                continue
            tried += 1
            if abs(own - sum(others)) <= NEAR_TOTAL * abs(own):
                return last
        return None

    def list_rows(self) -> list[int]:
        """Every row but that of the totals."""
        return [row for row in range(len(self.table.rows)) if row != self.total]


def _place_numbers(tokens: Sequence[Token], text: str) -> dict[int, float]:
    """Numbers of the question by the place of their token."""
    starts = {token.start: place for place, token in enumerate(tokens)}
    return {
        starts[number.start]: min(number.values)
        for number in find_numbers(text)
        if number.start in starts and len(number.values) == 1
    }


def _guess_points(table: Table) -> str:
    """What a point before three figures is where its column does not tell: as the language has it.

    ``thousands`` in languages with a decimal comma, else ``decimal``; empty where too little is
    written.
    """
    if not any(_DOTTED.search(cell.text) for row in table.rows for cell in row.cells if cell):
        return ""
    words = " ".join(
        cell.text
        for row in table.rows[:40]
        for cell in row.cells
        if cell and not any(map(str.isdigit, cell.text))
    )
    language = detect_language(f"{' '.join(table.headers)} {words}"[:2000])
    return "thousands" if language in DECIMAL_COMMA else ""


FilterSet = tuple[tuple[Mention, ...], Limit | None, list[int]]


def list_programs(read: ReadTable, bound: str = "none") -> list[Program]:
    """Every program that has a result.

    Args:
        read: The table.
        bound: What a number of the question is, one of ``operators.BOUNDS``.
    """
    programs: dict[tuple[object, ...], Program] = {}
    for filters, limit, rows in islice(_list_filter_sets(read, bound), MOST_FILTERS):
        for each in _run_all(read, filters, limit, rows):
            names = tuple(sorted((f.column, f.start) for f in filters))
            programs.setdefault((each.operator, each.column, names, limit), each)
    return list(programs.values())


def _list_filter_sets(read: ReadTable, bound: str) -> Iterator[FilterSet]:
    by_span: dict[tuple[int, int], list[Mention]] = defaultdict(list)
    for each in sorted(read.mentions, key=lambda mention: -mention.quality):
        if len(by_span[each.start, each.end]) < ALTERNATIVES:
            by_span[each.start, each.end].append(each)
    spans = sorted(by_span, key=lambda span: span[0] - span[1])[:5]
    keeps = [spans, *([s for s in spans if s != out] for out in spans if len(spans) > 1), []]
    limits: list[Limit | None] = [*_list_limits(read, bound), None]
    for keep in keeps:
        for filters in product(*(by_span[span] for span in keep)):
            rows = _pass_filters(read, filters)
            for limit in limits:
                passed = rows if limit is None else _pass_limit(read, limit, rows)
                if passed:
                    yield filters, limit, passed


def _pass_filters(read: ReadTable, filters: Sequence[Mention]) -> list[int]:
    """Rows that have, in each column that is named, one of the values that are."""
    by_column: dict[int, frozenset[int]] = {}
    for each in filters:
        by_column[each.column] = by_column.get(each.column, frozenset()) | each.rows
    rows = set(range(len(read.table.rows))) if filters else set(read.list_rows())
    for passed in by_column.values():
        rows &= passed
    return sorted(rows)


def _list_limits(read: ReadTable, bound: str) -> Iterator[Limit]:
    if bound == "none":
        return
    for place, number in read.numbers.items():
        for column, values in read.columns.items():
            limit = number
            if values.kind == "date":
                if not 1000 <= number <= 2200:
                    continue
                first = date(int(number), 1, 1).toordinal()
                limit = float(first if bound == "below" else first + 365)
            elif values.kind == "time":
                continue
            yield Limit(column, bound == "above", limit, place)


def _pass_limit(read: ReadTable, limit: Limit, rows: Sequence[int]) -> list[int]:
    """Rows on the right side of a limit; none where one stands on it: "from 3 on" may hold it."""
    values = read.columns[limit.column]
    if any(values.values[row] == limit.value for row in rows) and values.kind == "number":
        return []
    if any(row in values.unreadable for row in rows):
        return []
    return [
        row
        for row in rows
        if (own := values.values[row]) is not None and (own > limit.value) == limit.above
    ]


def _run_all(
    read: ReadTable, filters: tuple[Mention, ...], limit: Limit | None, rows: list[int]
) -> Iterator[Program]:
    """The programs over some rows."""
    if (filters or limit) and len(rows) <= MOST_LOOKED_UP:
        yield Program("lookup", -1, filters, limit, tuple(rows), tuple(rows), float(len(rows)))
    if filters or limit:
        counted = [row for row in rows if row != read.total]
        yield Program(
            "count", -1, filters, limit, tuple(counted), tuple(counted), float(len(counted))
        )
    for column, values in read.columns.items():
        if any(each.column == column for each in filters) or (limit and limit.column == column):
            continue
        own = [(values.values[row], row) for row in rows if row != read.total]
        known = [(value, row) for value, row in own if value is not None]
        lost = sum(row in values.unreadable for _, row in own)
        if len(known) < LEAST_COMPARED or lost * 10 > len(own):
            continue
        yield from _run_over(column, filters, limit, known, values, lost)


def _is_ranking(numbers: Sequence[float]) -> bool:
    """Whether numbers only count or rank the rows: 1, 2, 3 in any order, some left out or twice."""
    return (
        all(number == int(number) and number >= 1 for number in numbers)
        and len(set(numbers)) > 0.8 * len(numbers)
        and max(numbers) <= 1.3 * len(numbers) + 1
    )


def _run_over(
    column: int,
    filters: tuple[Mention, ...],
    limit: Limit | None,
    known: Sequence[tuple[float, int]],
    values: ColumnValues,
    lost: int,
) -> Iterator[Program]:
    """The programs over the values of a column."""
    rows = tuple(row for _, row in known)
    numbers = [value for value, _ in known]
    if _is_ranking(numbers):
        return  # the highest rank is the lowest number
    extremes = [("greatest", max(numbers)), ("least", min(numbers))]
    for operator, best in extremes[values.kind == "time" :]:  # the fastest has the least time
        chosen = tuple(row for value, row in known if value == best)
        if len(chosen) < len(known) and len(chosen) <= MOST_LOOKED_UP:
            yield Program(operator, column, filters, limit, rows, chosen, best)
    if lost or values.kind == "date" or values.is_year:
        return
    yield Program("sum", column, filters, limit, rows, rows, sum(numbers))
    yield Program("mean", column, filters, limit, rows, rows, sum(numbers) / len(numbers))
    named = [each for each in filters if sum(o.column == each.column for o in filters) > 1]
    if len(named) == len(known) == 2 and all(len(each.rows & set(rows)) == 1 for each in named):
        yield Program(
            "difference", column, filters, limit, rows, rows, abs(numbers[0] - numbers[1])
        )
