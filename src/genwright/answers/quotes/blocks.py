# ruff: noqa: RUF001 - colons of other scripts
"""How the units of a passage belong together: lists, blocks of code, tables, records of fields.

What is shown of a passage is not broken inside one of them.
"""

import re
from collections.abc import Sequence

from genwright.grounding.passages import Unit, weigh_unit
from genwright.retrieval import Hit

LONGEST_RECORD = 700
"""Characters of a record that is shown whole."""

ITEM = re.compile(r"\s*(?:[-*+•‣▪●]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s")
FENCE = re.compile(r"\s*(?:```|~~~)")
CODE = re.compile(r"(?: {4}|\t|>>> |\.\.\. |\$ )\S?")
"""A line of code without a fence, or of a session."""
TABLE = re.compile(r"\s*\|")
_SESSION = re.compile(r"\s*(?:\$|>>>|#>|%|PS>) \S")
_HEADING = re.compile(r"\s*#{1,6}\s|[^\n]+\n[ \t]*([=~^*\"#+-])\1{2,}[ \t]*\Z")
"""With its marks before it, or underlined."""
_RULE = re.compile(r"\s*\|[\s:|-]+\|?\s*$")
_FIELD = re.compile(
    r"\s*(?:[-*]\s+)?[\"']?[^\W\d][\w./\[\]@-]{0,60}[\"']?\s?[:：](?:\s|$)|\S+\[\d+\]\S*: "
)
_ELEMENT = re.compile(r"\S*?\[\d+\]")
"""Which element of a list a line tells of, where a file was flattened to paths."""


def is_heading(text: str) -> bool:
    r"""Whether a unit is a heading.

    Example:
        >>> is_heading("## Oil"), is_heading("Oil\n---"), is_heading("Use oil.")
        (True, True, False)
    """
    return bool(_HEADING.match(text))


def is_block(text: str) -> bool:
    """Whether line breaks mean something: in a list, a table, code, or a record of fields."""
    lines = text.splitlines()
    if any(ITEM.match(line) or FENCE.match(line) or TABLE.match(line) for line in lines):
        return True
    told = [line for line in lines if line.strip()]
    fields = sum(bool(_FIELD.match(line)) or line.count("; ") > 1 for line in told)
    return sum(bool(CODE.match(line)) for line in lines) > 1 or (
        len(told) > 1 and 2 * fields > len(told)
    )


def complete_block(hit: Hit, units: Sequence[Unit], first: int, last: int) -> tuple[int, int]:
    """A stretch of units with the whole of the lists, records and code that it touches.

    Args:
        hit: The passage.
        units: Of it, in order.
        first: Where the stretch begins.
        last: Where it ends.
    """
    first, last = _complete(units, first, last)
    begun, ended = find_record(hit, units, first), find_record(hit, units, last)
    whole = min(first, begun[0]), max(last, ended[1])
    if units[whole[1]].end - units[whole[0]].start <= LONGEST_RECORD:
        return whole
    return first, last


def _complete(units: Sequence[Unit], first: int, last: int) -> tuple[int, int]:
    fences = [place for place, unit in enumerate(units) if FENCE.match(unit.text)]
    for opened, closed in zip(fences[::2], fences[1::2], strict=False):
        if opened <= last and first <= closed:
            first, last = min(first, opened), max(last, closed)
    introduces = _announces(units[last])
    if introduces or any(ITEM.match(unit.text) for unit in units[first : last + 1]):
        while last + 1 < len(units) and _is_item(units[last + 1], units[last]):
            last += 1
        if introduces and last + 1 < len(units) and _goes_with(units[last + 1]):
            return _complete(units, first, last + 1)
        while first > 0 and ITEM.match(units[first].text) and _is_item(units[first - 1]):
            first -= 1
        if first > 0 and ITEM.match(units[first].text) and _introduces(units[first - 1]):
            first -= 1
    first, last = _complete_table(units, first, last)
    if first > 0 and FENCE.match(units[first].text) and _is_prose(units[first - 1]):
        first -= 1  # code is understood by the sentence before it
    return first, last


def _complete_table(units: Sequence[Unit], first: int, last: int) -> tuple[int, int]:
    """A stretch with the whole of a small table that it touches, never its rule without head."""
    begun, ended = first, last
    while begun > 0 and TABLE.match(units[begun].text) and TABLE.match(units[begun - 1].text):
        begun -= 1
    while ended + 1 < len(units) and TABLE.match(units[ended].text):
        if not TABLE.match(units[ended + 1].text):
            break
        ended += 1
    if units[ended].end - units[begun].start <= LONGEST_RECORD:
        return begun, ended
    ruled = first > 0 and _RULE.match(units[first].text)
    return (first - 1 if ruled else first), last


def _is_item(unit: Unit, beside: Unit | None = None) -> bool:
    """Whether a unit is an item that goes with a list; nothing but a link goes with such alone."""
    if not ITEM.match(unit.text):
        return False
    return weigh_unit(unit.text) == 1.0 or (beside is not None and weigh_unit(beside.text) < 1.0)


