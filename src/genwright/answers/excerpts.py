# ruff: noqa: RUF001 - colons and question marks of other scripts
"""Which stretches of what was read are shown: an answer as a whole, at the size that was asked for.

A stretch is a run of units of one passage. It is not broken inside a list, a table or a block of
code, begins with the line that introduces it, and small gaps between units that answer are filled.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genwright.grounding.passages import ReadPassage, Unit, split_units
from genwright.retrieval import Hit

KEEP = 0.5
"""A unit belongs to a stretch from so much of the best unit's score on."""
LEAST = 0.15
"""And from this probability on."""
RIVAL = {"same": 0.6, "other": 0.85}
"""A further passage is shown where it ranks so high relative to the best; one of another document,
which may be about something else, must rank higher."""
ADJACENT = 0.12
"""What a passage beside one that is shown is ahead by: what is explained goes on there."""
LARGEST_GAP = 8
"""Characters between two passages that follow one another."""
AFTER = 0.05
"""What the unit after a stretch is ahead of the one before it."""

_ITEM = re.compile(r"\s*(?:[-*+•‣▪●]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_CODE = re.compile(r"(?: {4}|\t|>>> |\.\.\. |\$ )\S?")
"""A line of code without a fence, or of a session."""
_CLOSING = re.compile(r"^\s*(?:```|~~~)[ \t]*$", re.MULTILINE)
_FENCE_LINE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)
_HEADING = re.compile(r"\s*#{1,6}\s")
_RULE = re.compile(r"\s*\|[\s:|-]+\|?\s*$")
_TABLE = re.compile(r"\s*\|")


@dataclass(frozen=True)
class Size:
    """How much an answer of a kind may be."""

    characters: int
    """Of all stretches together, about."""
    stretches: int
    least: int
    """A stretch is read with what stands around it until it has so many characters: a sentence
    alone often leaves out what it speaks of."""
    shown: int
    """Most characters of the answer, with the names of places and the heads of tables."""


SIZES = {
    "fact": Size(580, 2, 240, 690),
    "explanation": Size(1300, 3, 450, 1480),
    "how-to": Size(1300, 3, 450, 1480),
    "comparison": Size(1300, 3, 400, 1480),
    "list": Size(1300, 3, 450, 1480),
}
"""By kind of request; others are answered as an explanation is."""


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a passage."""

    hit: Hit
    start: int
    """First character in the document's text."""
    end: int
    text: str
    """As it stands in the document."""
    score: float
    """Probability that it answers."""
    header: str = ""
    """The head of the table whose rows it has, where that stands farther above."""

    @property
    def is_block(self) -> bool:
        """Whether its line breaks mean something: it is a list, a table or code."""
        lines = self.text.splitlines()
        marked = any(
            _ITEM.match(line) or _FENCE.match(line) or _TABLE.match(line) for line in lines
        )
        return marked or sum(bool(_CODE.match(line)) for line in lines) > 1


