"""Hits made by hand, for what works on hits and needs no store."""

from genwright.grounding.evidence import Evidence
from genwright.retrieval import Hit


def hit(text: str, *, passage: int = 1, document: int = 1, start: int = 0, **more) -> Hit:
    """A passage that begins at ``start`` of its document."""
    known = {"source": "/docs/a.md", "title": "", "section": "", "page": None, "score": 0.9}
    return Hit(
        passage=passage,
        document=document,
        start=start,
        end=start + len(text),
        text=text,
        scores={"vector": 0.6, "keyword": 5.0},
        **(known | more),
    )


def evidence(found: Hit, text: str, score: float = 0.9) -> Evidence:
    """A span of a hit, by its words."""
    start = found.start + found.text.index(text)
    return Evidence(found, start, start + len(text), text, score, (0.6, 0.5, 0.5, 0.5))
