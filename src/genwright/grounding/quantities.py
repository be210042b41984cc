# ruff: noqa: RUF001 - the apostrophes and spaces people type are its subject
"""The numbers of a text by value: in figures and words, with their unit, as ordinals and decades.

``1,000``, ``1.000``, ``1 000`` and ``one thousand`` are one, and so are 1 km and 1,000 m, ``3rd``
and ``third``. English and German words are known. Marks of citations such as ``[1]`` and the
numbers that lines of lists begin with count nothing, and are left out.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from genwright.grounding.units import LEAST_APART, MONEY, MeasuringUnit, align, find_unit

_GROUPED = re.compile(r"\d{1,3}(?:[.,'’  \u2009]\d{3})+(?![\d.,]*\d)")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_TOKEN = re.compile(
    rf"({_GROUPED.pattern}|{_FIGURE.pattern})(\s?%|\s(?:percent|per cent|Prozent)\b)?"
)
_DECADE = re.compile(r"(?:['’]?s|er(?:n|\b| Jahre\w*))(?![^\W_])")
_NAMED = re.compile(r"(?:\b(?:the|early|mid|late|den|die)[\s-]|['’])$", re.I)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b|\.(?=\s(?:Jahrhundert|Jh\b|Jahrtausend))")
_CENTURY = re.compile(r"[\s-](?:century|Jahrhunderts?|Jh\.)", re.I)
_MARKS = re.compile(r"\[\d+(?:\s?[,;–-]\s?\d+)*\]|(?m:^)\s*(?:[-*]\s)?\(?\d{1,2}[.)](?=\s)")
_SCALES = {
    "hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "hundert": 100.0, "tausend": 1e3, "millionen": 1e6, "milliarde": 1e9, "milliarden": 1e9,
    "billionen": 1e12, "dozen": 12.0, "bn": 1e9, "mio": 1e6, "mrd": 1e9,
}  # fmt: skip
_MONEY_SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "t": 1e12}
"""What a single letter means after an amount of money: $5m."""
_ONES_EN = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen""".split()
_TENS_EN = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ONES_DE = """null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn
    fünfzehn sechzehn siebzehn achtzehn neunzehn""".split()
_TENS_DE = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
_ORDINALS_EN = """second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    twenty-first""".split()
_ORDINALS_DE = """zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte
    dreizehnte vierzehnte fünfzehnte sechzehnte siebzehnte achtzehnte neunzehnte zwanzigste
    einundzwanzigste""".split()
_ARTICLES = frozenset("a an one ein eine".split())
_PARTED = re.compile(r"\b(?:an?|one|two|per|every|split|ein|zwei|pro)[\s-]$", re.I)
"""Before "third" and "second": a part of something, or of a minute, and no place in a row."""
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LOOK_BACK = 20


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


def _spell_ordinals() -> dict[str, float]:
    """Words of second to twenty-first; first is too often an adverb."""
    found = {word: float(n) for n, word in enumerate(_ORDINALS_EN, start=2)}
    for n, word in enumerate(_ORDINALS_DE, start=2):
        found |= {f"{word}{ending}": float(n) for ending in ("", "n", "r", "s", "m")}
    return found


_SPELLED = _spell_numbers()
_ORDINALS = _spell_ordinals()


@dataclass(frozen=True)
class Number:
    """A number of a text, with each value that its form can mean."""

    values: frozenset[float]
    percent: bool
    start: int
    units: frozenset[MeasuringUnit] = frozenset()
    """What it can count; empty where that is not known."""
    ordinal: bool = False
    """Whether it is a place in a row: "3rd", "third"."""
    spelled: bool = False
    """Whether it is in words."""
    years: tuple[float, float] | None = None
    """First and last year of a decade or century."""

    def compare(self, other: "Number") -> Iterator[tuple[float, float, float]]:
        """Values of this and of another in one unit, and how far the same may be apart.

        A number without a known unit is compared with each as it is; with one that counts
        something else there is nothing to compare.

        Example:
            >>> [one], [other] = find_numbers("9 km"), find_numbers("9 kg")
            >>> list(one.compare(other))
            []
        """
        for mine in self.values:
            for theirs in other.values:
                if self.units and other.units:
                    yield from align(mine, self.units, theirs, other.units)
                else:
                    yield mine, theirs, LEAST_APART * abs(mine)


