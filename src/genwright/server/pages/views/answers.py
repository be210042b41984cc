"""Answers as pages show them: sentences as HTML, citations as numbered chips."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from markupsafe import Markup

from genwright.answers.conversations import WITHHELD, Turn
from genwright.feedback import Given
from genwright.server.markdown import is_block, rendered
from genwright.types import Json


@dataclass(frozen=True)
class Chip:
    """A numbered link to a place in a source."""

    number: int
    document: int
    start: int
    end: int
    label: str
    """File, page and section, for people."""
    quote: str

    @property
    def href(self) -> str:
        """The page of the source, with the span marked."""
        return f"/sources/{self.document}?start={self.start}&end={self.end}#span"


@dataclass
class Numbers:
    """Gives citations their numbers, the same place the same one, in order of appearance."""

    known: dict[tuple[int, int, int], Chip] = field(default_factory=dict)

    def chip(self, place: Json) -> Chip:
        """The chip of a citation or a hit."""
        key = place["document"], place["start"], place["end"]
        if key not in self.known:
            quote = str(place.get("quote") or place.get("text") or "")
            self.known[key] = Chip(len(self.known) + 1, *key, label_of(place), quote)
        return self.known[key]


@dataclass(frozen=True)
class ShownSentence:
    """One sentence."""

    html: Markup
    block: bool
    """Whether it is paragraphs and not a phrase."""
    supported: bool
    withheld: bool
    chips: tuple[Chip, ...]


@dataclass(frozen=True)
class ShownTurn:
    """A question, or an answer with all that is shown of it."""

    id: int
    role: str
    text: str
    trace_id: str
    at: str
    refused: bool
    sentences: tuple[ShownSentence, ...]
    sources: tuple[Chip, ...]
    """Everything cited; of a refusal, the nearest passages."""
    given: Given | None
    """What its reader last said of it."""

    @property
    def unsupported(self) -> int:
        """How many sentences no source supports."""
        return sum(not each.supported and not each.withheld for each in self.sentences)


def label_of(place: Json) -> str:
    """Where a citation or hit points to: ``handbook.pdf, page 3``."""
    name = PurePath(place["source"]).name or place["source"]
    return f"{name}, page {place['page']}" if place.get("page") else name


def shown_sentence(sentence: Json, numbers: Numbers) -> ShownSentence:
    """A sentence as ``Answer.json`` gives it."""
    withheld = sentence["text"] == WITHHELD
    chips = tuple(numbers.chip(each) for each in sentence["citations"])
    text = sentence["text"]
    return ShownSentence(rendered(text), is_block(text), bool(chips), withheld, chips)


def shown_turn(turn: Turn, given: Given | None = None) -> ShownTurn:
    """A turn with what its reader said of it."""
    answer, numbers = turn.answer, Numbers()
    sentences: tuple[ShownSentence, ...] = ()
    if answer is not None:
        sentences = tuple(shown_sentence(each, numbers) for each in answer["sentences"])
        if answer["refused"]:
            for hit in answer["hits"]:
                numbers.chip(hit)
    return ShownTurn(
        id=turn.id,
        role=turn.role,
        text=turn.text,
        trace_id=turn.trace_id,
        at=turn.at,
        refused=bool(answer and answer["refused"]),
        sentences=sentences,
        sources=tuple(numbers.known.values()),
        given=given,
    )


def shown_turns(turns: Iterable[Turn], given: Iterable[Given]) -> list[ShownTurn]:
    """Turns, oldest first.

    Args:
        turns: As the reader may see them.
        given: The reader's own feedback, newest first.
    """
    last: dict[str, Given] = {}
    for each in given:
        last.setdefault(each.trace_id, each)
    return [shown_turn(turn, last.get(turn.trace_id) if turn.answer else None) for turn in turns]
