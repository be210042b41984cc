"""What a number counts: units of measure and currencies, so that 6 bar is told from 6 psi.

A unit is a dimension and a factor to its base; values of one dimension are compared after
conversion. Names are English and German, signs are those of the SI and of daily use. What is not
in the table has no unit here, and is compared by its number alone.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class MeasuringUnit:
    """A unit: ``value * factor + shift`` is the value in the base unit of its dimension."""

    dimension: str
    factor: float
    shift: float = 0.0

    def convert(self, value: float) -> float:
        """A value of this unit in the base unit.

        Example:
            >>> MeasuringUnit("length", 1000.0).convert(5.0)
            5000.0
        """
        return value * self.factor + self.shift


_TABLE = """
length 0.001 | mm | millimeter millimeters millimetre millimetres
length 0.01 | cm | centimeter centimeters centimetre centimetres zentimeter
length 1 | m | meter meters metre metres metern
length 1000 | km | kilometer kilometers kilometre kilometres kilometern
length 0.0254 | | inch inches zoll
length 0.3048 | ft | foot feet fuß
length 0.9144 | yd | yard yards
length 1609.344 | mi | mile miles meile meilen
area 0.0001 | cm2 |
area 1 | m2 sqm | quadratmeter quadratmetern
area 1e6 | km2 | quadratkilometer quadratkilometern
area 1e4 | ha | hectare hectares hektar
area 4046.856 | | acre acres
volume 1e-6 | ml cm3 | milliliter milliliters millilitre millilitres
volume 1e-5 | cl | centiliter centilitre zentiliter
volume 0.001 | l L | liter liters litre litres litern
volume 1 | m3 | kubikmeter kubikmetern
volume 0.003785412 0.00454609 | gal | gallon gallons gallone gallonen
mass 1e-9 | μg mcg | microgram micrograms mikrogramm
mass 1e-6 | mg | milligram milligrams milligramm
mass 0.001 | g | gram grams gramm
mass 1 | kg | kilogram kilograms kilogramm kilo kilos
mass 1000 907.185 1016.047 | t | tonne tonnes ton tons tonnen
mass 0.02834952 | oz | ounce ounces unze unzen
mass 0.4535924 | lb lbs | pound pounds pfund
time 0.001 | ms | millisecond milliseconds millisekunde millisekunden
time 1 | s sec secs sek | second seconds sekunde sekunden
time 60 | min mins | minute minutes minuten
time 3600 | h hr hrs std | hour hours stunde stunden
time 86400 | | day days tag tage tagen
time 604800 | | week weeks woche wochen
time 2629746 | | month months monat monate monaten
time 31556952 | yr yrs | year years jahr jahre jahren
time 315569520 | | decade decades jahrzehnt jahrzehnte jahrzehnten
speed 0.2777778 | kph kmh | stundenkilometer
speed 0.44704 | mph |
speed 0.5144444 | kn | knot knots knoten
pressure 1 | Pa | pascal
pressure 100 | hPa mbar | hektopascal millibar
pressure 1000 | kPa | kilopascal
pressure 1e5 | bar | bars
pressure 1e6 | MPa | megapascal
pressure 101325 | atm | atmosphere atmospheres
pressure 6894.757 | psi |
power 0.001 | mW | milliwatt milliwatts
power 1 | W | watt watts
power 1000 | kW | kilowatt kilowatts
power 1e6 | MW | megawatt megawatts
power 1e9 | GW | gigawatt gigawatts
power 745.7 735.49875 | hp PS | horsepower pferdestärken
energy 1 | J | joule joules
energy 1000 | kJ | kilojoule kilojoules
energy 3600 | Wh | wattstunden
energy 3.6e6 | kWh | kilowattstunde kilowattstunden
energy 3.6e9 | MWh | megawattstunde megawattstunden
energy 4.184 4184 | cal | calorie calories kalorie kalorien
energy 4184 | kcal | kilocalorie kilocalories kilokalorie kilokalorien
voltage 0.001 | mV | millivolt millivolts
voltage 1 | V | volt volts
voltage 1000 | kV | kilovolt kilovolts
current 0.001 | mA | milliampere milliamperes
current 1 | | ampere amperes amp amps
charge 0.001 | mAh |
charge 1 | Ah | amperestunden
frequency 1 | Hz | hertz
frequency 1000 | kHz | kilohertz
frequency 1e6 | MHz | megahertz
frequency 1e9 | GHz | gigahertz
data 1 | | byte bytes
data 1000 1024 | kB KB KiB | kilobyte kilobytes
data 1e6 1048576 | MB MiB | megabyte megabytes
data 1e9 1073741824 | GB GiB | gigabyte gigabytes
data 1e12 1099511627776 | TB TiB | terabyte terabytes
bits 1 | bit bits |
bits 1000 | kbit |
bits 1e6 | Mbit | megabit megabits
bits 1e9 | Gbit | gigabit gigabits
rate 1e6 | Mbps |
rate 1e9 | Gbps |
torque 1 | Nm | newtonmeter
money-dollar 1 | $ US$ USD CAD AUD | dollar dollars
money-euro 1 | € EUR | euro euros
money-pound 1 | £ GBP | pound pounds pfund
money-franc 1 | CHF Fr | franc francs franken
money-yen 1 | ¥ JPY | yen
money-yuan 1 | ¥ CNY RMB | yuan renminbi
money-rupee 1 | ₹ INR | rupee rupees rupie rupien
money-rouble 1 | ₽ RUB | rouble roubles ruble rubles rubel
money-won 1 | ₩ KRW | won
"""
_SIGNS: dict[str, frozenset[MeasuringUnit]] = {
    "°C": frozenset([MeasuringUnit("temperature", 1.0)]),
    "°F": frozenset([MeasuringUnit("temperature", 5 / 9, -160 / 9)]),
}
_NAMES: dict[str, frozenset[MeasuringUnit]] = {
    "celsius": _SIGNS["°C"],
    "fahrenheit": _SIGNS["°F"],
}
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_POWERED = {2: "area", 3: "volume"}


def _read_table() -> None:
    for line in filter(None, _TABLE.splitlines()):
        measure, signs, names = (part.split() for part in line.split("|"))
        units = frozenset(MeasuringUnit(measure[0], float(factor)) for factor in measure[1:])
        for table, known in ((_SIGNS, signs), (_NAMES, names)):
            for each in known:
                table[each] = table.get(each, frozenset()) | units


_read_table()
_GAP = re.compile(r"[. ]*")
_PER = re.compile(r"\s?/\s?|\s(?:per|pro|a|an|je)\s", re.I)
_WORD = re.compile(r"[^\W\d_]+[23]?(?![^\W_])")
_DEGREES = re.compile(r"(?:°\s?|(?:degrees?|Grad)\s)(C|F|celsius|fahrenheit)\b", re.I)
_SIGN = re.compile(r"US\$|[$€£¥₹₽₩]")
_BEFORE = re.compile(r"(US\$|[$€£¥₹₽₩]|\b[A-Z]{3})\s?$")
MONEY = "money-"
"""What the dimension of a currency begins with."""


@lru_cache(maxsize=4_000)
def find_unit(after: str, before: str = "") -> frozenset[MeasuringUnit]:
    """What a number's unit can be, by the text around it; empty where there is none known.

    Args:
        after: What follows the number.
        before: What stands before it, where a sign of money may be.

    Example:
        >>> sorted(each.dimension for each in find_unit(" pounds a day"))
        ['mass/time', 'money-pound/time']
    """
    if money := _BEFORE.search(before):
        units = _SIGNS.get(money[1], frozenset())
        if any(each.dimension.startswith(MONEY) for each in units):
            return units
    bare = after[1:] if after[:1] in (" ", "-", "\u2011") else after
    if degrees := _DEGREES.match(bare):
        return _SIGNS[f"°{degrees[1][0].upper()}"]
    if sign := _SIGN.match(bare):
        return _SIGNS[sign[0]]
    units, end = _read_unit(bare)
    if units and (per := _PER.match(bare, end)):
        below, _ = _read_unit(bare[per.end() :])
        if below:
            return frozenset(_divide(one, other) for one in units for other in below)
    return units


def _read_unit(text: str) -> tuple[frozenset[MeasuringUnit], int]:
    """The unit that a text begins with, and where it ends."""
    word = _WORD.match(text)
    if not word:
        return frozenset(), 0
    if power := _POWERS.get(word[0].lower()):
        gap = _GAP.match(text, word.end())
        start = gap.end() if gap else word.end()
        lengths, size = _read_unit(text[start:])
        units = frozenset(
            MeasuringUnit(_POWERED[power], each.factor**power)
            for each in lengths
            if each.dimension == "length"
        )
        return units, start + size
    return _SIGNS.get(word[0]) or _NAMES.get(word[0].lower(), frozenset()), word.end()


def _divide(one: MeasuringUnit, other: MeasuringUnit) -> MeasuringUnit:
    """A rate; lengths by time are speeds, amounts of data by time are rates of them."""
    dimension = f"{one.dimension}/{other.dimension}"
    named = {"length/time": "speed", "bits/time": "rate"}
    return MeasuringUnit(named.get(dimension, dimension), one.factor / other.factor)


LEAST_APART = 1e-9
"""Relative difference of two values that are one."""
ROUNDED = 0.01
"""The same between units that are no power of ten apart: there values are rounded."""


def align(
    value: float,
    units: frozenset[MeasuringUnit],
    other: float,
    other_units: frozenset[MeasuringUnit],
) -> Iterator[tuple[float, float, float]]:
    """Two values in the base of each dimension they share, and how far the same may be apart.

    Example:
        >>> miles, kilometres = find_unit(" miles"), find_unit(" km")
        >>> [(one, two, apart)] = align(5, miles, 8, kilometres)
        >>> abs(one - two) <= apart
        True
    """
    for unit in units:
        for theirs in other_units:
            if unit.dimension == theirs.dimension:
                one, two = unit.convert(value), theirs.convert(other)
                decades = math.log10(unit.factor / theirs.factor)
                exact = abs(decades - round(decades)) < LEAST_APART
                yield one, two, (LEAST_APART if exact else ROUNDED) * max(abs(one), abs(two))
