"""Stems of words, by language: Snowball's (Porter 2001, http://snowball.tartarus.org/algorithms/).

English is stemmed by name only (``stem_word``): the keyword index has Porter's stemmer (Porter
1980) for it, and for texts whose language has no stemmer here or is not known.
"""

import re
import threading
import unicodedata
import zlib
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version
from typing import Any

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish",
}  # fmt: skip
"""Name of the Snowball stemmer of a language, by its ISO 639-1 code."""

PORTER = "porter"
"""In the place of a language: what SQLite's index makes of every word."""

RULES = 1
"""Raised when the rules of this file change, so that indexes are made anew."""

MARKS = "".join(filter(lambda mark: unicodedata.category(mark)[0] == "M", map(chr, range(0x1E00))))
"""Signs on letters; in many scripts, vowels."""

_WORD = re.compile(rf"[^\W\d_](?:[^\W_]+|[{MARKS}]+)*")
_CACHED = 100_000
_own = threading.local()


def has_stems(language: str) -> bool:
    """Whether the words of a language are stemmed here, and not by the keyword index alone."""
    return language in STEMMERS


@lru_cache(maxsize=_CACHED)
def stem_word(word: str, language: str) -> str:
    """A word's stem, in lower case.

    Args:
        word: One word, composed (NFC).
        language: A key of ``STEMMERS``, ``en`` or ``PORTER``.

    Example:
        >>> stem_word("Häuser", "de"), stem_word("taloissa", "fi"), stem_word("pumps", "en")
        ('haus', 'talo', 'pump')
    """
    name = PORTER if language == PORTER else STEMMERS.get(language, "english")
    return str(_load_stemmer(name).stemWord(word.lower()))


def stem_words(text: str, language: str) -> str:
    """A text with its words stemmed; as it is where the language has no stemmer.

    Example:
        >>> stem_words("Les pompes 12-A tournaient.", "fr")
        'le pomp 12-a tourn.'
    """
    if language not in STEMMERS:
        return text
    composed = unicodedata.normalize("NFC", text)
    return _WORD.sub(lambda match: stem_word(match[0], language), composed)


@lru_cache(maxsize=1)
def compute_stems_version() -> int:
    """A positive number that changes when words may get other stems; 31 bits."""
    told = f"{RULES} {version('snowballstemmer')}"
    return zlib.crc32(told.encode()) % (2**31 - 1) + 1


def _load_stemmer(name: str) -> Any:  # noqa: ANN401 - it has no type stubs
    """One for each thread: a stemmer keeps the word it is at in itself."""
    if not hasattr(_own, name):
        # By its class: where PyStemmer is installed, snowballstemmer.stemmer is that, and its
        # stems may be of another version.
        module = import_module(f"snowballstemmer.{name}_stemmer")
        setattr(_own, name, getattr(module, f"{name.title()}Stemmer")())
    return getattr(_own, name)
