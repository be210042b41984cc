"""Evaluation sets in the forms the field publishes them in, read into plain values.

Example:
    >>> from genwright.evaluation.suites import SquadQuestion
    >>> SquadQuestion("q1", "Who?", "Article", 0, ("Ada",), (17,)).is_answerable
    True
"""

from genwright.evaluation.suites.beir import BeirSet, read_beir
from genwright.evaluation.suites.squad import SquadParagraph, SquadQuestion, SquadSet, read_squad

__all__ = [
    "BeirSet",
    "SquadParagraph",
    "SquadQuestion",
    "SquadSet",
    "read_beir",
    "read_squad",
]
