"""Units are told by sign, name and what stands before a number, and compared after conversion."""

import pytest

from genwright.grounding.units import align, find_unit


@pytest.mark.parametrize(
    ("after", "dimension"),
    [
        (" km/h", "speed"),
        (" miles per hour", "speed"),
        (" square feet", "area"),
        (" cu. ft", "volume"),
        ("-mile walk", "length"),
        (" Liter", "volume"),
        (" degrees Celsius", "temperature"),
        ("°F", "temperature"),
        (" mg/kg", "mass/mass"),
        (" Mbit/s", "rate"),
        (" €", "money-euro"),
    ],
)
def test_a_unit_is_known_by_what_follows(after, dimension):
    assert {each.dimension for each in find_unit(after)} == {dimension}


@pytest.mark.parametrize("before", ["US$", "cost $", "USD "])
def test_money_is_known_by_what_stands_before(before):
    assert {each.dimension for each in find_unit(" each", before)} == {"money-dollar"}


@pytest.mark.parametrize("after", ["", " people", " in a row", " Mayors", " a day"])
def test_what_is_no_unit_is_none(after):
    assert find_unit(after) == frozenset()


def is_same(one: float, unit: str, other: float, other_unit: str) -> bool:
    pairs = align(one, find_unit(unit), other, find_unit(other_unit))
    return any(abs(a - b) <= apart for a, b, apart in pairs)


@pytest.mark.parametrize(
    ("one", "unit", "other", "other_unit"),
    [
        (6, "bar", 600, "kPa"),
        (20, "°C", 68, "°F"),
        (2, "lb", 2, "pounds"),
        (1.5, "hours", 90, "min"),
        (6, "feet", 183, "cm"),
        (100, "km/h", 62, "mph"),
    ],
)
def test_conversions_are_the_same(one, unit, other, other_unit):
    assert is_same(one, unit, other, other_unit)


@pytest.mark.parametrize(
    ("one", "unit", "other", "other_unit"),
    [
        (6, "bar", 6, "psi"),
        (1, "km", 1004, "m"),
        (5, "mg", 5, "g"),
        (20, "°C", 20, "°F"),
        (10, "kWh", 10, "kW"),
        (60, "min", 61, "min"),
    ],
)
def test_others_are_not(one, unit, other, other_unit):
    assert not is_same(one, unit, other, other_unit)
