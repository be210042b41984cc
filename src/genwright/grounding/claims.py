"""A text as the claims it makes, and a text as something to check claims against."""

from genwright.documents import split_sentences
from genwright.grounding import words
from genwright.retrieval import Hit


def split_claims(text: str) -> list[str]:
    """The sentences of a text that claim something; a question goes with what answers it.

    Example:
        >>> split_claims("Who built it? Eiffel did. It is of iron.")
        ['Who built it? Eiffel did.', 'It is of iron.']
    """
    claims, start = [], None
    for first, last in split_sentences(text):
        start = first if start is None else start
        if text[first:last].rstrip().endswith(("?", "\uff1f")):
            continue
        if words.split_tokens(text[start:last]):
            claims.append(text[start:last])
        start = None
    if start is not None or not claims:
        claims.append(text[start or 0 :].strip())
    return claims


def make_hit(text: str, passage: int = 0) -> Hit:
    """A text that no search found, as a hit."""
    return Hit(passage, 0, "", "", "", None, 0, len(text), text, 0.0, {})
