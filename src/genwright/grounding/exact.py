# ruff: noqa: RUF001 - the quotation marks, apostrophes and spaces people type are its subject
"""What a model misses and a rule sees: numbers, dates, names, negations and quotations of a claim.

Numbers are compared by value and unit (``grounding.quantities``); "more than 30" is said by a
source that has 34. English and German words of months and days are known; names are compared by
stem.
"""

import re
import unicodedata
from collections.abc import Iterable

from genwright.grounding import words
from genwright.grounding.quantities import Number, find_numbers

_MONTHS = (
    "january januar", "february februar", "march märz", "april", "may mai", "june juni",
    "july juli", "august", "september", "october oktober", "november", "december dezember",
)  # fmt: skip
_DAYS = (
    "monday montag", "tuesday dienstag", "wednesday mittwoch", "thursday donnerstag",
    "friday freitag", "saturday samstag sonnabend", "sunday sonntag",
)  # fmt: skip
_DATES = {
    word: name
    for names in (*_MONTHS, *_DAYS)
    for name in [names.split()[0]]
    for word in names.split()
}
_MORE = re.compile(
    r"(more than|over|above|at least|mehr als|über|mindestens)( the)?\s*[$€£]?$", re.I
)
_LESS = re.compile(
    r"(less than|fewer than|under|below|at most|up to|before|weniger als|unter|höchstens)"
    r"( the)?\s*[$€£]?$",
    re.I,
)
_NEARLY = re.compile(
    r"(about|around|nearly|almost|roughly|approximately|etwa|rund|fast)\s*[$€£]?$", re.I
)
_QUOTED = re.compile(r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|\"([^\"]+)\"|「([^「」]+)」")
_NEGATION = re.compile(
    r"\b(nicht|kein\w*|nie|niemals|nirgends|ohne|weder|jamais|aucun\w*|sans|nunca|ningun\w*|sin)\b"
    r"|\bn['’]|\bne\b.+\bpas\b|\bno\b|[不没沒未無无非]|ない|ません|않|없",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_RARELY_NAMES = frozenset("i he she they it we you mr mrs ms dr".split())


def find_missing_numbers(claim: str, source: str) -> int:
    """How many numbers of a claim no number of the source says.

    Example:
        >>> find_missing_numbers("More than 30 of 1.000, that is 3 %", "34 of 1,000 (3 in 100)")
        1
        >>> find_missing_numbers("It opens at 6 bar.", "It opens at 6 psi.")
        1
    """
    known = find_numbers(source)
    claimed = unicodedata.normalize("NFKC", claim)
    return sum(not _is_said(each, claimed, known) for each in find_numbers(claim))


def _is_said(number: Number, claim: str, known: Iterable[Number]) -> bool:
    before = claim[max(0, number.start - 20) : number.start]
    return any(_says(other, number, before) for other in known)


def _says(other: Number, number: Number, before: str) -> bool:
    """Whether a number of the source says one of the claim.

    Args:
        other: Of the source.
        number: Of the claim.
        before: What stands before that: it may be "more than".
    """
    if (number.percent and not other.percent) or (other.percent and number.units):
        return False
    if number.years:
        first, last = number.years
        if number.years == other.years or (
            not other.units and any(first <= year <= last for year in other.values)
        ):
            return True
    if other.years and not number.years:
        return False
    if number.ordinal and other.units:
        return False
    if other.ordinal and other.spelled and not number.ordinal:  # the third goal is not 3 goals
        return False
    return any(_agree(*values, before) for values in number.compare(other))


def _agree(mine: float, theirs: float, apart: float, before: str) -> bool:
    """Whether a value says no more than the source's does."""
    if _NEARLY.search(before):
        apart = max(apart, 0.1 * abs(theirs))
    if abs(mine - theirs) <= apart:
        return True
    return bool(_MORE.search(before) if theirs > mine else _LESS.search(before))


def find_dates(text: str) -> frozenset[str]:
    """Months and days of the week, by their English names.

    Example:
        >>> sorted(find_dates("Am ersten Montag im Mai it may rain"))
        ['may', 'monday']
    """
    tokens = _WORD.findall(text)
    return frozenset(
        _DATES[each.lower()] for each in tokens if each[0].isupper() and each.lower() in _DATES
    )


def find_missing_names(claim: str, source: str) -> float:
    """Share of a claim's capitalised words whose stem the source does not have; 0 without any.

    Example:
        >>> find_missing_names("The tower is by Gustave Eiffel.", "Eiffel built it")
        0.5
    """
    names = words.extract_names(claim) - _RARELY_NAMES
    said = source.lower()
    missing = [each for each in names - {*words.extract_content(source)} if each not in said]
    return len(missing) / len(names) if names else 0.0


def is_negated(text: str) -> bool:
    """Whether a text denies, in English, German, French, Spanish, Chinese, Japanese or Korean.

    Example:
        >>> is_negated("Er kam nicht."), is_negated("He came.")
        (True, False)
    """
    return words.has_negation(text) or bool(_NEGATION.search(text))


def has_changed_quote(claim: str, source: str) -> bool:
    """Whether something in quotation marks, of two words at least, is not in the source as such.

    Example:
        >>> has_changed_quote('He said “we will go”.', "He said: We will  go home")
        False
    """
    said = " ".join(source.casefold().split())
    quotes = (next(filter(None, found), "") for found in _QUOTED.findall(claim))
    bare = (" ".join(each.casefold().split()).strip(".,;!? ") for each in quotes)
    return any(" " in each and each not in said for each in bare)
