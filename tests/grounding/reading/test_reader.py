"""The reader as it runs, held against plain arithmetic on the weights it was made of."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.tiny_reader import (
    END,
    MOST_TOKENS,
    QUESTION_TOKENS,
    make_tiny_reader,
    make_weights,
)
from tokenizers import Tokenizer

from genwright.embeddings.arithmetic import assemble_bert
from genwright.errors import EngineFailed
from genwright.grounding.reading import PairReader, ReadText, open_reader
from genwright.grounding.reading.built import sigmoid
from genwright.grounding.reading.making import read_plainly
from genwright.grounding.reading.windows import average_sides

SHORT = [
    ReadText("", "the pump is warm."),
    ReadText("moon", "the moon is cold, the earth is warm"),
    ReadText("", "oil"),
    ReadText("pumping", "is it?"),
    ReadText("", "the pump is cold."),
]
LONG = "the pump is warm and the oil is cold. " * 12
NEAR = 0.02


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    return make_tiny_reader(tmp_path_factory.mktemp("reader"))


@pytest.fixture(scope="module")
def reader(made) -> PairReader:
    return open_reader(made[0], 1, reader=made[1], checker=made[1])


@pytest.fixture(scope="module")
def plain(made):
    """Probabilities of answers, supports and words for two texts, by plain arithmetic."""
    encoder, _ = made
    weights = make_weights(encoder)
    named = {name.removeprefix("encoder."): value for name, value in weights.items()}
    bert = assemble_bert(named, json.loads((encoder / "config.json").read_text()), "cls")
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    heads = [(weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in ("row", "word")]

    def compute(first: str, second: str) -> tuple[float, float, np.ndarray]:
        one, two = (
            tokenizer.encode(each, add_special_tokens=False).ids for each in (first, second)
        )
        opening = [2, *one[:QUESTION_TOKENS], END, END]
        ids = [*opening, *two, END]
        sides = average_sides(len(ids), len(opening))
        logits, words = read_plainly(bert, *heads, ids, sides)
        rows = sigmoid(logits)
        return float(rows[0]), float(rows[1]), sigmoid(words[len(opening) : -1])

    return compute


def test_it_reads_what_plain_arithmetic_does_in_the_order_of_the_passages(reader, plain):
    for passage, reading in zip(SHORT, reader.read("is it warm?", SHORT), strict=True):
        head = f"{passage.title}\n" if passage.title else ""
        answers, _, words = plain("query: is it warm?", head + passage.text)
        assert reading.probability == pytest.approx(answers, abs=NEAR)
        np.testing.assert_allclose(reading.marks, words[-len(reading.marks) :], atol=NEAR)
        assert reading.marks.dtype == np.float32


def test_the_offsets_are_of_the_text_without_its_title(reader):
    for passage, reading in zip(SHORT, reader.read("warm?", SHORT), strict=True):
        assert len(reading.offsets) == len(reading.marks)
        pieces = [passage.text[start:end] for start, end in reading.offsets]
        assert "".join(pieces) == passage.text.replace(" ", "")


def test_it_checks_what_plain_arithmetic_does_in_the_order_of_the_sources(reader, plain):
    sources = [passage.text for passage in SHORT]
    expected = [plain("claim: oil is warm", source)[1] for source in sources]
    assert reader.check("oil is warm", sources) == pytest.approx(expected, abs=NEAR)


def test_company_does_not_change_what_is_read(reader):
    together = reader.read("warm?", SHORT * 3)
    alone = [reader.read("warm?", [passage])[0] for passage in SHORT] * 3
    for one, other in zip(together, alone, strict=True):
        assert one.probability == pytest.approx(other.probability, abs=NEAR)


def test_every_token_of_a_long_text_is_read(reader):
    (reading,) = reader.read("is the oil cold?", [ReadText("the pump", LONG)])
    assert reading.offsets[-1][1] == len(LONG.rstrip())
    assert len(reading.marks) == len(reading.offsets) > 2 * MOST_TOKENS
    assert reading.marks.min() > 0


def test_of_the_windows_of_a_long_text_the_highest_counts(reader):
    (short,) = reader.read("warm?", [ReadText("", "oil is cold. " * 4)])
    (long,) = reader.read("warm?", [ReadText("", "oil is cold. " * 4 + LONG)])
    windows = reader._reader.encode("query: warm?", "", "oil is cold. " * 4 + LONG).windows
    assert len(windows) > 2
    rows, _ = reader._reader.run(windows)
    assert long.probability == pytest.approx(float(sigmoid(rows[:, 0]).max()), abs=1e-6)
    assert 0 < short.probability < 1


def test_of_nothing_nothing_is_read(reader):
    assert reader.read("warm?", []) == []
    assert reader.check("it is warm", []) == []
    (reading,) = reader.read("warm?", [ReadText("moon", "")])
    assert (reading.probability, reading.offsets, len(reading.marks)) == (0.0, [], 0)
    assert reader.check("it is warm", ["", "oil"])[0] == 0.0
    assert len(reader.read("", SHORT)) == len(SHORT)


def test_a_long_question_leaves_room_for_the_text(reader):
    (reading,) = reader.read("warm " * 500, [ReadText("moon " * 500, "the pump is warm.")])
    assert len(reading.marks) == 5


def test_a_head_is_calibrated_as_the_file_says(tmp_path, reader):
    fitted = {"answers": {"temperature": 2.0, "bias": 1.0}}
    folder, file = make_tiny_reader(tmp_path, calibration=fitted)
    for raw, now in zip(
        reader.read("warm?", SHORT),
        open_reader(folder, 1, reader=file, checker=file).read("warm?", SHORT),
        strict=True,
    ):
        logit = np.log(raw.probability / (1 - raw.probability))
        assert now.probability == pytest.approx(1 / (1 + np.exp(-logit / 2 - 1)), abs=1e-4)
        np.testing.assert_allclose(raw.marks, now.marks, atol=1e-5)


def test_a_closed_reader_opens_again(reader):
    before = reader.check("oil is warm", ["oil"])
    reader.close()
    assert reader.check("oil is warm", ["oil"]) == before


def test_a_folder_without_tokenizer_is_named(tmp_path):
    folder, file = make_tiny_reader(tmp_path)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(EngineFailed, match=r"tokenizer\.json"):
        open_reader(folder, 1, reader=file, checker=file).read("warm?", SHORT)


def test_claims_are_read_by_the_checker_and_questions_by_the_reader(made, tmp_path):
    folder, file = made
    other = make_tiny_reader(tmp_path, heads=7)[1]
    sources = ["the pump is warm.", "the moon is cold"]
    both = open_reader(folder, 1, reader=file, checker=other)
    alone = open_reader(folder, 1, reader=other, checker=other)
    same = open_reader(folder, 1, reader=file, checker=file)
    assert both.check("is it warm?", sources) == alone.check("is it warm?", sources)
    assert both.check("is it warm?", sources) != same.check("is it warm?", sources)
    read = [each.probability for each in both.read("warm?", SHORT)]
    assert read == [each.probability for each in same.read("warm?", SHORT)]
