"""What the trained reader says, as passages and their units."""

from pathlib import Path

import pytest
from tests.fixtures.hits import hit
from tests.fixtures.tiny_reader import make_tiny_reader

from genwright.grounding.passages import TrainedReader
from genwright.grounding.reading import open_reader

TEXTS = ["The pump is warm. The oil is cold.", "The moon is cold.", " "]


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> TrainedReader:
    folder: Path = tmp_path_factory.mktemp("passages")
    encoder, file = make_tiny_reader(folder)
    return TrainedReader(open_reader(encoder, 1, reader=file, checker=file))


def test_each_unit_is_its_place_in_the_document_with_a_probability(reader):
    hits = [hit(text, passage=place, start=100 * place) for place, text in enumerate(TEXTS)]
    read = reader.read("is it warm?", hits, {})
    assert [[unit.text for unit in each.units] for each in read] == [
        ["The pump is warm.", "The oil is cold."],
        ["The moon is cold."],
    ]
    for each in read:
        assert 0 < each.probability < 1
        for unit in each.units:
            place = slice(unit.start - each.hit.start, unit.end - each.hit.start)
            assert each.hit.text[place] == unit.text
            assert 0 < unit.score < 1
        assert each.best.score == max(unit.score for unit in each.units)


def test_of_no_hits_nothing_is_read(reader):
    assert reader.read("is it warm?", [], {}) == []
