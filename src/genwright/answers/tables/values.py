# ruff: noqa: RUF001 - minus signs, dashes and spaces of other scripts are its subject
"""Cells as numbers, dates and times that can be compared and added.

A column has one kind and one unit, or it cannot be computed with. What ``1.000`` means is decided
by the whole column. Numbers are read by ``grounding.quantities``.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from genwright.grounding.quantities import find_numbers

ValueKind = Literal["number", "date", "time"]

LEAST_READ = 0.7
"""Share of the cells of a column that have a value which must be of its kind."""
YEARS = (1500, 2100)
_BLANK = re.compile(r"[\s\-–—−./?*]*|n\.?/?a\.?|tbd|nan|null|none", re.IGNORECASE)
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|[†‡*^#]+)\s*$")
_FIGURES = r"\d{1,3}(?:[.,'’ \u2009]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?|[.,]\d+"
_NUMBER = re.compile(
    rf"(?P<sign>[-−–+~≈]?)\s*(?P<before>(?:[A-Z]{{1,3}})?[$€£¥₹]|[A-Z]{{3}}(?=[\s\d]))?\s*(?P<minus>[-−–]?)"
    rf"(?P<figures>{_FIGURES})\s*(?P<after>[^\d]{{0,24}}?)\s*$"
)
_WRAPPED = re.compile(r"\((?P<inner>[^()]*\d[^()]*)\)$")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ].*)?$")
_CJK = re.compile(r"(\d{4})\s?年\s?(\d{1,2})\s?月(?:\s?(\d{1,2})\s?日)?$")
_SLASHED = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_DAY_FIRST = re.compile(r"(?:[^\W\d]+,?\s+)?(?:(\d{1,2})(?:\.|st|nd|rd|th|º)?\s+)?(?:de\s+)?"
                        r"([^\W\d]{3,12})\.?,?\s+(?:de\s+)?(\d{4})$")  # fmt: skip
_MONTH_FIRST = re.compile(r"([^\W\d]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:[.,]\d+)?)$")
_MONTHS = (
    "jan jän ene gen", "feb fév fev", "mar mär mrt maa", "apr abr avr", "may mai mag mei maj",
    "jun juin giu", "jul juil lug", "aug ago aoû aou", "sep set", "oct okt ott out", "nov",
    "dec dez dic déc",
)  # fmt: skip
_MONTH_NUMBERS = {stem: n for n, stems in enumerate(_MONTHS, start=1) for stem in stems.split()}


@dataclass(frozen=True)
class CellValue:
    """What a cell can mean."""

    kind: ValueKind
    values: tuple[float, ...]
    """Ascending; several where its form has several meanings. Dates are days, times seconds."""
    unit: str = ""
    dotted: bool = False
    """Whether a point stands before its last three figures."""


@dataclass(frozen=True)
class ColumnValues:
    """A column as it can be computed with."""

    kind: ValueKind
    unit: str
    values: tuple[float | None, ...]
    """One a row; None where there is none, or where it cannot be read."""
    unreadable: tuple[int, ...]
    """Rows that have something else."""

    @property
    def is_year(self) -> bool:
        """Whether its numbers are years, which are compared and not added."""
        known = [value for value in self.values if value is not None]
        return (
            self.kind == "number"
            and not self.unit
            and all(value == int(value) and YEARS[0] <= value <= YEARS[1] for value in known)
        )


def read_column(texts: Sequence[str], points: str = "") -> ColumnValues | None:
    """The values of a column; None where most are no values, or where units differ.

    Args:
        texts: Its cells.
        points: What a point before three figures is where no cell tells: ``thousands`` or
            ``decimal``; empty where that is not known either.

    Example:
        >>> read_column(["1.200 kg", "850 kg", "n/a"]).values
        (1200.0, 850.0, None)
        >>> read_column(["2 GB", "300 MB"]) is None
        True
    """
    readings = [read_cell(text) for text in texts]
    filled = [place for place, text in enumerate(texts) if not is_blank(text)]
    counts = Counter(each.kind for place in filled if (each := readings[place]))
    if not counts:
        return None
    kind, number = counts.most_common(1)[0]
    if number < LEAST_READ * len(filled):
        return None
    own = [each for each in readings if each and each.kind == kind]
    units = Counter(each.unit for each in own)
    unit = units.most_common(1)[0][0]
    if len(units) > 1 and not (len(units) == 2 and "" in units and units[unit] != units[""]):
        return None  # kg beside lb; cells without any unit are taken for the column's
    unit = next((each for each in units if each), "")
    point = _settle_point(own) if kind == "number" else "decimal"
    point = points if point == "unknown" else point
    if not point:
        return None
    pick = -1 if point == "thousands" else 0
    values = tuple(each.values[pick] if each and each.kind == kind else None for each in readings)
    lost = tuple(place for place in filled if values[place] is None)
    return ColumnValues(kind, unit, values, lost)


def is_blank(text: str) -> bool:
    """Whether a cell has no value: it is empty, or a dash or the like stands for none."""
    return bool(_BLANK.fullmatch(text.strip()))


def _settle_point(readings: Sequence[CellValue]) -> str:
    """What a point before three figures is: ``thousands``, ``decimal`` or ``unknown``."""
    open_ones = [each for each in readings if len(each.values) > 1]
    if not open_ones:
        return "decimal"
    settled = [each for each in readings if len(each.values) == 1]
    if any(each.values[0] < 1 for each in open_ones):
        return "decimal"  # 0.125
    if any(each.values[0] != int(each.values[0]) for each in settled):
        return "decimal" if any(each.dotted for each in settled) else "thousands"
    return "thousands" if settled else "unknown"


@lru_cache(maxsize=20_000)
def read_cell(text: str) -> CellValue | None:
    """What a cell means where it is one number, date or time, and nothing else but its unit.

    Example:
        >>> read_cell("$ 1,452.4").values, read_cell("61 kg").unit, read_cell("T-34")
        ((1452.4,), 'kg', None)
        >>> read_cell("1:30.5").values, read_cell("P. Brenner 3") is None
        ((90.5,), True)
    """
    bare = unicodedata.normalize("NFKC", text).strip()
    while bare and (cut := _ASIDE.sub("", bare)) != bare and re.search(r"\d", cut):
        bare = cut
    if not re.search(r"\d", bare):
        return None
    return _read_date(bare) or _read_clock(bare) or _read_number(bare)


def _read_number(text: str) -> CellValue | None:
    wrapped = _WRAPPED.fullmatch(text)  # (1,200) is what accountants write for less than nothing
    found = _NUMBER.match(wrapped["inner"] if wrapped else text)
    if not found:
        return None
    after = found["after"].strip()
    if re.match(r"[-–/:&+,;]", after) or len(after.split()) > 3:
        return None
    figures = found["figures"] if found["figures"][0].isdigit() else f"0{found['figures']}"
    scaled = " ".join([figures, *after.split()[:1]])
    numbers = [each for each in find_numbers(scaled) if each.start == 0]
    if not numbers:
        return None
    less = wrapped or (found["sign"] in ("-", "−", "–") and found["sign"]) or found["minus"]
    plain = [each for each in find_numbers(figures) if each.start == 0]
    is_scaled = plain and plain[0].values != numbers[0].values
    unit = " ".join(after.split()[1:] if is_scaled else after.split()).strip(" .").lower()
    values = sorted((-value if less else value for value in numbers[0].values), key=abs)
    dotted = "." in figures and not re.search(r"\.\d{3}$", figures)
    return CellValue(
        "number", tuple(values), " ".join(filter(None, (found["before"], unit))), dotted
    )


def _read_clock(text: str) -> CellValue | None:
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds = found.groups()
    total = 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))
    return CellValue("time", (total,))


def _read_date(text: str) -> CellValue | None:
    if found := _ISO.fullmatch(text) or _CJK.fullmatch(text):
        return _make_date(found[1], found[2], found[3] or "1")
    if found := _SLASHED.fullmatch(text):
        day, month = (found[2], found[1]) if int(found[2]) > 12 else (found[1], found[2])
        if "/" in text and int(found[1]) <= 12 and int(found[2]) <= 12 and found[1] != found[2]:
            return None  # 3/4/2020 is March or April
        return _make_date(found[3], month, day)
    if found := _MONTH_FIRST.fullmatch(text):
        return _make_date(found[3], _number_month(found[1]), found[2])
    if found := _DAY_FIRST.fullmatch(text):
        return _make_date(found[3], _number_month(found[2]), found[1] or "1")
    return None


def _number_month(name: str) -> str:
    name = name.lower()
    return str(_MONTH_NUMBERS.get(name[:4]) or _MONTH_NUMBERS.get(name[:3]) or "")


def _make_date(year: str, month: str, day: str) -> CellValue | None:
    try:
        return CellValue("date", (float(date(int(year), int(month), int(day)).toordinal()),))
    except ValueError:
        return None
