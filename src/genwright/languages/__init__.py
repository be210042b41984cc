"""Languages: telling them apart, their stems and their function words.

Example:
    >>> from genwright.languages import stem_words
    >>> stem_words("Die Pumpen werden geölt", "de")
    'die pump werd geolt'
"""

from genwright.languages.detection import detect_document_language, detect_language
from genwright.languages.function_words import (
    LANGUAGES,
    choose_language,
    list_function_words,
)
from genwright.languages.stems import compute_stems_version, has_stems, stem_word, stem_words

__all__ = [
    "LANGUAGES",
    "choose_language",
    "compute_stems_version",
    "detect_document_language",
    "detect_language",
    "has_stems",
    "list_function_words",
    "stem_word",
    "stem_words",
]
