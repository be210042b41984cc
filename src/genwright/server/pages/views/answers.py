"""Answers as pages show them: sentences as HTML, citations as numbered chips."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

from markupsafe import Markup

from genwright.answers.conversations import WITHHELD, ConversationTurn
from genwright.feedback import FeedbackEntry
from genwright.server.markdown import is_block, render_markdown
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
class ChipNumbers:
    """Gives citations their numbers, the same place the same one, in order of appearance."""

    known: dict[tuple[int, int, int], Chip] = field(default_factory=dict)

    def make_chip(self, place: Json) -> Chip:
        """The chip of a citation or a hit."""
        key = place["document"], place["start"], place["end"]
        if key not in self.known:
            quote = str(place.get("quote") or place.get("text") or "")
            self.known[key] = Chip(len(self.known) + 1, *key, format_label(place), quote)
        return self.known[key]


@dataclass(frozen=True)
class SentenceView:
    """One sentence."""

    html: Markup
    block: bool
    """Whether it is paragraphs and not a phrase."""
    supported: bool
    """Whether a source says it, or it is the program's own remark."""
    withheld: bool
    chips: tuple[Chip, ...]


@dataclass(frozen=True)
class TurnView:
    """A question, or an answer with all that is shown of it."""

    id: int
    role: str
    text: str
    trace_id: str
    at: str
    refused: bool
    sentences: tuple[SentenceView, ...]
    sources: tuple[Chip, ...]
    """Everything cited; of a refusal, the nearest passages."""
    given: FeedbackEntry | None
    """What its reader last said of it."""

    @property
    def unsupported_count(self) -> int:
        """How many sentences no source supports."""
        return sum(not each.supported and not each.withheld for each in self.sentences)


def format_label(place: Json) -> str:
    """Where a citation or hit points to: ``handbook.pdf, page 3``."""
    name = PurePath(place["source"]).name or place["source"]
    return f"{name}, page {place['page']}" if place.get("page") else name


def make_sentence_view(sentence: Json, numbers: ChipNumbers) -> SentenceView:
    """A sentence as ``Answer.json`` gives it."""
    withheld = sentence["text"] == WITHHELD
    chips = tuple(numbers.make_chip(each) for each in sentence["citations"])
    text = sentence["text"]
    fine = bool(chips) or sentence.get("remark", False)
    block = is_block(text) or "\n" in sentence.get("before", " ")
    return SentenceView(render_markdown(text), block, fine, withheld, chips)


def make_turn_view(turn: ConversationTurn, given: FeedbackEntry | None = None) -> TurnView:
    """A turn with what its reader said of it."""
    answer, numbers = turn.answer, ChipNumbers()
    sentences: tuple[SentenceView, ...] = ()
    if answer is not None:
        sentences = tuple(make_sentence_view(each, numbers) for each in answer["sentences"])
        if answer["refused"]:
            for hit in answer["hits"]:
                numbers.make_chip(hit)
    return TurnView(
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


def make_turn_views(
    turns: Iterable[ConversationTurn], given: Iterable[FeedbackEntry]
) -> list[TurnView]:
    """Turns, oldest first.

    Args:
        turns: As the reader may see them.
        given: The reader's own feedback, newest first.
    """
    last: dict[str, FeedbackEntry] = {}
    for each in given:
        last.setdefault(each.trace_id, each)
    return [
        make_turn_view(turn, last.get(turn.trace_id) if turn.answer else None) for turn in turns
    ]
