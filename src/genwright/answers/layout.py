"""What a model writes, taken apart while it comes: sentences, items of lists, rows, blocks of code.

Each is checked on its own, and keeps the line breaks that part it from what stands before.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from genwright.documents import split_sentences

Form = Literal["prose", "item", "row", "heading", "code"]

_ITEM = re.compile(r"[ \t]*(?:[-*+•‣▪●]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))[ \t]+")
_NUMBER = re.compile(r"\d{1,3}(?=[.)])")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_ROW = re.compile(r"[ \t]*\|")
_RULE = re.compile(r"[ \t]*\|?[ \t:|-]*-[ \t:|-]*$")
_HEADING = re.compile(r"[ \t]*#{1,6}\s")
_INDENTED = re.compile(r"[ \t]{2,}\S")
_MARKER = re.compile(
    r"\s*(?:\[\d{1,2}(?:\s*,\s*\d{1,2})*\](?!\()|\((?:passages?|sources?)\s*\d[\d\s,and]*\))"
    r"(?=[\s.,;:!?)]|$)",
    re.IGNORECASE,
)
_DECORATION = re.compile(r"\*\*|__|`|^\s*#{1,6}\s+")


@dataclass(frozen=True)
class WrittenUnit:
    """One thing that was said."""

    text: str
    form: Form = "prose"
    before: str = " "
    """What parts it from what stands before it."""
    end: int = 0
    """Where it ends in what was written."""

    @property
    def is_introduction(self) -> bool:
        """Whether it says nothing but what follows: a heading, or a line before a list."""
        return self.form == "heading" or self.text.endswith((":", "\uff1a"))

    @property
    def claim(self) -> str:
        """Its words without what lays them out.

        Example:
            >>> WrittenUnit("2. **Oil** it.", "item").claim
            'Oil it.'
        """
        text = self.text
        if self.form == "row":
            lines = [line for line in text.splitlines() if not _RULE.fullmatch(line)]
            text = "; ".join(" ".join(cell.strip() for cell in row.split("|")) for row in lines)
        if self.form == "code":
            return " ".join(line for line in text.splitlines() if not _FENCE.match(line))
        bare = _ITEM.sub("", text, count=1) if self.form == "item" else text
        return " ".join(_DECORATION.sub("", bare).split())


class ListNumbers:
    """Counts the items of numbered lists that stay, where others between them are left out."""

    def __init__(self) -> None:
        self._said = self._shown = 0

    def place(self, unit: WrittenUnit, stays: bool) -> str:
        """The text of a unit; of an item that stays, with its number among those that stay.

        Example:
            >>> numbers = ListNumbers()
            >>> said = [WrittenUnit(f"{n}. Oil it.", "item") for n in (1, 2, 3)]
            >>> [numbers.place(each, stays) for each, stays in zip(said, (False, True, True))]
            ['1. Oil it.', '1. Oil it.', '2. Oil it.']
        """
        found = _NUMBER.match(unit.text) if unit.form == "item" else None
        if found is None:
            return unit.text
        number = int(found[0])
        if number != self._said + 1:  # another list begins
            self._shown = number - 1
        self._said = number
        self._shown += stays
        return f"{self._shown}{unit.text[found.end() :]}" if stays else unit.text


def split_written(text: str) -> list[WrittenUnit]:
    r"""The units of a text in Markdown; markers of sources, which prove nothing, are taken off.

    Example:
        >>> [unit.text for unit in split_written("Do this: oil it [1].\n- Wait.\n- Start.")]
        ['Do this: oil it.', '- Wait.', '- Start.']
    """
    units: list[WrittenUnit] = []
    at = 0
    for form, start, end in _list_stretches(text):
        gap = text[at:start]
        before = "\n\n" if gap.count("\n") > 1 else "\n" if "\n" in gap else " "
        last = units[-1] if units else None
        if form == "code" and last and last.form == "prose" and last.is_introduction:
            # Code and the line that says what it is for are one thing.
            said = f"{last.text}{before}{text[start:end]}"
            units[-1] = replace(last, text=said, form="code", end=end)
        else:
            units.append(WrittenUnit(_clean(text[start:end], form), form, before, end))
        at = end
    return [unit for unit in units if unit.text.strip()]


def _clean(text: str, form: Form) -> str:
    if form == "code":
        return text
    text = _MARKER.sub("", text)
    return text if form in ("item", "row") else " ".join(text.split())


def _list_stretches(text: str) -> Iterator[tuple[Form, int, int]]:
    """Form, start and end of each unit."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    place = 0
    while place < len(lines):
        form = _name_form(lines[place])
        if form is None:
            place += 1
            continue
        last = _find_last(lines, place, form)
        start, end = starts[place], starts[place] + len("".join(lines[place : last + 1]).rstrip())
        if form == "prose":
            for begin, stop in split_sentences(text[start:end]):
                yield form, start + begin, start + stop
        else:
            yield form, start, end
        place = last + 1


def _name_form(line: str) -> Form | None:
    """How a line is laid out; None for a blank one."""
    if not line.strip():
        return None
    if _FENCE.match(line):
        return "code"
    if _ROW.match(line):
        return "row"
    if _HEADING.match(line):
        return "heading"
    return "item" if _ITEM.match(line) else "prose"


def _find_last(lines: Sequence[str], place: int, form: Form) -> int:
    """The last line of what begins at a line."""
    if form == "code":
        closing = (n for n in range(place + 1, len(lines)) if _FENCE.match(lines[n]))
        return next(closing, len(lines) - 1)
    last = place
    while last + 1 < len(lines) and _continues(lines[last + 1], form, last > place):
        last += 1
    return last


def _continues(line: str, form: Form, begun: bool) -> bool:
    """Whether a line goes on with what stands before it."""
    own = _name_form(line)
    if form == "row":
        return own == "row" and not begun and bool(_RULE.fullmatch(line.strip()))
    if form == "item":
        return own == "prose" and bool(_INDENTED.match(line))
    return form == "prose" and own == "prose"
