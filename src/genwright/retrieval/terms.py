"""The words of a query as the keyword index knows them.

Passages are indexed by the stems of their document's language, so a query is stemmed by each
language that is searched: a word becomes a phrase for each stem that it has in one of them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from genwright.languages import (
    choose_language,
    has_stems,
    list_function_words,
    stem_word,
    stem_words,
)
from genwright.languages.stems import MARKS, PORTER
from genwright.storage.segment import segment, split_terms

MAX_TERMS = 64
"""Words of a query that are searched; a pasted page would otherwise match everything slowly."""

MAX_CHARACTERS = 20_000
"""Beginning of a query that is looked at."""

PLAIN = ""
"""Stands for English and all that has no stemmer of its own: the index stems it by itself."""

_WORD = re.compile(rf"[\w{MARKS}]+")


def extract_terms(query: str, languages: Sequence[str] = ()) -> list[str]:
    """The words of a query as FTS5 phrases, in order, without repeats or function words.

    Function words count only when a query has nothing else. A run of a script without spaces
    becomes a phrase for every two neighbours: a question is one run, and as one phrase it would
    only find itself (Nie et al. 2000, doi:10.1145/355214.355235).

    Args:
        query: Any text.
        languages: Codes of the languages of what is searched; none are as English. The stems of
            the query's own come first, where it is among them.

    Example:
        >>> extract_terms('What is the "BM25" of 北京市?')
        ['"BM25"', '"北 京"', '"京 市"']
        >>> extract_terms("Wann werden die Pumpen geölt?", ["de"])
        ['"pump"', '"geolt"']
    """
    words = list(dict.fromkeys(split_words(query)))
    own = choose_language([word.lower() for word in words], ["en", *languages])
    known = list_function_words(own)
    content = [word for word in words if word.lower() not in known] or words
    first = own if has_stems(own) else PLAIN
    stemmed = sorted(list_stemmed(languages), key=lambda each: each != first)
    found: dict[str, str] = {}
    for language in stemmed:
        for word in content[:MAX_TERMS]:
            for phrase in _split_phrases(word, language):
                found.setdefault(_index_term(phrase) if len(stemmed) > 1 else phrase, phrase)
    return [f'"{phrase}"' for phrase in found.values()][:MAX_TERMS]


def list_variants(word: str, languages: Sequence[str]) -> list[str]:
    """The phrases that a word of a text stands as in the index, one for each different stem.

    Example:
        >>> list_variants("Häuser", ["de", "en"])
        ['haus', 'Häuser']
    """
    found: dict[str, str] = {}
    stemmed = list_stemmed(languages)
    for language in stemmed:
        # Letters and digits only: a query has no syntax then.
        phrase = " ".join(split_words(split_terms(word, language)))
        found.setdefault(_index_term(phrase) if len(stemmed) > 1 else phrase, phrase)
    return [phrase for phrase in found.values() if phrase]


def list_stemmed(languages: Iterable[str]) -> list[str]:
    """The languages that have stems of their own, and ``PLAIN`` where there are others or none."""
    found = dict.fromkeys(each if has_stems(each) else PLAIN for each in languages)
    return list(found) or [PLAIN]


def split_words(text: str) -> list[str]:
    """Runs of letters, digits, and the marks on them, which are a part of many scripts' words."""
    composed = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    return [word for word in re.findall(_WORD, composed) if re.search(r"[^\W_]", word)]


def _split_phrases(word: str, language: str) -> list[str]:
    parts = segment(stem_words(word, language)).split()
    return [" ".join(pair) for pair in pairwise(parts)] or parts


@lru_cache(maxsize=10_000)
def _index_term(phrase: str) -> str:
    """What the index makes of a phrase: Porter's stem, without accents.

    Two phrases that it takes for one must not count twice.
    """
    apart = unicodedata.normalize("NFD", phrase.lower())
    return stem_word("".join(each for each in apart if not unicodedata.combining(each)), PORTER)
