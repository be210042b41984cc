"""From the shipped file and the embedding model's word vectors to a graph that runs here.

It is built once for each version of the file, beside the embedding model, and measured: the
fastest way of multiplying counts that gives the probabilities which the file's probes have
(``embeddings/fidelity.py`` says why that is not the same on every processor).
"""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genwright.embeddings.arithmetic import Array
from genwright.embeddings.fidelity import OPTIONS, ROUNDS, WAYS, name_processor
from genwright.embeddings.graph import add_encoder
from genwright.embeddings.onnx_format import FLOAT, INT64, OnnxGraph
from genwright.embeddings.quantized import Encoder
from genwright.embeddings.sessions import open_session
from genwright.embeddings.words import WordTable, load_words
from genwright.errors import EngineFailed, UntrustedWeights
from genwright.grounding.reading.shipped import ReaderProbe, ShippedReader, load_reader
from genwright.types import Json

LARGEST_DIFFERENCE = 0.05
"""How far a probability may be from float32's on the worst probe."""

SLACK = 0.01
"""How much farther a faster way may be off than the most faithful one."""


@dataclass(frozen=True)
class BuiltReader:
    """A graph on disk, and the way of multiplying that is right for it on this processor."""

    graph: Path
    products: str

    def open(self, threads: int) -> Any:  # noqa: ANN401 - the runtime has no type stubs
        """A session of the runtime."""
        return open_session(self.graph, threads, OPTIONS[self.products])


@dataclass(frozen=True)
class ReaderWay:
    """One way of multiplying, as measured."""

    products: str
    difference: float
    """Mean over a head's probabilities of how far they are from float32's, on the worst probe."""
    seconds: float
    """For all probes, on one thread."""


def build_reader(folder: Path, file: Path, words: WordTable | None = None) -> BuiltReader:
    """The reader's graph in an embedding model's folder, built where it is not there.

    Args:
        folder: Of the embedding model.
        file: The shipped reader.
        words: The model's word vectors; None reads them out of the folder.

    Raises:
        UntrustedWeights: The file is damaged, or the model is not the one it belongs to.
        EngineFailed: The graph cannot be written.
    """
    name = f"reader-{digest_file(file)[:12]}"
    graph, record = folder / f"{name}.onnx", folder / f"{name}.json"
    known = _read(record)
    if known.get("processor") == name_processor() and graph.is_file():
        return BuiltReader(graph, str(known["products"]))
    reader = load_reader(file)
    try:
        chosen, ways = _write_graph(graph, reader, words or load_words(folder))
        told = {"processor": name_processor(), "products": chosen.products}
        content = json.dumps(told | {"measured": [asdict(way) for way in ways]}, indent=1) + "\n"
        _write(record, content.encode())
    except OSError as error:
        raise EngineFailed(
            f"{folder}: the reader's graph cannot be written there: {error}. Make the folder "
            "writable, or free some space."
        ) from error
    return BuiltReader(graph, chosen.products)


def build_reader_graph(reader: ShippedReader, encoder: Encoder) -> bytes:
    """The graph of pairs of one length, to ``rows`` (B, 2) and ``words`` (B, T).

    What goes in is ``ids``, int64 (B, T), and ``sides``, float32 (B, 2, T): the weights that
    average the states of each text (``windows.average_sides``).

    Args:
        reader: Its heads.
        encoder: With words, in int8 or float32.
    """
    graph = OnnxGraph()
    x = add_encoder(graph, encoder)
    means = graph.node("MatMul", "sides", x)  # (B, 2, C)
    zero, one = (graph.constant(np.array(place)) for place in (0, 1))
    begin = graph.node("Gather", x, zero, axis=1)
    first, second = (graph.node("Gather", means, place, axis=1) for place in (zero, one))
    both = graph.node("Mul", first, second)
    _add_head(graph, [begin, first, second, both], reader.row, "rows")
    topic = graph.node("Unsqueeze", first, graph.constant(np.array([1])))
    marks = _add_head(graph, [x, graph.node("Mul", x, topic)], reader.word, "")
    graph.node("Squeeze", marks, graph.constant(np.array([2])), result="words")
    return graph.serialize(
        {"ids": (INT64, ["B", "T"]), "sides": (FLOAT, ["B", 2, "T"])},
        {"rows": (FLOAT, ["B", 2]), "words": (FLOAT, ["B", "T"])},
    )


def digest_file(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits.

    Raises:
        UntrustedWeights: It cannot be read.
    """
    try:
        with file.open("rb") as held:
            return hashlib.file_digest(held, "sha256").hexdigest()
    except OSError as error:
        raise UntrustedWeights(
            f"{file} should be the reader's file: {error}. Install genwright again."
        ) from error


def _write_graph(
    file: Path, reader: ShippedReader, words: WordTable
) -> tuple[ReaderWay, list[ReaderWay]]:
    """Write the first form that is faithful in some way of running it."""
    encoder = reader.with_words(words)
    partial = file.with_suffix(f".{os.getpid()}")
    try:
        for form in WAYS:
            if form.startswith("float"):
                layers = tuple(layer.restore() for layer in encoder.layers)
                encoder = replace(encoder, layers=layers)
            partial.write_bytes(build_reader_graph(reader, encoder))
            ways = [_measure(partial, products, reader.probes) for products in WAYS[form]]
            if chosen := _choose(ways):
                os.replace(partial, file)
                return chosen, ways
    finally:
        partial.unlink(missing_ok=True)
    raise UntrustedWeights(
        f"{file.parent}: the reader is {ways[0].difference:.3f} off what it should compute, and "
        f"{LARGEST_DIFFERENCE} is the most allowed; it belongs to another embedding model."
    )


def _choose(ways: list[ReaderWay]) -> ReaderWay | None:
    best = min(way.difference for way in ways)
    # Written so that a difference that is no number counts as unfaithful.
    near = [way for way in ways if way.difference <= min(LARGEST_DIFFERENCE, best + SLACK)]
    return min(near, key=lambda way: way.seconds, default=None)


def _measure(graph: Path, products: str, probes: tuple[ReaderProbe, ...]) -> ReaderWay:
    session = open_session(graph, threads=1, options=OPTIONS[products])
    difference = max(_compare(session, probe) for probe in probes)  # this also warms it up
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for probe in probes:
            _run(session, probe)
        seconds.append(time.perf_counter() - start)
    return ReaderWay(products, round(difference, 6), round(min(seconds), 6))


def _compare(session: Any, probe: ReaderProbe) -> float:  # noqa: ANN401
    found = _run(session, probe)
    return max(
        float(np.abs(sigmoid(here[0]) - sigmoid(right)).mean())
        for here, right in zip(found, (probe.rows, probe.words), strict=True)
    )


def _run(session: Any, probe: ReaderProbe) -> list[Array]:  # noqa: ANN401
    pair = {"ids": probe.ids[None], "sides": probe.sides[None]}
    found: list[Array] = session.run(["rows", "words"], pair)
    return found


def sigmoid(logits: Array) -> Array:
    """Probabilities of logits, float32."""
    return (1 / (1 + np.exp(-np.clip(logits, -60, 60)))).astype(np.float32)


def _add_head(graph: OnnxGraph, seen: list[str], head: tuple[Array, Array], result: str) -> str:
    weight, bias = head
    x = graph.node("Concat", *seen, axis=-1)
    product = graph.node("MatMul", x, graph.constant(weight.T))
    return graph.node("Add", product, graph.constant(bias), result=result)


def _read(file: Path) -> Json:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(file: Path, content: bytes) -> None:
    """So that it is there wholly or not at all."""
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    os.replace(partial, file)
