"""The graph on disk: when it is built, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.fixtures.tiny_reader import make_tiny_reader

from genwright.embeddings.fidelity import name_processor
from genwright.embeddings.words import WORD_SCALES, WORDS, WordTable, load_words
from genwright.errors import UntrustedWeights
from genwright.grounding.reading.built import (
    build_reader,
    build_reader_graph,
    digest_file,
    sigmoid,
)
from genwright.grounding.reading.shipped import load_reader, save_reader


@pytest.fixture
def made(tmp_path):
    return make_tiny_reader(tmp_path)


def test_it_is_built_once_and_measured(made):
    folder, file = made
    built = build_reader(folder, file)
    assert built.graph == folder / f"reader-{digest_file(file)[:12]}.onnx"
    record = json.loads(built.graph.with_suffix(".json").read_text())
    assert (record["processor"], record["products"]) == (name_processor(), built.products)
    stamp = built.graph.stat().st_mtime_ns
    (folder / WORD_SCALES).unlink()
    assert build_reader(folder, file) == built
    assert built.graph.stat().st_mtime_ns == stamp
    assert not [each for each in folder.iterdir() if each.suffix.strip(".").isdigit()]


def test_the_words_stay_in_the_file_that_the_embedder_uses(made):
    folder, file = made
    assert WORDS.encode() in build_reader(folder, file).graph.read_bytes()
    words = load_words(folder)
    reader = load_reader(file)
    shared, own = (
        build_reader_graph(reader, reader.with_words(each))
        for each in (words, replace(words, file=""))
    )
    assert len(own) - len(shared) > words.values.nbytes - 200


def test_another_file_gets_another_graph(made):
    folder, file = made
    first = build_reader(folder, file)
    reader = load_reader(file)
    reader.about["recipe"] = "another"
    save_reader(reader, file)
    assert build_reader(folder, file).graph != first.graph


def test_on_another_processor_it_is_measured_again(made):
    folder, file = made
    record = build_reader(folder, file).graph.with_suffix(".json")
    record.write_text(json.dumps({"processor": "abacus", "products": "made up"}))
    assert build_reader(folder, file).products != "made up"
    assert json.loads(record.read_text())["processor"] == name_processor()


def test_words_can_be_given(made):
    folder, file = made
    words = replace(load_words(folder), file="")
    (folder / WORD_SCALES).unlink()
    assert build_reader(folder, file, words).graph.is_file()


def test_words_of_another_model_are_refused(made, tmp_path):
    folder, file = made
    other, _ = make_tiny_reader(tmp_path / "other", seed=9)
    words = replace(load_words(other), file="")
    with pytest.raises(UntrustedWeights, match="another embedding model"):
        build_reader(folder, file, words)
    assert not list(folder.glob("reader*"))


def test_a_folder_without_words_is_refused(made):
    folder, file = made
    (folder / WORDS).unlink()
    with pytest.raises(UntrustedWeights, match="word vectors"):
        build_reader(folder, file)


def test_in_float32_the_graph_says_what_int8_does(made, tmp_path):
    from genwright.embeddings.sessions import open_session

    folder, file = made
    reader = load_reader(file)
    words = load_words(folder)
    encoder = reader.with_words(WordTable(words.values * words.scales[:, None]))
    plain = replace(encoder, layers=tuple(layer.restore() for layer in encoder.layers))
    graph = tmp_path / "plain.onnx"
    graph.write_bytes(build_reader_graph(reader, plain))
    session = open_session(graph, threads=1)
    for probe in reader.probes:
        pair = {"ids": probe.ids[None], "sides": probe.sides[None]}
        rows, marks = session.run(["rows", "words"], pair)
        assert (rows.shape, marks.shape) == ((1, 2), (1, len(probe.ids)))
        assert np.abs(sigmoid(rows[0]) - sigmoid(probe.rows)).max() < 0.02
        assert np.abs(sigmoid(marks[0]) - sigmoid(probe.words)).max() < 0.02
