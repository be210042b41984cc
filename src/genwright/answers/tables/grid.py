r"""The tables of a document's text, cell by cell, with their places.

Two forms are known: pipe tables of Markdown, as web pages and office files become, and the rows of
spreadsheets and CSV files, each a line that names its columns (see ``documents.tables``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_BAR = re.compile(r"(?<!\\)\|")
_MARKS = re.compile(r"\*\*|__|`|<br\s*/?>|\[\^?\d{1,2}\]")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
MOST_ROWS = 20_000
"""A table with more is not computed with: it would take seconds."""
LEAST_NAMED = 0.6
"""Of the first lines below a line of headers that must name a column of it."""


@dataclass(frozen=True)
class Cell:
    """What one row has in one column."""

    text: str
    """As it reads, without marks of emphasis and targets of links."""
    start: int
    """First character in the document's text."""
    end: int


@dataclass(frozen=True)
class Row:
    """A line of a table."""

    start: int
    end: int
    cells: tuple[Cell | None, ...]
    """One for each column; None where the line says nothing of it."""


@dataclass(frozen=True)
class Table:
    """Headers and rows, with where they stand."""

    start: int
    end: int
    headers: tuple[str, ...]
    head: str
    """The lines that name the columns, as they stand; empty where each row names them itself."""
    rows: tuple[Row, ...]

    def list_texts(self, column: int) -> list[str]:
        """What stands in a column, row by row; empty where nothing does."""
        return [cell.text if (cell := row.cells[column]) else "" for row in self.rows]


def find_tables(text: str) -> list[Table]:
    r"""Every table of a text, in order.

    Example:
        >>> [pumps] = find_tables("Oil\n\n| pump | grade |\n|---|---|\n| A | 46 |\n")
        >>> pumps.headers, pumps.list_texts(1)
        (('pump', 'grade'), ['46'])
        >>> find_tables("pump | grade\npump: A; grade: 46")[0].list_texts(0)
        ['A']
    """
    lines = list(_split_lines(text))
    tables: list[Table] = []
    place = 0
    while place + 1 < len(lines):
        found = None
        if "|" in lines[place][1]:
            found = _read_pipes(lines, place) or _read_named(lines, place)
        if found is None:
            place += 1
            continue
        table, place = found
        if len(table.rows) <= MOST_ROWS:
            tables.append(table)
    return tables


Line = tuple[int, str]
"""Where a line begins, and its text."""


def _split_lines(text: str) -> Iterator[Line]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _read_pipes(lines: Sequence[Line], place: int) -> tuple[Table, int] | None:
    """A pipe table whose headers stand at a place, and the place after it."""
    start, head = lines[place]
    rule = lines[place + 1][1]
    if "|" not in rule or not _RULE.fullmatch(rule):
        return None
    headers = tuple(cell.text for cell in _cut_cells(start, head))
    rows, end, after = [], lines[place + 1][0] + len(rule), place + 2
    while after < len(lines) and "|" in lines[after][1]:
        begin, line = lines[after]
        cells = [cell if cell.text else None for cell in _cut_cells(begin, line)][: len(headers)]
        end = begin + len(line.rstrip())
        first = begin + len(line) - len(line.lstrip())
        rows.append(Row(first, end, (*cells, *[None] * (len(headers) - len(cells)))))
        after += 1
    if not rows or len(headers) < 2:
        return None
    return Table(start, end, headers, f"{head.strip()}\n{rule.strip()}", tuple(rows)), after


def _cut_cells(start: int, line: str) -> list[Cell]:
    bars = [found.start() for found in _BAR.finditer(line)]
    edges = [-1, *bars, len(line)]
    pieces = [(a + 1, b) for a, b in pairwise(edges)]
    if line.lstrip().startswith("|"):
        pieces = pieces[1:]
    if line.rstrip().endswith("|") and len(pieces) > 1:
        pieces = pieces[:-1]
    return [_make_cell(line, start, first, last) for first, last in pieces]


def _make_cell(line: str, start: int, first: int, last: int) -> Cell:
    raw = line[first:last]
    inner = raw.strip()
    begin = start + first + (len(raw) - len(raw.lstrip()) if inner else 0)
    plain = _MARKS.sub(" ", _LINK.sub(r"\1", inner)).replace("\\|", "|")
    return Cell(" ".join(plain.split()), begin, begin + len(inner))


def _read_named(lines: Sequence[Line], place: int) -> tuple[Table, int] | None:
    """Rows that name their columns below a line of headers, and the place after them."""
    start, head = lines[place]
    headers = tuple(part.strip() for part in head.split(" | "))
    if len(headers) < 2 or not all(headers):
        return None
    rows, after = [], place + 1
    while after < len(lines) and lines[after][1].strip():
        begin, line = lines[after]
        cells = _read_named_cells(headers, begin, line)
        if cells is None:
            break
        rows.append(Row(begin, begin + len(line), cells))
        after += 1
    if not rows:
        return None
    return Table(start, rows[-1].end, headers, "", tuple(rows)), after


def _read_named_cells(
    headers: Sequence[str], start: int, line: str
) -> tuple[Cell | None, ...] | None:
    """The cells of ``a: 1; b: 2``; None where the line names no column first."""
    cells: list[Cell | None] = [None] * len(headers)
    column = next((n for n, head in enumerate(headers) if line.startswith(f"{head}: ")), None)
    if column is None:
        return None
    at = len(headers[column]) + 2
    while True:
        marks = [
            (found, next_column)
            for next_column in range(column + 1, len(headers))
            if (found := line.find(f"; {headers[next_column]}: ", at)) >= 0
        ]
        end, next_column = min(marks, default=(len(line), -1))
        cells[column] = _make_cell(line, start, at, end)
        if next_column < 0:
            return tuple(cells)
        column, at = next_column, end + len(headers[next_column]) + 4
