"""The kinds of what a request wants, as people name them in settings, traces and feedback."""

from collections.abc import Mapping
from types import MappingProxyType

from genwright.errors import UsageError

MEANS: Mapping[str, str] = MappingProxyType({
    "fact": "a fact: a number, a date, a name, yes or no",
    "explanation": "an explanation",
    "how-to": "steps to do something",
    "comparison": "a comparison",
    "list": "a list",
    "summary-document": "a summary of a document",
    "summary-collection": "a summary of everything",
    "about-collection": "what documents there are",
    "instruction": "a text written for me",
    "smalltalk": "no answer from documents: a greeting, thanks",
})  # fmt: skip
"""What each kind is, for people."""
KINDS = tuple(MEANS)
SPECIAL = frozenset(KINDS[5:])
"""Kinds that are not answered by looking for passages: to take one by mistake is costly."""


def check_kind(name: str) -> None:
    """Refuse what is no kind.

    Raises:
        UsageError: There is no such kind; the message lists those there are.

    Example:
        >>> check_kind("list")
    """
    if name not in MEANS:
        raise UsageError(f"Expected what was wanted as one of {', '.join(KINDS)}; got {name!r}.")
