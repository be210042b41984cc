"""Passages with commands, as far as it is asked how something is done."""

import pytest
from tests.fixtures.hits import hit

from genwright.answers.findings import weigh_code
from genwright.answers.strategies.extractive import find_shared
from genwright.grounding.passages import ReadPassage, Unit, split_units

CODE = "Fetch the gauge so:\n\n```sh\ngauge fetch\n```"
PROSE = "Fetch the gauge with a lamp in your hand."


def read(text: str) -> ReadPassage:
    found = hit(text)
    units = tuple(
        Unit(start, end, line, 0.9 if line == "gauge fetch" else 0.5)
        for start, end, line in split_units(found)
    )
    return ReadPassage(found, 0.45, units)


def test_a_command_is_surer_where_it_is_asked_how_something_is_done():
    (found,) = weigh_code("How do I fetch the gauge?", [read(CODE)], True)
    assert found.probability > 0.5


@pytest.mark.parametrize(
    ("asked", "text"),
    [("How do I fetch the gauge?", PROSE), ("How do I paint the harbour?", CODE)],
)
def test_words_and_commands_for_something_else_are_as_sure_as_they_were(asked, text):
    (found,) = weigh_code(asked, [read(text)], True)
    assert found.probability == 0.45


def test_where_words_are_asked_for_code_comes_after_them():
    code, prose = weigh_code("What is a gauge?", [read(CODE), read(PROSE)], False)
    assert code.probability == prose.probability
    assert code.rank < prose.rank


def rank(passage: int, value: float, score: float = 0.9) -> ReadPassage:
    found = hit(CODE, passage=passage, score=score)
    units = tuple(Unit(start, end, line, 0.5) for start, end, line in split_units(found))
    return ReadPassage(found, 0.9, units, value)


def test_a_passage_that_answers_the_whole_and_each_part_is_found_whatever_its_scores():
    whole = [rank(1, 0.9), rank(2, 0.88)]
    sides = [[rank(3, 0.9), rank(2, 0.85, 0.4)], [rank(4, 0.9), rank(2, 0.86, 0.5)]]
    shared = find_shared(whole, sides)
    assert shared is not None
    assert shared.hit.passage == 2
    assert find_shared(whole, [sides[0], [rank(4, 0.9)]]) is None
