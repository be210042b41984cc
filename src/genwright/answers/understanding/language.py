"""In which language something is written.

py3langid (Lui, Baldwin 2012, aclanthology.org/P12-3005) over character n-grams; 97 languages.
"""

from functools import lru_cache
from typing import Any

UNKNOWN = ""
LEAST_LETTERS = 3


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
