"""Texts with the words of a query marked."""

import re

from markupsafe import Markup, escape

from genwright.retrieval.terms import extract_terms

MOST = 4000
"""Characters of a text that are shown."""


def mark_words(text: str, query: str) -> Markup:
    """A text with the words of a query in ``<mark>``, escaped.

    Example:
        >>> str(mark_words("Oil & water", "oil?"))
        '<mark>Oil</mark> &amp; water'
    """
    words = [phrase.strip('"') for phrase in extract_terms(query)] if query else []
    shown = text[:MOST]
    if not words:
        return escape(shown)
    # A word of the query also stands for its longer forms: pump, pumps, pumped.
    pattern = re.compile(
        r"\b(?:" + "|".join(re.escape(word[: max(4, len(word) - 2)]) for word in words) + r")\w*",
        re.IGNORECASE,
    )
    parts, end = [], 0
    for match in pattern.finditer(shown):
        parts += [escape(shown[end : match.start()]), Markup("<mark>{}</mark>").format(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(shown[end:])])