@lru_cache(maxsize=4_000)
def find_numbers(text: str) -> tuple[Number, ...]:
    """Numbers in figures and words, in no certain order.

    Example:
        >>> [sorted(each.values) for each in find_numbers("1,083 of two million, or 3,5 %")]
        [[1083.0], [3.5], [2000000.0]]
    """
    text = _MARKS.sub(lambda found: " " * len(found[0]), unicodedata.normalize("NFKC", text))
    figures = [_read_figure(text, match) for match in _TOKEN.finditer(text)]
    return (*figures, *_find_spelled(text))


def _read_figure(text: str, match: re.Match[str]) -> Number:
    values, end = _read_values(match[1]), match.end()
    before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
    bare = not match[2] and not re.search(r"\D", match[1])
    if bare and (years := _name_decade(match[1], before, text[end : end + 16])):
        return Number(frozenset(values), False, match.start(), years=years)
    if bare and (ordinal := _ORDINAL.match(text, end)):
        years = _name_century(text, ordinal.end(), values)
        return Number(frozenset(values), False, match.start(), ordinal=True, years=years)
    units = find_unit(text[end : end + 40], before)
    paid = any(unit.dimension.startswith(MONEY) for unit in units) and bool(find_unit("", before))
    after = _WORD.match(text, end + (text[end : end + 1] in (" ", "-")))
    scale = None
    if after:
        word = after[0].lower()
        scale = _SCALES.get(word) or (_MONEY_SCALES.get(word) if paid else None)
    if after and scale:
        values = {value * scale for value in values}
        units = find_unit(text[after.end() : after.end() + 40], before)
    return Number(frozenset(values), bool(match[2]), match.start(), units)


def _name_decade(figures: str, before: str, after: str) -> tuple[float, float] | None:
    """The years of 1990s, 1900s, 1990er and the 90s."""
    if figures[-1] != "0" or not _DECADE.match(after):
        return None
    if len(figures) == len("1990"):
        return float(figures), float(figures) + (99 if figures.endswith("00") else 9)
    if len(figures) == len("90") and _NAMED.search(before):
        return 1900 + float(figures), 1909 + float(figures)
    return None


def _find_spelled(text: str) -> Iterator[Number]:
    place = 0
    while word := _WORD.search(text, place):
        place, spelled = word.end(), word[0].lower()
        value = _SPELLED.get(spelled)
        if value is None and "-" in spelled:  # five-mile
            value = _SPELLED.get(spelled.split("-")[0])
            place = word.start() + len(spelled.split("-")[0]) if value is not None else place
        after = _WORD.match(text, place + 1)
        scale = _SCALES.get(after[0].lower()) if after else None
        if after and scale and (value or spelled in _ARTICLES):
            value, place = (value or 1.0) * scale, after.end()
        if value is not None:
            units = find_unit(text[place : place + 40])
            yield Number(frozenset([value]), False, word.start(), units, spelled=True)
        elif (rank := _ORDINALS.get(spelled)) and not _PARTED.search(
            text[max(0, word.start() - _LOOK_BACK) : word.start()]
        ):
            years = _name_century(text, place, {rank})
            yield Number(
                frozenset([rank]), False, word.start(), ordinal=True, spelled=True, years=years
            )


def _name_century(text: str, end: int, ranks: set[float]) -> tuple[float, float] | None:
    """The years of a century, where its name follows: the 20th is 1900 to 2000."""
    if not _CENTURY.match(text, end):
        return None
    return 100 * (max(ranks) - 1), 100 * max(ranks)


def _read_values(figures: str) -> set[float]:
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
