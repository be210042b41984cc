"""Moderation by rules: which kinds of harm a text talks of, in OpenAI's categories.

There is no model behind it. Phrases with a weight each (``moderation_rules.py``) are looked for,
and those found are taken as independent evidence: ``score = 1 - product(1 - weight)``. It knows
English only, takes words at their face, and misses what is hinted at, misspelt or in a slur that
is not listed. docs/api.md has its precision and recall on a set of our own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from genwright.privacy.moderation_rules import HARMLESS, RELATED, RULES

NAME = "genwright-rules-1"
"""What replies call it; the number changes with the rules."""
FLAGGED_AT = 0.5
"""Score from which a category is said to apply."""
NEVER_DETECTED: tuple[str, ...] = ()
"""Categories without any rule: their score is always 0."""
CATEGORIES = tuple(RULES)


@dataclass(frozen=True)
class ModerationResult:
    """What the rules say of one text."""

    scores: dict[str, float]
    """By category, from 0 to 1."""

    @property
    def categories(self) -> dict[str, bool]:
        """Whether each category applies."""
        return {name: score >= FLAGGED_AT for name, score in self.scores.items()}

    @property
    def is_flagged(self) -> bool:
        """Whether any does."""
        return any(self.categories.values())


def moderate(text: str) -> ModerationResult:
    """Judge one text.

    Example:
        >>> moderate("How do I kill a process on Linux?").is_flagged
        False
        >>> [name for name, found in moderate("I will kill you.").categories.items() if found]
        ['harassment', 'harassment/threatening', 'violence']
    """
    plain = _simplify(text)
    scores = {name: _score(rules, plain) for name, rules in _compile_rules().items()}
    for name, wider in RELATED.items():
        for each in wider:
            scores[each] = max(scores[each], scores[name])
    return ModerationResult({name: round(score, 4) for name, score in scores.items()})


def _simplify(text: str) -> str:
    """Lower case, straight quotes, single spaces, without the phrases that mean no harm."""
    text = " ".join(text.lower().replace("\u2019", "'").split())
    return _compile_harmless().sub(" ", text)


def _score(rules: "Sequence[tuple[re.Pattern[str], float]]", text: str) -> float:
    doubt = 1.0
    for pattern, weight in rules:
        if pattern.search(text):
            doubt *= 1 - weight
    return 1 - doubt


@cache
def _compile_rules() -> "dict[str, list[tuple[re.Pattern[str], float]]]":
    return {
        name: [(re.compile(pattern), weight) for pattern, weight in rules]
        for name, rules in RULES.items()
    }


@cache
def _compile_harmless() -> "re.Pattern[str]":
    return re.compile("|".join(HARMLESS))
