"""Passages of always the same number of tokens."""

from genwright.documents.base import Extract, TextPassage
from genwright.documents.outline import Outline
from genwright.documents.splitters.base import Tokens, splitters
from genwright.documents.token_lengths import TokenMeasure


@splitters.register("fixed")
class FixedSplitter:
    """Cuts every ``size`` tokens, wherever that is; neighbours share ``overlap`` tokens.

    The baseline that other splitters are compared with.
    """

    def __init__(self, size: int, overlap: int = 0) -> None:
        self.size, self.overlap = size, overlap

    def split(self, extract: Extract, tokens: Tokens) -> list[TextPassage]:
        """Cut the text at tokens."""
        measure, outline = TokenMeasure(extract.text, tokens), Outline(extract)
        passages: list[TextPassage] = []
        start, length = 0, len(extract.text)
        while start < length:
            end = measure.find_end(start, self.size, length)
            passage = outline.cut_passage(start, end)
            if passage:
                passages.append(passage)
            if end >= length:
                break
            start = max(start + 1, measure.find_start(end, self.overlap)) if self.overlap else end
        return passages
