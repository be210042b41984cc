# ruff: noqa: RUF001 - dashes of other scripts are its subject
"""Cells as values."""

import pytest

from genwright.answers.tables.values import read_cell, read_column


@pytest.mark.parametrize(
    ("texts", "values", "unit"),
    [
        (["1,083", "2,000,000", "–"], (1083.0, 2000000.0, None), ""),
        (["1.200,50 €", "850,00 €"], (1200.5, 850.0), "€"),
        (["$ 3.5 million", "$2 million"], (3.5e6, 2e6), "$"),
        (["(1,200)", "300"], (-1200.0, 300.0), ""),
        (["0.125", "3.500"], (0.125, 3.5), ""),
        (["12 %", "7.5 %[1]"], (12.0, 7.5), "%"),
        (["1:02:03", "59:10"], (3723.0, 3550.0), ""),
    ],
)
def test_a_column_is_read_with_its_unit(texts, values, unit):
    read = read_column(texts)
    assert read is not None
    assert (read.values, read.unit) == (values, unit)


def test_dates_of_many_forms_are_in_order():
    texts = ["2019-12-31", "1 January 2020", "Feb 3, 2020", "4. März 2020", "2020年5月6日"]
    read = read_column(texts)
    assert read is not None and read.kind == "date"
    known = [value for value in read.values if value is not None]
    assert len(known) == len(texts) and known == sorted(known)


@pytest.mark.parametrize(
    "texts", [["2 kg", "3 lb"], ["red", "2", "blue"], ["1.200", "3.400"], ["", "-"], ["T-34", "B2"]]
)
def test_a_column_that_cannot_be_computed_with_is_none(texts):
    assert read_column(texts) is None


def test_what_a_point_means_can_be_told_from_outside_and_by_the_column():
    assert read_column(["1.200", "3.400"], "thousands").values == (1200.0, 3400.0)  # type: ignore[union-attr]
    assert read_column(["1.200", "3.4"]).values == (1.2, 3.4)  # type: ignore[union-attr]
    assert read_cell("3/4/2020") is None  # March or April
