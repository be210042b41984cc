"""Names that are turned around the words they share make another statement."""

import pytest

from genwright.grounding.order import measure_turned

SOURCE = "The works have a long history. In 1950 Ann Brenner succeeded Bob Krause as head."


@pytest.mark.parametrize(
    "claim",
    [
        "Bob Krause succeeded Ann Brenner as head.",
        "Ann Brenner was succeeded by Bob Krause.",
    ],
)
def test_the_other_way_round_is_seen(claim):
    assert measure_turned(claim, SOURCE) > 0.5


@pytest.mark.parametrize(
    "claim",
    [
        "Ann Brenner succeeded Bob Krause.",
        "Bob Krause was succeeded by Ann Brenner.",
        "Krause succeeded nobody.",
        "The pump is red.",
        "",
    ],
)
def test_the_same_way_and_what_has_no_names_is_not(claim):
    assert measure_turned(claim, SOURCE) == 0.0


def test_german_passives_are_known():
    source = "Ada Krause gründete das Velda Werk."
    assert measure_turned("Velda gründete Ada Krause.", source) == 1.0
    assert measure_turned("Velda wurde gegründet von Ada Krause.", source) == 0.0
