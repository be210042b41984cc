"""In which language something is written.

py3langid (Lui, Baldwin 2012, aclanthology.org/P12-3005) over character n-grams; 97 languages.
"""

import math
from functools import lru_cache
from typing import Any

UNKNOWN = ""
LEAST_LETTERS = 3
FEWEST_LETTERS = 40
"""A document of fewer letters does not tell its language: it may be a list of names."""
SURE = 0.95
"""So likely must a document's language be."""
PIECES, PIECE = 3, 1200
"""How many pieces of a document are looked at, and how long each is, in characters."""


def detect_language(text: str, among: frozenset[str] = frozenset()) -> str:
    """The ISO 639-1 code of a text's language; empty where there is nothing to tell it by.

    Args:
        text: A sentence or more; a word or two is often taken for another language.
        among: Codes of the languages that it can be; empty for all that are known.

    Example:
        >>> detect_language("Wie oft muss das Öl gewechselt werden?")
        'de'
    """
    if sum(char.isalpha() for char in text) < LEAST_LETTERS:
        return UNKNOWN
    for code, score in _load_identifier().rank(text):
        if (not among or code in among) and score > float("-inf"):
            return str(code)
    return UNKNOWN


@lru_cache(maxsize=1)
def _load_identifier() -> Any:  # noqa: ANN401 - it has no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def detect_document_language(text: str) -> str:
    """The ISO 639-1 code of the language that most of a document is in; empty where none is sure.

    Looks at pieces from its beginning, middle and end: a foreign title page does not decide.
    """
    if len(text) <= PIECES * PIECE:
        sample = text
    else:
        step = (len(text) - PIECE) // (PIECES - 1)
        sample = "\n".join(text[i * step : i * step + PIECE] for i in range(PIECES))
    if sum(char.isalpha() for char in sample) < FEWEST_LETTERS:
        return UNKNOWN
    ranked = _load_identifier().rank(sample)
    best = float(ranked[0][1])
    likely = 1 / sum(math.exp(float(score) - best) for _, score in ranked)
    return str(ranked[0][0]) if likely >= SURE else UNKNOWN
