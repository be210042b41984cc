"""What was found, as it was read: whether each passage answers a question, and where in it.

A passage is taken apart into units (a sentence, a list item, a line of a table or of code), and
each unit gets the probability that it belongs to the answer. What is shown is made of units.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from genwright.documents import split_sentences
from genwright.embeddings import Embedder
from genwright.grounding.calibration import load_calibration
from genwright.grounding.evidence import Evidence, estimate_answerability, find_evidence
from genwright.grounding.reading import PairReader, ReadText
from genwright.retrieval import Hit

NAVIGATION = 0.2
"""What counts of a unit that is nothing but links."""
POINTER = 0.4
"""What counts of a sentence that only says where more is said."""
_LINKED = re.compile(r"\[([^\[\]]*)\](?:\([^()\s]*\)|\[[^\[\]]*\])")
_PICTURE = re.compile(r"!\[[^\[\]]*\](?:\([^()]*\)|\[[^\[\]]*\])")
_REFERENCES = re.compile(r"(?:\|[^\W\d_][\w .-]*\|_{0,2}\s*)+|(?:\s*\[[^\[\]]+\]:\s*\S+)+\s*")
"""Names of pictures and targets of links that are defined elsewhere or here."""
_POINTS = re.compile(
    r"[\W_]*(?:(?:for|more)\b[^.,:;]{0,80},?\s)?(?:please\s+)?"
    r"(?:see|refer\s+to|consult|siehe|voir|consultez|véase|consulte|vedi|consultare|veja|zie|zob\.|см\.)"
    r"\s|[\W_]*(?:请?参见|请?参阅|另见)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S*(?:://|\]\(|[?&%]\w+=)\S*")
LONGEST_POINTER = 160
"""Characters; a longer sentence says something itself."""


@dataclass(frozen=True)
class Unit:
    """A sentence, list item or line of a passage."""

    start: int
    """First character in the document's text."""
    end: int
    text: str
    score: float
    """Probability that it belongs to the answer."""


@dataclass(frozen=True)
class ReadPassage:
    """A passage with what a reader made of it."""

    hit: Hit
    probability: float
    """That it answers the question."""
    units: tuple[Unit, ...]
    """In the document's order; those without a letter or digit are there, too."""
    rank: float = 0.0
    """What lists are sorted by: the probability, and how well the search found it; 0 to 1."""

    @property
    def best(self) -> Unit:
        """The unit that answers best."""
        return max(self.units, key=lambda unit: unit.score)


class PassageReader(Protocol):
    """Says of passages whether they answer a question, and which of their units do."""

    pairs: PairReader | None
    """The cross-encoder that it reads with; None where it reads by wording."""

    def read(
        self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]
    ) -> list[ReadPassage]:
        """Each hit as read, in the order given; hits without any unit are left out.

        Args:
            question: What is asked.
            hits: What was found.
            rarity: Inverse document frequency of the question's stems.
        """
        ...


