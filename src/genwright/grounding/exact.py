# ruff: noqa: RUF001 - the quotation marks, apostrophes and spaces people type are its subject
"""What a model misses and a rule sees: numbers, dates, names, negations and quotations of a claim.

Numbers are compared by value: ``1,000``, ``1.000``, ``1 000`` and ``one thousand`` are one, and
"more than 30" is said by a source that has 34. English and German words of numbers, months and
days are known; names are compared by stem.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from genwright.grounding import words

_GROUPED = re.compile(r"\d{1,3}(?:[.,'’  \u2009]\d{3})+(?![\d.,]*\d)")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_TOKEN = re.compile(
    rf"({_GROUPED.pattern}|{_FIGURE.pattern})(\s?%|\s(?:percent|per cent|Prozent))?"
)
_ONES_EN = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen""".split()
_TENS_EN = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ONES_DE = """null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn
    fünfzehn sechzehn siebzehn achtzehn neunzehn""".split()
_TENS_DE = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_SCALES = {
    "hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "hundert": 100.0,
    "tausend": 1e3, "millionen": 1e6, "milliarde": 1e9, "milliarden": 1e9, "dozen": 12.0,
}  # fmt: skip
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
_ARTICLES = frozenset("a an one ein eine".split())
_RARELY_NAMES = frozenset("i he she they it we you mr mrs ms dr".split())


def _spell_numbers() -> dict[str, float]:
    """English and German words of 2 to 99; one is too often an article."""
    found = {word: float(n) for n, word in enumerate(_ONES_EN) if n != 1}
    found |= {word: float(n) for n, word in enumerate(_ONES_DE) if n != 1}
    for place, (english, german) in enumerate(zip(_TENS_EN, _TENS_DE, strict=True), start=2):
        found |= {english: 10.0 * place, german: 10.0 * place}
        found |= {f"{english}-{_ONES_EN[n]}": 10.0 * place + n for n in range(1, 10)}
        units = {n: _ONES_DE[n].removesuffix("s") if n == 1 else _ONES_DE[n] for n in range(1, 10)}
        found |= {f"{unit}und{german}": 10.0 * place + n for n, unit in units.items()}
    return found


_SPELLED = _spell_numbers()
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True)
class Number:
    """A number of a text, with each value that its form can mean."""

    values: frozenset[float]
    percent: bool
    start: int


@lru_cache(maxsize=4_000)
def find_numbers(text: str) -> tuple[Number, ...]:
    """Numbers in figures and words, in no certain order.

    Example:
        >>> [sorted(each.values) for each in find_numbers("1,083 of two million, or 3,5 %")]
        [[1083.0], [3.5], [2000000.0]]
    """
    text = unicodedata.normalize("NFKC", text)
    found = []
    for match in _TOKEN.finditer(text):
        values = _read_figures(match[1])
        after = (
            _WORD.match(text, match.end() + 1)
            if text[match.end() : match.end() + 1] in " -"
            else None
        )
        if after and (scale := _SCALES.get(after[0].lower())):
            values = {value * scale for value in values}
        found.append(Number(frozenset(values), bool(match[2]), match.start()))
    return (*found, *_find_spelled(text))


def _find_spelled(text: str) -> Iterator[Number]:
    place = 0
    while word := _WORD.search(text, place):
        place, spelled = word.end(), word[0].lower()
        value = _SPELLED.get(spelled)
        after = _WORD.match(text, place + 1)
        scale = _SCALES.get(after[0].lower()) if after else None
        if after and scale and (value or spelled in _ARTICLES):
            value, place = (value or 1.0) * scale, after.end()
        if value is not None:
            yield Number(frozenset([value]), False, word.start())


def _read_figures(figures: str) -> set[float]:
    bare = re.sub(r"\D", "", figures)
    if not re.search(r"\D", figures):
        return {float(bare)}
    values = {float(bare)} if _GROUPED.fullmatch(figures) else set()
    if re.fullmatch(r"\d+[.,]\d+", figures) and not (values and "," in figures):
        values.add(float(figures.replace(",", ".")))
    parts = re.fullmatch(r"([\d.,]+)[.,](\d+)", figures)
    if parts and not values:  # 1,234.5
        values.add(float(f"{re.sub(r'[^0-9]', '', parts[1])}.{parts[2]}"))
    return values or {float(bare)}


def find_missing_numbers(claim: str, source: str) -> int:
    """How many numbers of a claim no number of the source says.

    Example:
        >>> find_missing_numbers("More than 30 of 1.000, that is 3 %", "34 of 1,000 (3 in 100)")
        1
    """
    known = find_numbers(source)
    claimed = unicodedata.normalize("NFKC", claim)
    return sum(not _is_said(each, claimed, known) for each in find_numbers(claim))


def _is_said(number: Number, claim: str, known: Iterable[Number]) -> bool:
    before = claim[max(0, number.start - 20) : number.start]
    for other in known:
        if number.percent and not other.percent:
            continue
        for mine in number.values:
            for theirs in other.values:
                near = 0.1 * abs(theirs) if _NEARLY.search(before) else 0.0
                if abs(mine - theirs) <= near:
                    return True
                if (theirs > mine and _MORE.search(before)) or (
                    theirs < mine and _LESS.search(before)
                ):
                    return True
    return False


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
