"""The numbers of a text, with what they count."""

import pytest

from genwright.grounding.quantities import find_numbers


def read(text: str) -> list[float]:
    return sorted(value for each in find_numbers(text) for value in each.values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It is said [1, 2] by all [3].", []),
        ("3. Oil the pump.\n2) Stop.", []),
        ("$5m and €2bn", [5e6, 2e9]),
        ("5 m", [5]),
        ("5 million km", [5e6]),
        ("the third and the 21st", [3, 21]),
        ("one third of it, a second later", []),
        ("a five-mile walk", [5]),
    ],
)
def test_numbers_are_read_as_they_are_meant(text, values):
    assert read(text) == values


def test_a_decade_and_a_century_are_spans_of_years():
    assert [each.years for each in find_numbers("the 1990s")] == [(1990, 1999)]
    assert [each.years for each in find_numbers("in the late 90s")] == [(1990, 1999)]
    assert [each.years for each in find_numbers("after 90s")] == [None]
    assert [each.years for each in find_numbers("the 20th century")] == [(1900, 2000)]
    assert [each.years for each in find_numbers("im 19. Jahrhundert")] == [(1800, 1900)]


def test_a_unit_goes_with_its_number():
    [number] = find_numbers("six bar")
    assert number.spelled
    assert {each.dimension for each in number.units} == {"pressure"}