class WordingReader:
    """Reads by wording and likeness of meaning, where the trained reader's model is not there.

    Args:
        embedder: Gives meaning to question and sentences.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.pairs: PairReader | None = None

    def read(
        self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]
    ) -> list[ReadPassage]:
        """See ``PassageReader.read``."""
        calibration = load_calibration()
        evidence = find_evidence(question, hits, self._embedder, rarity, calibration.evidence)
        read = []
        for hit in hits:
            own = [each for each in evidence if each.hit.passage == hit.passage]
            chance = estimate_answerability(question, own, rarity, calibration.answerable)
            scores = [(each.start, each.end, each.score) for each in own]
            if units := tuple(
                Unit(start, end, text, _find_score(start, end, scores))
                for start, end, text in split_units(hit)
            ):
                read.append(ReadPassage(hit, chance, units))
        return read


class TrainedReader:
    """Reads with the trained cross-encoder, in every language that its base knows.

    Args:
        reader: The cross-encoder.
    """

    def __init__(self, reader: PairReader) -> None:
        self.pairs: PairReader | None = reader
        self._reader = reader

    def read(
        self, question: str, hits: Sequence[Hit], rarity: Mapping[str, float]
    ) -> list[ReadPassage]:
        """See ``PassageReader.read``; the rarity of words is not asked for."""
        readings = self._reader.read(
            question, [ReadText(describe_place(hit), hit.text) for hit in hits]
        )
        read = []
        for hit, reading in zip(hits, readings, strict=True):
            if units := score_units(hit, reading.offsets, reading.marks.tolist()):
                best = max(units, key=lambda unit: unit.score / weigh_unit(unit.text))
                read.append(ReadPassage(hit, reading.probability * weigh_unit(best.text), units))
        return read


def describe_place(hit: Hit) -> str:
    """Title and headings of a passage, each once."""
    if not hit.section or hit.section.startswith(hit.title):
        return hit.section or hit.title
    return f"{hit.title} > {hit.section}"


def _find_score(start: int, end: int, scores: Sequence[tuple[int, int, float]]) -> float:
    """The best score of what lies over a unit."""
    return max((score for s, e, score in scores if s < end and start < e), default=0.0)


def split_units(hit: Hit) -> Iterator[tuple[int, int, str]]:
    """The units of a passage: start and end in the document's text, and the text between."""
    for start, end in split_sentences(hit.text):
        at = start
        lines = hit.text[start:end].splitlines(keepends=True)
        for line in lines if _is_laid_out(lines) else [hit.text[start:end]]:
            if line.strip():
                yield hit.start + at, hit.start + at + len(line.rstrip()), line.rstrip()
            at += len(line)


def _is_laid_out(lines: Sequence[str]) -> bool:
    """Whether line breaks mean something: rows of cells, or code; wrapped prose is one unit."""
    cells = sum(line.count(" | ") + line.count("; ") > 1 or ": " in line[:40] for line in lines)
    return len(lines) > 1 and 2 * cells >= len(lines)


def score_units(
    hit: Hit, offsets: Sequence[tuple[int, int]], marks: Sequence[float]
) -> tuple[Unit, ...]:
    """The units of a hit with the mean of their better half of marks.

    Args:
        hit: The passage.
        offsets: Where its tokens stand, in characters of its text.
        marks: Probability of each token that it belongs to the answer.
    """
    begins = np.array([begin for begin, _ in offsets] or [0])
    values = np.array([*marks] or [0.0])
    units = []
    for start, end, text in split_units(hit):
        first, last = np.searchsorted(begins, (start - hit.start, end - hit.start))
        own = np.sort(values[first:last])
        score = float(own[len(own) // 2 :].mean()) if len(own) else 0.0
        units.append(Unit(start, end, text, score * weigh_unit(text)))
    return tuple(units)


def weigh_unit(text: str) -> float:
    """How far a unit can be an answer by its form: links and pointers lead to answers.

    Example:
        >>> weigh_unit("3. [How do I oil it?](#q3)"), weigh_unit("Oil it with [this](oil.html).")
        (0.2, 1.0)
        >>> weigh_unit("See the section Oiling for details.")
        0.4
    """
    if _REFERENCES.fullmatch(text):
        return NAVIGATION
    plain, pictures = _PICTURE.subn(" ", text)
    bare = _LINKED.sub("", plain)
    linked = sum(len(found[1]) for found in _LINKED.finditer(plain))
    if linked > 0.6 * (linked + sum(map(str.isalpha, bare))):
        return NAVIGATION
    if pictures and not any(map(str.isalnum, bare)):
        return NAVIGATION
    # What is left of links that a passage was cut in is read by nobody.
    if len(_ADDRESS.sub("", plain)) < 0.4 * len(plain) and "](" in text:
        return NAVIGATION
    return POINTER if len(text) <= LONGEST_POINTER and _POINTS.match(text) else 1.0


def measure_substance(units: Sequence[Unit]) -> float:
    """The share of a passage's characters that can be an answer by their form."""
    total = sum(len(unit.text) for unit in units)
    return sum(len(unit.text) * weigh_unit(unit.text) for unit in units) / max(total, 1)


def list_evidence(read: Sequence[ReadPassage]) -> list[Evidence]:
    """Every unit of what was read as evidence, best first."""
    return sorted(
        (
            Evidence(each.hit, unit.start, unit.end, unit.text, each.probability * unit.score, ())
            for each in read
            for unit in each.units
            if any(map(str.isalnum, unit.text))
        ),
        key=lambda evidence: -evidence.score,
    )
