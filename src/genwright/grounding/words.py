# ruff: noqa: RUF001 - the apostrophes people type are its subject
"""What a sentence is made of, as far as plain rules can tell: content words, numbers, names.

Words are compared by their English Snowball stem, of whatever language they are (Porter 2001,
http://snowball.tartarus.org/algorithms/). Scripts written without spaces are taken by character.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from genwright.languages import stem_word
from genwright.storage.segment import segment

_WORD = re.compile(r"[^\W_]+(?:[.,:/][0-9]+)*(?:['’][^\W\d_]+)?")
_FUNCTION_WORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being between
    both but by can could d did do does doing done down during each few for from further get
    gets got had has have having he her hers him his how i if in into is it its itself just ll
    may me might more most much must my name no nor not of off on once only or other our ours
    out over own re s same she should so some such t than that the their theirs them themselves
    then there these they this those through to too under until up upon us ve very was we were
    what when where which while who whom whose why will with would you your yours""".split()
)
_NUMBER_WORDS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety
    hundred thousand million billion half third quarter dozen first second""".split()
)
_DATE_WORDS = frozenset(
    """january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday century decade""".split()
)
_NEGATIONS = frozenset("no not never none nor neither without cannot nobody nothing hardly".split())
_YEAR = re.compile(r"[12]\d{3}s?")
_CACHED_WORDS = 50_000
_CACHED_TEXTS = 4_000
"""Enough for the sentences of one question's hits, which are looked at from many sides."""


@lru_cache(maxsize=_CACHED_TEXTS)
def split_tokens(text: str) -> tuple[str, ...]:
    """Words and numbers in order, as written.

    Example:
        >>> split_tokens("Mr. Eiffel's tower: 1,083 feet (北京)")
        ('Mr', "Eiffel's", 'tower', '1,083', 'feet', '北', '京')
    """
    return tuple(_WORD.findall(segment(unicodedata.normalize("NFC", text))))


@lru_cache(maxsize=_CACHED_TEXTS)
def extract_content(text: str) -> tuple[str, ...]:
    """Stems of the words that carry meaning, in order; function words are left out.

    Example:
        >>> extract_content("The pumps were oiled by the engineer's men")
        ('pump', 'oil', 'engin', 'men')
    """
    return tuple(stem(word) for word in split_tokens(text) if not _is_function(word))


def _is_function(word: str) -> bool:
    """Whether a word only holds others together; ``US``, ``IT`` and ``WHO`` are names."""
    return word.lower() in _FUNCTION_WORDS and (len(word) == 1 or not word.isupper())


@lru_cache(maxsize=_CACHED_WORDS)
def stem(word: str) -> str:
    """A word's stem, lower-case, without a possessive ending."""
    bare = word.lower().replace("’", "'").removesuffix("'s")
    return stem_word(bare, "en")


@lru_cache(maxsize=_CACHED_TEXTS)
def extract_numbers(text: str) -> frozenset[str]:
    """Numbers, in figures or words, without separators of thousands.

    Example:
        >>> sorted(extract_numbers("Two of 1,083 in 1889"))
        ['1083', '1889', 'two']
    """
    words = (word.lower() for word in split_tokens(text))
    return frozenset(
        word.replace(",", "") for word in words if word[0].isdigit() or word in _NUMBER_WORDS
    )


@lru_cache(maxsize=_CACHED_TEXTS)
def extract_names(text: str) -> frozenset[str]:
    """Stems of capitalised words that do not merely begin a sentence.

    Example:
        >>> sorted(extract_names("The tower is by Gustave Eiffel."))
        ['eiffel', 'gustav']
    """
    words = split_tokens(text)
    return frozenset(
        stem(word)
        for place, word in enumerate(words)
        if word[0].isupper()
        and not _is_function(word)
        and (place > 0 or word[1:] != word[1:].lower())
    )


def has_date(words: Iterable[str]) -> bool:
    """Whether a year, a month, a day of the week or a span of years is among the words."""
    return any(_YEAR.fullmatch(word) or word.lower() in _DATE_WORDS for word in words)


def has_negation(text: str) -> bool:
    """Whether a text has a word that denies."""
    return any(
        word.lower() in _NEGATIONS or word.lower().replace("’", "'").endswith("n't")
        for word in split_tokens(text)
    )


def pair_neighbors(words: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Neighbours, in order.

    Example:
        >>> sorted(pair_neighbors(("a", "b", "c")))
        [('a', 'b'), ('b', 'c')]
    """
    return frozenset(pairwise(words))
