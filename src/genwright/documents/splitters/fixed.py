"""Passages of always the same number of tokens."""

from genwright.documents.base import Extract, Passage
from genwright.documents.outline import Outline
from genwright.documents.splitters.base import Tokens, splitters
from genwright.documents.token_lengths import Measure


@splitters.register("fixed")
class FixedSplitter:
    """Cuts every ``size`` tokens, wherever that is; neighbours share ``overlap`` tokens.

    The baseline that other splitters are compared with.
    """

    def __init__(self, size: int, overlap: int = 0) -> None:
        self.size, self.overlap = size, overlap

    def split(self, extract: Extract, tokens: Tokens) -> list[Passage]:
        """Cut the text at tokens."""
        measure, outline = Measure(extract.text, tokens), Outline(extract)
        passages: list[Passage] = []
        start, length = 0, len(extract.text)
        while start < length:
            end = measure.after(start, self.size, length)
            passage = outline.passage(start, end)
            if passage:
                passages.append(passage)
            if end >= length:
                break
            start = max(start + 1, measure.before(end, self.overlap)) if self.overlap else end
        return passages
