"""Which text of what was found goes into the prompt.

Able models get whole passages, in the order in which they answer the question and its parts. Where
the machine is too slow to read enough of them soon, they get the stretches that would be quoted,
whatever the time: with less there is nothing to answer from. Others lose their way between
passages: with SmolLM2-135M the best excerpt alone gave a higher answer recall than three whole
passages, in a fifth of the time (``docs/LOG.md``). So they get excerpts until these probably hold
the answer. All stop at a budget of tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from genwright.answers.findings import Findings
from genwright.answers.quotes.excerpts import LARGEST_GAP, Excerpt
from genwright.answers.quotes.quoting import lay_out, strip_links
from genwright.grounding.evidence import Evidence
from genwright.grounding.passages import ReadPassage

ENOUGH = 0.6
"""Excerpts are added until one of them holds the answer with this probability."""

ENOUGH_PASSAGES = 3
"""Who read so many passages and says that they do not tell is believed."""
MOST_PASSAGES = 8
"""Whole passages of a prompt."""
MOST_BETWEEN = 240
"""Characters between two stretches that a model reads, too."""

Count = Callable[[Sequence[str]], list[int]]
"""Lengths of texts in tokens."""


@dataclass(frozen=True)
class PromptContext:
    """Texts for the prompt, best first, and the evidence each of them was chosen for."""

    texts: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    left_out: int = 0
    """Passages that there was no room for."""

    @property
    def is_scarce(self) -> bool:
        """Whether so little had room that a reader who finds no answer in it proves nothing."""
        return bool(self.left_out) and len(self.texts) < ENOUGH_PASSAGES


def pack_excerpts(evidence: Sequence[Evidence], budget: int, count: Count) -> PromptContext:
    """The best spans that do not overlap, until they are enough; of the first at least a part.

    Args:
        evidence: Best first.
        budget: Most tokens of all of them together.
        count: Of the model that reads them.
    """
    chosen: list[Evidence] = []
    texts: list[str] = []
    missing, left = 1.0, budget
    for each in evidence:
        if missing <= 1 - ENOUGH:
            break
        if any(_is_overlapping(each, other) for other in chosen):
            continue
        text = _add_heading(each, each.text)
        left -= count([text])[0]
        if chosen and left < 0:
            break
        chosen.append(each)
        texts.append(text if left >= 0 else _cut(text, budget, count))
        missing *= 1 - each.score
    return PromptContext(tuple(texts), tuple(chosen))


def order_passages(findings: Findings) -> list[Evidence]:
    """The best unit of each passage that was read: those that answer best first.

    Of a question in parts, the best passage for each part comes right after the best for all of it.
    """
    lists = [findings.read, *findings.parts]
    heads = [each[0] for each in lists if each]
    ordered = {
        each.hit.passage: each for each in (*heads, *(one for some in lists for one in some))
    }
    return [_take_best(each) for each in ordered.values()]


def _take_best(read: ReadPassage) -> Evidence:
    unit, score = read.best, read.probability * read.best.score
    return Evidence(read.hit, unit.start, unit.end, unit.text, score, ())


def pack_passages(evidence: Sequence[Evidence], budget: int, count: Count) -> PromptContext:
    """Whole passages in the order of their best evidence that fit; at least a part of the first."""
    chosen: list[Evidence] = []
    texts: list[str] = []
    left, left_out = budget, 0
    for each in evidence:
        if len(chosen) == MOST_PASSAGES:
            break
        if any(each.hit.passage == other.hit.passage for other in chosen):
            continue
        text = _add_heading(each, each.hit.text)
        size = count([text])[0]
        if size > left:
            left_out += 1
            if chosen:
                continue
            rest = each.hit.text[each.start - each.hit.start :]
            text = _cut(_add_heading(each, rest), left, count)
            size = count([text])[0]
        chosen.append(each)
        texts.append(text)
        left -= size
    return PromptContext(tuple(texts), tuple(chosen), left_out)


def pack_quotable(
    excerpts: Sequence[Excerpt], evidence: Sequence[Evidence], room: int, soon: int, count: Count
) -> PromptContext:
    """The stretches that would be quoted, then the best of further passages that is read soon.

    Args:
        excerpts: Best first.
        evidence: The best of each passage, best first.
        room: Tokens that there are for all of them; of the first stretch at least a part.
        soon: Tokens that are read without a long wait.
        count: Of the model that reads them.
    """
    chosen: list[Evidence] = []
    texts: list[str] = []
    used = 0
    quoted = [
        Evidence(each.hit, each.start, each.end, lay_out(each), each.score, ())
        for each in _join_near(excerpts)
    ]
    for each in (*quoted, *evidence):
        if any(_is_overlapping(each, other) for other in chosen):
            continue
        text = _add_heading(each, each.text)
        size = count([text])[0]
        if used + size > (room if len(chosen) < len(quoted) else soon):
            if chosen:
                continue
            text = _cut(text, room, count)
            size = count([text])[0]
        chosen.append(each)
        texts.append(text)
        used += size
    return PromptContext(tuple(texts), tuple(chosen))


def _join_near(excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Stretches with little between them as one: what is missing may stand there."""
    joined: list[Excerpt] = []
    for each in excerpts:
        for place, other in enumerate(joined):
            if (whole := _join(other, each)) is not None:
                joined[place] = whole
                break
        else:
            joined.append(each)
    return joined


def _join(one: Excerpt, other: Excerpt) -> Excerpt | None:
    """Two stretches and what is between them; None where they are far apart, or not all is known.

    They may stand in two passages, one right after the other.
    """
    first, last = sorted((one, other), key=lambda each: each.start)
    known, more = first.hit, last.hit
    near = last.start - first.end <= MOST_BETWEEN and last.end > first.end
    inside = known.start <= first.start and last.end <= more.end and more.start <= last.start
    beside = known.passage == more.passage or 0 <= more.start - known.end <= LARGEST_GAP
    if known.document != more.document or not (near and inside and beside):
        return None
    if known.passage == more.passage:
        text = known.text[first.start - known.start : last.end - known.start]
    else:
        begun, rest = known.text[first.start - known.start :], more.text[: last.end - more.start]
        text = f"{begun}\n{rest}"
    return replace(first, end=last.end, text=text, score=max(one.score, other.score))


def _cut(text: str, budget: int, count: Count) -> str:
    """The longest beginning of a text that fits, at least one character."""
    if count([text])[0] <= budget:
        return text
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count([text[:middle]])[0] <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def _add_heading(evidence: Evidence, text: str) -> str:
    """A text under its document's title and headings, each said once; links without targets.

    A target has more tokens than the words of its link, and tells a model nothing.
    """
    title, section = evidence.hit.title, evidence.hit.section
    parts = dict.fromkeys(part for part in (title, *section.split(" > ")) if part)
    heading = strip_links(" > ".join(parts))
    text = strip_links(text)
    return f"[{heading}] {text}" if heading else text


def _is_overlapping(one: Evidence, other: Evidence) -> bool:
    return (
        one.hit.document == other.hit.document and one.start < other.end and other.start < one.end
    )