def _announces(unit: Unit) -> bool:
    return unit.text.rstrip().endswith((":", "：")) and not _FIELD.fullmatch(unit.text)


def _introduces(unit: Unit) -> bool:
    return unit.text.rstrip().endswith((":", "：")) and not is_heading(unit.text)


def _goes_with(unit: Unit) -> bool:
    """Whether a unit is what a colon before it announces, and no list."""
    return bool(FENCE.match(unit.text) or TABLE.match(unit.text) or CODE.match(unit.text))


def _is_prose(unit: Unit) -> bool:
    marked = FENCE.match(unit.text) or TABLE.match(unit.text) or is_heading(unit.text)
    return not marked and weigh_unit(unit.text) == 1.0


def find_code_after(units: Sequence[Unit], last: int) -> int:
    """The last unit of the block of code that follows a stretch at once, or of the stretch."""
    if last + 1 >= len(units) or not FENCE.match(units[last + 1].text):
        return last
    if sum(bool(FENCE.match(unit.text)) for unit in units[: last + 1]) % 2:
        return last
    closing = (n for n in range(last + 2, len(units)) if FENCE.match(units[n].text))
    return next(closing, len(units) - 1)


def find_code(units: Sequence[Unit]) -> frozenset[int]:
    """Places of the units that are code: between fences, or lines of a session.

    Where the first of an odd number of fences names no language, the passage begins within code.
    """
    fences = [unit.text.strip() for unit in units if FENCE.match(unit.text)]
    found, fenced = set(), len(fences) % 2 == 1 and set(fences[0]) <= {"`", "~"}
    for place, unit in enumerate(units):
        if FENCE.match(unit.text):
            fenced = not fenced
        elif fenced or _SESSION.match(unit.text):
            found.add(place)
    return frozenset(found)


def find_record(hit: Hit, units: Sequence[Unit], place: int) -> tuple[int, int]:
    """The first and last unit of the record that a unit tells of; itself where it is in none.

    A record is an item with all that is indented under it, in which fields stand, or lines of
    fields without a blank line between them, of one element of a list.

    Args:
        hit: The passage.
        units: Of it, in order.
        place: Of the unit.
    """
    found = _find_indented(hit, units, place)
    return found if found[0] < found[1] else _find_fields(hit, units, place)


def _find_indented(hit: Hit, units: Sequence[Unit], place: int) -> tuple[int, int]:
    depths = [_measure_indent(hit, unit) for unit in units]
    chosen, depth = (place, place), depths[place] + 1
    for opener in range(place, -1, -1):
        if depths[opener] >= depth:
            continue
        depth = depths[opener]
        if not ITEM.match(units[opener].text):
            continue
        last = opener
        while last + 1 < len(units) and depths[last + 1] > depth:
            last += 1
        if units[last].end - units[opener].start > LONGEST_RECORD:
            break
        if sum(bool(_FIELD.match(unit.text)) for unit in units[opener : last + 1]) > 1:
            chosen = opener, last
    return chosen


def _measure_indent(hit: Hit, unit: Unit) -> int:
    """Blanks before the first word on a unit's line; of one that begins within a line, many."""
    at = unit.start - hit.start
    line = hit.text[hit.text.rfind("\n", 0, at) + 1 : at]
    if line.strip():
        return 10**6
    return len(line) + len(unit.text) - len(unit.text.lstrip())


def _find_fields(hit: Hit, units: Sequence[Unit], place: int) -> tuple[int, int]:
    if not _FIELD.match(units[place].text):
        return place, place
    first = last = place
    while first > 0 and _is_beside(hit, units[first - 1], units[first]):
        first -= 1
    while last + 1 < len(units) and _is_beside(hit, units[last], units[last + 1]):
        last += 1
    long = units[last].end - units[first].start > LONGEST_RECORD
    return (place, place) if long else (first, last)


def _is_beside(hit: Hit, one: Unit, other: Unit) -> bool:
    """Whether two lines are fields of one record."""
    if not (_FIELD.match(one.text) and _FIELD.match(other.text)):
        return False
    if hit.text[one.end - hit.start : other.start - hit.start].count("\n") > 1:
        return False
    elements = [_ELEMENT.match(unit.text.lstrip()) for unit in (one, other)]
    return len({found and found.group() for found in elements}) == 1


def lacks_header(text: str) -> bool:
    """Whether a text begins within a table, without the head that names its columns."""
    lines = text.splitlines()
    inside = bool(lines) and bool(TABLE.match(lines[0]))
    return inside and not any(_RULE.match(line) for line in lines[1:3])


def find_header(before: str) -> str:
    r"""The first two lines of the table that a text ends in; empty where it does not.

    Example:
        >>> find_header("Oil\n| pump | grade |\n|---|---|\n| A | 46 |\n")
        '| pump | grade |\n|---|---|'
    """
    rows: list[str] = []
    for line in reversed(before.rstrip().splitlines()):
        if not TABLE.match(line):
            break
        rows.insert(0, line.strip())
    return "\n".join(rows[:2]) if len(rows) > 1 and _RULE.match(rows[1]) else ""
