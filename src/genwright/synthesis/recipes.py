"""Synthetic rows: each says so, and how it was made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from genwright.datasets import Dataset
from genwright.types import Json

MARK = "synthetic"
"""Field of a row that was made; the recipe it was made by."""


@dataclass(frozen=True)
class SynthesisResult:
    """What a synthesis came to."""

    dataset: Dataset
    tried: int
    dropped: dict[str, int] = field(default_factory=dict)
    """How many were left out, by reason."""

    def json(self) -> Json:
        """The numbers."""
        return {
            "rows": len(self.dataset),
            "form": self.dataset.form,
            "tried": self.tried,
            "dropped": dict(self.dropped),
            "sha256": self.dataset.sha256,
        }


def mark_synthetic(row: Json, recipe: str, **about: object) -> Json:
    """A row with its recipe, and in its lineage what it was made from.

    Example:
        >>> mark_synthetic({"text": "Hi"}, "paraphrase", model="m")
        {'text': 'Hi', 'synthetic': 'paraphrase', 'lineage': {'recipe': 'paraphrase', 'model': 'm'}}
    """
    return {**row, MARK: recipe, "lineage": {"recipe": recipe, **about}}


def is_synthetic(row: Json) -> bool:
    """Whether a row was made."""
    return bool(row.get(MARK))


class Sieve:
    """Keeps rows that are new enough, and counts what it leaves out.

    Two texts are the same where their words overlap by ROUGE-L of 0.7 and more, as Wang et al.
    2023 (Self-Instruct, arXiv:2212.10560, section 2.2) do it.

    Args:
        known: Texts that are there already, such as seeds.
        most: ROUGE-L from which on a text is too like one of them.
    """

    def __init__(self, known: Iterable[str] = (), most: float = 0.7) -> None:
        self._known = [_split_words(text) for text in known]
        self.most, self.dropped, self.tried = most, dict[str, int](), 0

    def drop(self, reason: str) -> None:
        """Count one that is left out, by its reason."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    def admit(self, text: str) -> bool:
        """Whether a text is unlike all that are known; if so, it is known from now on."""
        words = _split_words(text)
        if not words or any(rouge_l(words, other) >= self.most for other in self._known):
            self.drop("like another one")
            return False
        self._known.append(words)
        return True


def rouge_l(a: Sequence[str], b: Sequence[str]) -> float:
    """F-measure of the longest common subsequence of words (Lin 2004), 0 to 1.

    Example:
        >>> rouge_l("the cat sat".split(), "the dog sat".split())
        0.6666666666666666
    """
    if not a or not b:
        return 0.0
    if 2 * min(len(a), len(b)) / (len(a) + len(b)) < 0.5:  # can reach no more than this
        return 0.0
    row = [0] * (len(b) + 1)
    for word in a:
        before = 0
        for place, other in enumerate(b, 1):
            kept, row[place] = (
                row[place],
                before + 1 if word == other else max(row[place], row[place - 1]),
            )
            before = kept
    return 2 * row[-1] / (len(a) + len(b))


def _split_words(text: str) -> list[str]:
    return text.lower().split()
