# ruff: noqa: RUF001 - colons and question marks of other scripts
"""Which stretches of what was read are shown: an answer as a whole, at the size that was asked for.

A stretch is a run of units of one passage. It is not broken inside a list, a table or a block of
code, begins with the line that introduces it, and small gaps between units that answer are filled.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genwright.answers.quotes.blocks import (
    ITEM,
    complete_block,
    find_code_after,
    is_block,
    is_heading,
)
from genwright.grounding.passages import ReadPassage, Unit, split_units, weigh_unit
from genwright.retrieval import Hit

KEEP = 0.5
"""A unit belongs to a stretch from so much of the best unit's score on."""
LEAST = 0.15
"""And from this probability on."""
RIVAL = {"same": 0.6, "other": 0.85}
"""A further passage is shown where it ranks so high relative to the best; one of another document,
which may be about something else, must rank higher."""
SURE, RIVAL_OF_SURE = 0.9, 0.9
"""Where the best passage is so sure to state a fact, another must rank so high to add to it."""
ADJACENT = 0.12
"""What a passage beside one that is shown is ahead by: what is explained goes on there."""
LARGEST_GAP = 8
"""Characters between two passages that follow one another."""
AFTER = 0.05
"""What the unit after a stretch is ahead of the one before it."""
STRONG = 0.8
"""A unit of so much of the best one's score is shown though the stretch then leaves no room for
another, where no other passage ranks nearly as high."""
NEARLY = 0.85

_CLOSING = re.compile(r"^\s*(?:```|~~~)[ \t]*$", re.MULTILINE)
_FENCE_LINE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)


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
    is_fact: bool = False
    """Whether one place is enough."""


SIZES = {
    "fact": Size(580, 2, 240, 690, is_fact=True),
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
        """Whether its line breaks mean something: it is a list, a table, a record or code."""
        return is_block(self.text)


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
        if chosen and each.rank < _find_least_rank(each, read[0], chosen, size):
            continue
        soft = left if chosen else max(left * 2 // 3, size.least)
        rivals = any(other.rank >= NEARLY * each.rank for other in waiting)
        excerpt = _grow(each, soft, left, size.least, 2.0 if rivals else STRONG)
        if excerpt is None:
            continue
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


def _find_least_rank(
    each: ReadPassage, best: ReadPassage, chosen: Sequence[Excerpt], size: Size
) -> float:
    same = each.hit.document == best.hit.document
    beside = ADJACENT * _is_beside(each.hit, chosen)
    if best.probability >= SURE and size.is_fact:
        return RIVAL_OF_SURE * best.rank - beside
    return RIVAL["same" if same else "other"] * best.rank - beside


def _repeats(excerpt: Excerpt, chosen: Sequence[Excerpt]) -> bool:
    """Whether its words were shown already."""
    own = set(excerpt.text.lower().split())
    return any(len(own & set(other.text.lower().split())) > 0.8 * len(own) for other in chosen)


def _grow(read: ReadPassage, soft: int, most: int, least: int, strong: float) -> Excerpt | None:
    """The stretch around the best unit of a passage; None where that has nothing but headings.

    Args:
        read: The passage.
        soft: Characters that it grows to.
        most: Characters that it may have where a list or code is not to be broken.
        least: Characters that it has at least, where the passage has them.
        strong: Share of the best unit's score that another has where it may grow beyond ``soft``.
    """
    units, seed = read.units, _find_seed(read)
    if is_heading(units[seed].text):
        return None
    best = units[seed].score
    wanted = [unit.score >= max(KEEP * best, LEAST) for unit in units]
    first, last = complete_block(read.hit, units, seed, seed)
    while (grown := _step(read, wanted, first, last)) is not None:
        added = max(units[grown[0]].score, units[grown[1]].score)
        room = most if added >= strong * best else soft
        if _measure(read.hit, units, *grown) > room:
            break
        first, last = grown
    first, last = _surround(read, first, last, least, soft)
    last = _add_code(read.hit, units, first, last, most)
    first, last = _fit(read.hit, units, first, last, seed, most)
    return _cut(read, first, last)


def _measure(hit: Hit, units: Sequence[Unit], first: int, last: int) -> int:
    """Characters of a stretch, without the blanks of its layout."""
    text = hit.text[units[first].start - hit.start : units[last].end - hit.start]
    return len(" ".join(text.split()))


def _find_seed(read: ReadPassage) -> int:
    """The best unit; what follows it where it is a heading, or the question in the source."""
    telling = [unit for unit in read.units if any(map(str.isalnum, unit.text))] or read.units
    seed = read.units.index(max(telling, key=lambda unit: unit.score))
    while seed + 1 < len(read.units) and _asks(read.units[seed]):
        seed += 1
    return seed


def _asks(unit: Unit) -> bool:
    bare = unit.text.rstrip(" *_>")
    return is_heading(unit.text) or bare.endswith(("?", "？"))


def _surround(read: ReadPassage, first: int, last: int, least: int, most: int) -> tuple[int, int]:
    """The stretch with its likelier neighbours, until it has enough characters."""
    units = read.units
    while _measure(read.hit, units, first, last) < least:
        ways = []
        if last + 1 < len(units) and _may_surround(units[last + 1]):
            ways.append((units[last + 1].score + AFTER, (first, last + 1)))
        if first > 0 and _may_surround(units[first - 1]):
            ways.append((units[first - 1].score, (first - 1, last)))
        ways = [way for way in ways if _measure(read.hit, units, *way[1]) <= most]
        if not ways:
            break
        first, last = max(ways)[1]
    return first, last


def _may_surround(unit: Unit) -> bool:
    """Whether a unit says something beside another: no heading, no links alone."""
    return not is_heading(unit.text) and weigh_unit(unit.text) == 1.0


def _step(
    read: ReadPassage, wanted: Sequence[bool], first: int, last: int
) -> tuple[int, int] | None:
    """The stretch with the next unit that answers, over a gap of one; None where there is none."""
    units, ways = read.units, []
    for gap in (1, 2):
        if last + gap < len(units) and wanted[last + gap]:
            ways.append((units[last + gap].score, (first, last + gap)))
        if first - gap >= 0 and wanted[first - gap]:
            ways.append((units[first - gap].score, (first - gap, last)))
        if ways:
            return complete_block(read.hit, units, *max(ways)[1])
    return None


def _add_code(hit: Hit, units: Sequence[Unit], first: int, last: int, most: int) -> int:
    """The last unit of a stretch with the code that follows it, where there is room for it."""
    closed = find_code_after(units, last)
    return closed if _measure(hit, units, first, closed) <= most else last


def _fit(
    hit: Hit, units: Sequence[Unit], first: int, last: int, seed: int, most: int
) -> tuple[int, int]:
    """The stretch without what is farthest from its best unit, until it fits."""
    while last > first and _measure(hit, units, first, last) > most:
        if last - seed >= seed - first:
            last -= 1
        else:
            first += 1
    return first, last


def _cut(read: ReadPassage, first: int, last: int) -> Excerpt:
    while first < last and is_heading(read.units[first].text):
        first += 1
    while first < last and is_heading(read.units[last].text):
        last -= 1
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
        if not ITEM.match(line) or last - excerpt.start > most:
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


def breaks_off(excerpt: Excerpt) -> bool:
    """Whether an excerpt ends with its passage and within a list or code, or announces one."""
    lines = excerpt.text.rstrip().splitlines() or [""]
    return excerpt.end >= excerpt.hit.end and (
        _is_open(excerpt.text)
        or lines[-1].endswith((":", "："))
        or any(ITEM.match(line) for line in lines[-3:])
    )
