"""What a search is asked and what it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from genwright.types import Json


@dataclass(frozen=True)
class Scope:
    """Where to search. The caller's rights are not here: they come with the store session."""

    collections: tuple[str, ...] = ()
    """Names of collections; empty for all."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """What a document carries: ``source`` (how it begins), ``format``, ``title``, or metadata."""
    without: tuple[int, ...] = ()
    """Documents to leave out, by id."""


EVERYWHERE = Scope()


@dataclass(frozen=True)
class Hit:
    """A passage, with where it stands and the scores that found it."""

    passage: int
    document: int
    source: str
    title: str
    section: str
    page: int | None
    start: int
    """First character in the document's text."""
    end: int
    """One past the last."""
    text: str
    score: float
    """What the list is sorted by; comparable within one search only."""
    scores: Mapping[str, float]
    """By origin: ``keyword`` (BM25, ≥ 0), ``vector`` (cosine), ``rerank`` where each applies."""

    def json(self) -> Json:
        """As ``search --json`` gives it."""
        return {
            "document": self.document,
            "source": self.source,
            "passage": self.passage,
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "page": self.page,
            "section": self.section,
            "score": self.score,
            "scores": dict(self.scores),
        }
