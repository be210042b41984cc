"""Whether letters that were typed say anything at all."""

from collections.abc import Collection

from genwright.embeddings import Embedder

SHORTEST_PIECES = 2.5
"""Letters of a piece, on average, up to which a text is of no language: the embedder's pieces are
those of words that are written, and between 3 and 5 letters long in every language it knows."""
LAST_ALPHABET = "\u0590"
"""Letters before it are of alphabets; those of others say more, and have shorter pieces."""


def is_gibberish(text: str, known: Collection[str], embedder: Embedder) -> bool:
    """Whether a text has no word that a document has, and falls apart where the embedder cuts it.

    Args:
        text: As typed.
        known: Those of its words that documents have.
        embedder: Knows how words are written.
    """
    letters = [char for char in text if char.isalpha()]
    if known or not letters or max(letters) >= LAST_ALPHABET:
        return False
    pieces = [text[start:end] for start, end in embedder.locate_tokens(text)]
    told = sum(any(map(str.isalpha, piece)) for piece in pieces)
    return len(letters) <= SHORTEST_PIECES * told
