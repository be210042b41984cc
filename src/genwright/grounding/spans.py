"""Spans of what was found, which a claim can be supported by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genwright.documents import split_sentences
from genwright.retrieval import Hit


@dataclass(frozen=True)
class SupportSpan:
    """One sentence of a hit, or two neighbours."""

    hit: Hit
    start: int
    """First character in the document's text."""
    end: int
    text: str
    pair: bool = False


@dataclass(frozen=True)
class Support:
    """The span that supports a claim best, and the probability that it does."""

    span: SupportSpan
    probability: float
    others: tuple[SupportSpan, ...] = ()
    """Where no span supports all of it: those of the other parts of the claim."""

    @property
    def spans(self) -> tuple[SupportSpan, ...]:
        """All that are to be cited."""
        return self.span, *self.others


def list_support_spans(hits: Sequence[Hit]) -> list[SupportSpan]:
    """Every sentence of the hits, and every two neighbours of one passage."""
    return [span for hit in hits for span in _list_hit_spans(hit)]


def _list_hit_spans(hit: Hit) -> Iterator[SupportSpan]:
    found = [
        each for each in split_sentences(hit.text) if any(map(str.isalnum, hit.text[slice(*each)]))
    ]
    for place, (start, end) in enumerate(found):
        yield SupportSpan(hit, hit.start + start, hit.start + end, hit.text[start:end])
        if place + 1 < len(found):
            last = found[place + 1][1]
            yield SupportSpan(
                hit, hit.start + start, hit.start + last, hit.text[start:last], pair=True
            )