def choose_excerpts(read: Sequence[ReadPassage], size: Size) -> list[Excerpt]:
    """The stretches to show, best first; none where nothing was read.

    Args:
        read: Best first.
        size: Most of them, and most characters together.
    """
    chosen: list[Excerpt] = []
    waiting = list(read)
    left = size.characters
    while waiting and len(chosen) < size.stretches and left >= size.least // 2:
        each = max(waiting, key=lambda one: one.rank + ADJACENT * _is_beside(one.hit, chosen))
        waiting.remove(each)
        if chosen and each.rank < _find_least_rank(each, read[0], chosen):
            continue
        soft = left if chosen else max(left * 2 // 3, size.least)
        excerpt = _grow(each, soft, left, size.least)
        if chosen and (excerpt.end - excerpt.start > left or _repeats(excerpt, chosen)):
            continue
        chosen.append(excerpt)
        left -= excerpt.end - excerpt.start
    return _put_in_order(chosen)


def _is_beside(hit: Hit, chosen: Sequence[Excerpt]) -> bool:
    """Whether a passage follows or precedes one that is shown."""
    return any(
        hit.document == each.hit.document
        and min(abs(hit.start - each.hit.end), abs(each.hit.start - hit.end)) <= LARGEST_GAP
        for each in chosen
    )


def _put_in_order(chosen: Sequence[Excerpt]) -> list[Excerpt]:
    """The best first, each followed by those of its document, in that one's order."""
    documents = list(dict.fromkeys(each.hit.document for each in chosen))
    return sorted(chosen, key=lambda each: (documents.index(each.hit.document), each.start))


def _find_least_rank(each: ReadPassage, best: ReadPassage, chosen: Sequence[Excerpt]) -> float:
    same = each.hit.document == best.hit.document
    beside = ADJACENT * _is_beside(each.hit, chosen)
    return RIVAL["same" if same else "other"] * best.rank - beside


def _repeats(excerpt: Excerpt, chosen: Sequence[Excerpt]) -> bool:
    """Whether its words were shown already."""
    own = set(excerpt.text.lower().split())
    return any(len(own & set(other.text.lower().split())) > 0.8 * len(own) for other in chosen)


def _grow(read: ReadPassage, soft: int, most: int, least: int) -> Excerpt:
    """The stretch around the best unit of a passage.

    Args:
        read: The passage.
        soft: Characters that it grows to.
        most: Characters that it may have where a list or code is not to be broken.
        least: Characters that it has at least, where the passage has them.
    """
    units, seed = read.units, _find_seed(read)
    wanted = [unit.score >= max(KEEP * units[seed].score, LEAST) for unit in units]
    first = last = seed
    first, last = _complete(units, first, last)
    while True:
        grown = _step(units, wanted, first, last)
        if grown is None or units[grown[1]].end - units[grown[0]].start > soft:
            break
        first, last = grown
    first, last = _surround(units, first, last, least, soft)
    first, last = _fit(units, first, last, seed, most)
    return _cut(read, first, last)


def _find_seed(read: ReadPassage) -> int:
    """The best unit; what follows it where it is a heading, or the question in the source."""
    seed = read.units.index(read.best)
    while seed + 1 < len(read.units) and _asks(read.units[seed]):
        seed += 1
    return seed


def _asks(unit: Unit) -> bool:
    bare = unit.text.rstrip(" *_>")
    return bool(_HEADING.match(unit.text)) or bare.endswith(("?", "？"))


def _surround(
    units: Sequence[Unit], first: int, last: int, least: int, most: int
) -> tuple[int, int]:
    """The stretch with its likelier neighbours, until it has enough characters."""
    while units[last].end - units[first].start < least:
        ways = []
        if last + 1 < len(units):
            ways.append((units[last + 1].score + AFTER, (first, last + 1)))
        if first > 0 and not _HEADING.match(units[first - 1].text):
            ways.append((units[first - 1].score, (first - 1, last)))
        ways = [way for way in ways if units[way[1][1]].end - units[way[1][0]].start <= most]
        if not ways:
            break
        first, last = max(ways)[1]
    return first, last


def _step(
    units: Sequence[Unit], wanted: Sequence[bool], first: int, last: int
) -> tuple[int, int] | None:
    """The stretch with the next unit that answers, over a gap of one; None where there is none."""
    ways = []
    for gap in (1, 2):
        if last + gap < len(units) and wanted[last + gap]:
            ways.append((units[last + gap].score, (first, last + gap)))
        if first - gap >= 0 and wanted[first - gap]:
            ways.append((units[first - gap].score, (first - gap, last)))
        if ways:
            return _complete(units, *max(ways)[1])
    return None


def _complete(units: Sequence[Unit], first: int, last: int) -> tuple[int, int]:
    """The stretch with the whole of the lists and blocks of code that it touches."""
    fences = [place for place, unit in enumerate(units) if _FENCE.match(unit.text)]
    for opened, closed in zip(fences[::2], fences[1::2], strict=False):
        if opened <= last and first <= closed:
            first, last = min(first, opened), max(last, closed)
    introduces = units[last].text.rstrip().endswith((":", "："))
    if introduces or any(_ITEM.match(unit.text) for unit in units[first : last + 1]):
        while last + 1 < len(units) and _ITEM.match(units[last + 1].text):
            last += 1
        if introduces and last + 1 < len(units) and _goes_with(units[last + 1]):
            return _complete(units, first, last + 1)
        while first > 0 and _ITEM.match(units[first].text) and _ITEM.match(units[first - 1].text):
            first -= 1
        if first > 0 and _ITEM.match(units[first].text) and _introduces(units[first - 1]):
            first -= 1
    return first, last


def _goes_with(unit: Unit) -> bool:
    """Whether a unit is what a colon before it announces, and no list."""
    return bool(_FENCE.match(unit.text) or _TABLE.match(unit.text) or _CODE.match(unit.text))


def _introduces(unit: Unit) -> bool:
    return unit.text.rstrip().endswith((":", "：")) and not _HEADING.match(unit.text)


def _fit(units: Sequence[Unit], first: int, last: int, seed: int, most: int) -> tuple[int, int]:
    """The stretch without what is farthest from its best unit, until it fits."""
    while last > first and units[last].end - units[first].start > most:
        if last - seed >= seed - first:
            last -= 1
        else:
            first += 1
    return first, last


def _cut(read: ReadPassage, first: int, last: int) -> Excerpt:
    while first < last and _HEADING.match(read.units[first].text):
        first += 1
    start, end = read.units[first].start, read.units[last].end
    text = read.hit.text[start - read.hit.start : end - read.hit.start]
    return Excerpt(read.hit, start, end, text, read.probability)


def continue_block(excerpt: Excerpt, longer: Hit, most: int) -> Excerpt:
    """An excerpt with the rest of the list or block of code that its passage breaks off in.

    Args:
        excerpt: What is shown; it ends where its passage does.
        longer: Its passage with those after it, as one.
        most: Characters that it may grow to.
    """
    cut = excerpt.hit.end - longer.start
    rest = replace(longer, start=excerpt.hit.end, text=longer.text[cut:])
    end = excerpt.end
    if _is_open(excerpt.text) and (closed := _CLOSING.search(rest.text)):
        end = rest.start + closed.end()
        rest = replace(rest, start=end, text=rest.text[closed.end() :])
    for _, last, line in split_units(rest):
        if not _ITEM.match(line) or last - excerpt.start > most:
            break
        end = last
    if end - excerpt.start > most:
        return excerpt
    text = longer.text[excerpt.start - longer.start : end - longer.start]
    return replace(excerpt, hit=longer, end=end, text=text)


def drop_open_code(excerpt: Excerpt) -> Excerpt:
    """An excerpt without a block of code at its end that goes on where it does not."""
    if not _is_open(excerpt.text):
        return excerpt
    *_, last = _FENCE_LINE.finditer(excerpt.text)
    text = excerpt.text[: last.start()].rstrip()
    return replace(excerpt, end=excerpt.start + len(text), text=text) if text else excerpt


def _is_open(text: str) -> bool:
    return len(_FENCE_LINE.findall(text)) % 2 == 1


def drop_overlaps(excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Those that show something that none before them shows."""
    kept: list[Excerpt] = []
    for each in excerpts:
        if not any(
            each.hit.document == other.hit.document
            and each.start < other.end
            and other.start < each.end
            for other in kept
        ):
            kept.append(each)
    return kept


def lacks_header(excerpt: Excerpt) -> bool:
    """Whether an excerpt begins within a table, without the head that names its columns."""
    lines = excerpt.text.splitlines()
    inside = bool(lines) and bool(_TABLE.match(lines[0]))
    return inside and not any(_RULE.match(line) for line in lines[:3])


def find_header(before: str) -> str:
    r"""The first two lines of the table that a text ends in; empty where it does not.

    Example:
        >>> find_header("Oil\n| pump | grade |\n|---|---|\n| A | 46 |\n")
        '| pump | grade |\n|---|---|'
    """
    rows: list[str] = []
    for line in reversed(before.rstrip().splitlines()):
        if not _TABLE.match(line):
            break
        rows.insert(0, line.strip())
    return "\n".join(rows[:2]) if len(rows) > 1 and _RULE.match(rows[1]) else ""


def breaks_off(excerpt: Excerpt) -> bool:
    """Whether an excerpt ends with its passage and within a list or code, or announces one."""
    lines = excerpt.text.rstrip().splitlines() or [""]
    return excerpt.end >= excerpt.hit.end and (
        _is_open(excerpt.text)
        or lines[-1].endswith((":", "："))
        or any(_ITEM.match(line) for line in lines[-3:])
    )
