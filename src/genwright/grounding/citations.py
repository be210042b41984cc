"""Answers whose every sentence is tied to a place in a source."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from genwright.engines import TokenUsage
from genwright.retrieval import Hit
from genwright.types import Json


@dataclass(frozen=True)
class Citation:
    """A place in a document: ``quote`` is exactly its stored ``text[start:end]``."""

    document: int
    source: str
    page: int | None
    section: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class Sentence:
    """A sentence of an answer. ``support`` is the calibrated probability that its source says it.

    Without citations it is unsupported, and in the answer only where the settings keep such; or it
    is a remark, the program's own words about the documents, which no source need say.
    """

    text: str
    support: float
    citations: tuple[Citation, ...] = ()
    remark: bool = False
    before: str = " "
    """What parts it from the sentence before it: a blank, or line breaks around lists and code."""


@dataclass(frozen=True)
class Answer:
    """What came of a question."""

    answer: str
    """Its sentences; for a refusal, why there is none."""
    refused: bool
    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    """The passages it was made from; for a refusal, the nearest ones."""
    model: str
    """Who worded it: a chat model, or ``extractive`` where the words are the sources' own."""
    prompt_version: str
    """Empty where no chat model was asked."""
    answerable: float
    """Calibrated probability that the passages answer the question."""
    trace_id: str = ""
    usage: TokenUsage = field(default_factory=TokenUsage)
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds by step."""

    def json(self) -> Json:
        """As ``genwright ask --json`` prints it."""
        return {
            "answer": self.answer,
            "refused": self.refused,
            "sentences": [asdict(sentence) for sentence in self.sentences],
            "hits": [hit.json() for hit in self.hits],
            "model": self.model,
            "prompt_version": self.prompt_version,
            "answerable": round(self.answerable, 4),
            "trace_id": self.trace_id,
            "usage": {
                "prompt_tokens": self.usage.prompt_tokens,
                "completion_tokens": self.usage.completion_tokens,
            },
            "timings": {step: round(seconds, 4) for step, seconds in self.timings.items()},
        }


def join_sentences(sentences: Sequence[Sentence]) -> str:
    r"""The text of an answer.

    Example:
        >>> join_sentences([Sentence("Do this:", 1.0), Sentence("- oil it", 1.0, before="\n")])
        'Do this:\n- oil it'
    """
    first = sentences[:1]
    rest = (sentence.before + sentence.text for sentence in sentences[1:])
    return "".join([*(sentence.text for sentence in first), *rest])


OPENING_CHARACTERS = 200


def cite_opening(hit: Hit) -> Citation:
    """Cite how a passage begins, where a whole document is meant."""
    return cite(hit, hit.start, min(hit.end, hit.start + OPENING_CHARACTERS))


def cite(hit: Hit, start: int, end: int) -> Citation:
    """Cite characters ``start`` to ``end`` of a document, which lie inside a hit."""
    return Citation(
        document=hit.document,
        source=hit.source,
        page=hit.page,
        section=hit.section,
        start=start,
        end=end,
        quote=hit.text[start - hit.start : end - hit.start],
    )
