"""Answers as pages show them: sentences as HTML, citations as numbered chips."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from markupsafe import Markup

from genwright.answers.conversations import WITHHELD, ConversationTurn
from genwright.documents.quotations import is_quotation
from genwright.feedback import FeedbackEntry
from genwright.server.markdown import is_block, render_markdown
from genwright.types import Json

_BULLET = re.compile(r"\s*[-*•]\s+")
_NUMBER = re.compile(r"\s*(\d{1,9})[.)]\s+")
CONTAINERS = {"phrase": "p", "item": "ul", "step": "ol"}
"""By a sentence's form, the element that it shares with others of the same form."""


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
    form: str
    """``phrase``, ``item`` or ``step`` of a list, or ``block``: paragraphs, tables, code."""
    begins: bool
    """Whether it begins a paragraph, a list or a block, and does not go on with the one before."""
    step: int
    """Number of a step; else 0."""
    supported: bool
    """Whether a source says it, or it is the program's own remark."""
    withheld: bool
    remark: bool
    """Whether it is the program's own words."""
    quoted: bool
    """Whether a source says it in the same words."""
    chips: tuple[Chip, ...]

    @property
    def container(self) -> str:
        """The element that holds it and those that go on with it; empty for a block."""
        return CONTAINERS.get(self.form, "")


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
    by_model: bool = False
    """Whether a chat model was asked to word it."""

    @property
    def groups(self) -> list[Sequence[SentenceView]]:
        """The sentences by the paragraph, list or block that they are in."""
        return group_sentences(self.sentences)

    @property
    def wording(self) -> str:
        """Whose words what is cited is in: ``quoted``, ``worded``, ``both``, or empty."""
        cited = {each.quoted for each in self.sentences if each.chips and not each.withheld}
        if not self.by_model:  # lists of documents, for instance, are the program's
            return "quoted" if cited == {True} else ""
        if len(cited) == 2:
            return "both"
        return "" if not cited else "quoted" if True in cited else "worded"

    @property
    def unsupported_count(self) -> int:
        """How many sentences no source supports."""
        return sum(not each.supported and not each.withheld for each in self.sentences)


def format_label(place: Json) -> str:
    """Where a citation or hit points to: ``handbook.pdf, page 3``."""
    name = PurePath(place["source"]).name or place["source"]
    return f"{name}, page {place['page']}" if place.get("page") else name


def make_sentence_view(
    sentence: Json, numbers: ChipNumbers, above: SentenceView | None = None
) -> SentenceView:
    """A sentence as ``Answer.json`` gives it, below the one before it."""
    text, before = str(sentence["text"]), str(sentence.get("before", " "))
    remark, cited = bool(sentence.get("remark", False)), sentence["citations"]
    chips = tuple(numbers.make_chip(each) for each in cited)
    form, step, shown = _find_form(text, before if above else "\n")
    goes_on = above is not None and above.form == form != "block"
    apart = "\n\n" if form in ("item", "step") else "\n"
    return SentenceView(
        html=render_markdown(shown),
        form=form,
        begins=not goes_on or apart in before,
        step=step,
        supported=bool(chips) or remark,
        withheld=text == WITHHELD,
        remark=remark and not chips,
        quoted=is_quotation(text, *(str(each.get("quote") or "") for each in cited)),
        chips=chips,
    )


def _find_form(text: str, before: str) -> tuple[str, int, str]:
    """How a sentence is laid out, its number in a list, and its text without the list's mark."""
    if is_block(text):
        return "block", 0, text
    if "\n" in before and (bullet := _BULLET.match(text)):
        return "item", 0, text[bullet.end() :]
    if "\n" in before and (number := _NUMBER.match(text)):
        return "step", int(number[1]), text[number.end() :]
    return "phrase", 0, text


def make_sentence_views(
    sentences: Iterable[Json], numbers: ChipNumbers
) -> tuple[SentenceView, ...]:
    """The sentences of an answer, in order."""
    views: list[SentenceView] = []
    for each in sentences:
        views.append(make_sentence_view(each, numbers, views[-1] if views else None))
    return tuple(views)


def group_sentences(sentences: Iterable[SentenceView]) -> list[Sequence[SentenceView]]:
    """Sentences by the paragraph, list or block that they are in."""
    groups: list[list[SentenceView]] = []
    for each in sentences:
        if each.begins or not groups:
            groups.append([])
        groups[-1].append(each)
    return list(groups)


def make_turn_view(turn: ConversationTurn, given: FeedbackEntry | None = None) -> TurnView:
    """A turn with what its reader said of it."""
    answer, numbers = turn.answer, ChipNumbers()
    sentences: tuple[SentenceView, ...] = ()
    if answer is not None:
        sentences = make_sentence_views(answer["sentences"], numbers)
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
        by_model=bool(answer and answer.get("prompt_version")),
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
