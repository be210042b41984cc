"""Passages that follow headings, blocks and sentences."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from genwright.documents.base import Block, Extract, Kind, TextPassage
from genwright.documents.outline import Outline
from genwright.documents.sentences import split_sentences
from genwright.documents.splitters.base import Tokens, splitters
from genwright.documents.token_lengths import TokenMeasure


@dataclass(frozen=True)
class _Unit:
    """What is kept together: a block, or a sentence or line of one that is too long."""

    kind: Kind
    start: int
    end: int
    level: int = 0
    whole: bool = True
    """Whether it is a block of its own, which can still be cut."""


@splitters.register("structure")
class StructureSplitter:
    """Packs blocks to the token budget: headings with what they head, tables and code whole.

    A passage ends before a heading of the highest level that the document repeats, and before
    any heading once it is a third full. A block that fits no passage is cut at sentences, tables
    and code at lines, and only what is longer still at tokens. Passages do not overlap: their
    headings give the context that an overlap would.
    """

    def __init__(self, size: int, overlap: int = 0) -> None:
        self.size, self.overlap = size, overlap

    def split(self, extract: Extract, tokens: Tokens) -> list[TextPassage]:
        """Cut along the structure."""
        measure, outline = TokenMeasure(extract.text, tokens), Outline(extract)
        top = _find_top_level(extract.blocks)
        passages: list[TextPassage] = []
        group: list[_Unit] = []
        waiting = deque(_iter_units(extract))
        while waiting:
            unit = waiting.popleft()
            if group and self._ends_before(unit, group, measure, top):
                group = _close(group, outline, passages)
            held = measure.count(group[0].start, group[-1].end) if group else 0
            begin = group[0].start if group else unit.start
            if measure.count(begin, unit.end) <= self.size:
                group.append(unit)
            elif unit.whole and self._must_cut(unit, held, measure):
                waiting.extendleft(reversed(list(self._cut(unit, extract.text, measure))))
            else:
                rest = _close(group, outline, passages)
                if rest and measure.count(rest[0].start, unit.end) > self.size:
                    _flush(rest, outline, passages)
                    rest = []
                group = [*rest, unit]
        _flush(group, outline, passages)
        return passages

    def _ends_before(
        self, unit: _Unit, group: list[_Unit], measure: TokenMeasure, top: int
    ) -> bool:
        if unit.kind != "heading" or all(each.kind == "heading" for each in group):
            return False
        held = measure.count(group[0].start, group[-1].end)
        return unit.level <= top or held * 3 >= self.size

    def _must_cut(self, unit: _Unit, held: int, measure: TokenMeasure) -> bool:
        """A block is cut when it fits no passage, or when a small beginning would stand alone."""
        alone = measure.count(unit.start, unit.end)
        prose = unit.kind in ("paragraph", "list")
        return alone > self.size or (prose and 0 < held * 4 < self.size)

    def _cut(self, unit: _Unit, text: str, measure: TokenMeasure) -> Iterator[_Unit]:
        piece = text[unit.start : unit.end]
        spans = _split_lines(piece) if unit.kind in ("table", "code") else split_sentences(piece)
        for first, last in spans:
            begin, end = unit.start + first, unit.start + last
            while measure.count(begin, end) > self.size:
                cut = measure.find_end(begin, self.size, end)
                yield _Unit(unit.kind, begin, cut, unit.level, whole=False)
                begin = cut
            yield _Unit(unit.kind, begin, end, unit.level, whole=False)


def _iter_units(extract: Extract) -> Iterator[_Unit]:
    """The blocks, and what stands between them."""
    position = 0
    for block in extract.blocks:
        yield from _iter_between(extract.text, position, block.start)
        yield _Unit(block.kind, block.start, block.end, block.level)
        position = block.end
    yield from _iter_between(extract.text, position, len(extract.text))


def _iter_between(text: str, start: int, end: int) -> Iterator[_Unit]:
    if text[start:end].strip():
        yield _Unit("paragraph", start, end)


def _find_top_level(blocks: tuple[Block, ...]) -> int:
    """The highest heading level that occurs more than once: a single one is the title's."""
    levels = (block.level for block in blocks if block.kind == "heading")
    counts = Counter(levels)
    return min((level for level in counts if counts[level] > 1), default=0)


def _close(group: list[_Unit], outline: Outline, passages: list[TextPassage]) -> list[_Unit]:
    """End a passage; the headings at its end go with what comes next."""
    last = len(group)
    while last and group[last - 1].kind == "heading":
        last -= 1
    _flush(group[:last], outline, passages)
    return group[last:]


def _flush(group: list[_Unit], outline: Outline, passages: list[TextPassage]) -> None:
    if group:
        body = next((unit.start for unit in group if unit.kind != "heading"), group[-1].start)
        passage = outline.cut_passage(group[0].start, group[-1].end, body)
        if passage:
            passages.append(passage)


def _split_lines(text: str) -> list[tuple[int, int]]:
    spans, position = [], 0
    for line in text.split("\n"):
        if line.strip():
            spans.append((position, position + len(line)))
        position += len(line) + 1
    return spans
