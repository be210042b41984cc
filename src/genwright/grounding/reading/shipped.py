"""The file that the reader is shipped in: its layers and heads in int8, without word vectors.

The word vectors are those of the embedding model, which is fetched anyway; without them the file
is a fifth of the model. It is safetensors: matrices int8 with their scales, all else float32; the
header's ``reader`` is JSON with what must be known to run it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings.arithmetic import Array
from genwright.embeddings.quantized import Encoder, EncoderLayer, Product
from genwright.embeddings.words import WordTable
from genwright.errors import UntrustedWeights
from genwright.types import Json

FORMAT = 2
"""Version of the file's form."""

NO_WORDS = WordTable(np.empty((0, 0), np.int8))
"""What an encoder has before it gets the embedding model's word vectors."""

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class ReaderProbe:
    """Token ids of a pair, and the logits that float32 gives for it."""

    ids: NDArray[np.int64]
    """(T,)."""
    sides: Array
    """Weights that average the tokens of each text, (2, T)."""
    rows: Array
    """(2,): answers, supports."""
    words: Array
    """(T,)."""


@dataclass(frozen=True)
class ShippedReader:
    """What the file holds."""

    encoder: Encoder
    """Without words."""
    row: tuple[Array, Array]
    """Weight (2, 4C) and bias (2,) of the head of pairs: answers, supports. It sees the state of
    the first token, the means of the first text's and of the second's, and their product."""
    word: tuple[Array, Array]
    """Weight (1, 2C) and bias (1,) of the head of tokens. It sees a token's state, and that times
    the mean of the first text's."""
    probes: tuple[ReaderProbe, ...]
    about: Json
    """``format``, ``base``, ``recipe``, ``figures``, ``calibration``, ``most_tokens``,
    ``question_tokens``, ``heads``, ``epsilon``, ``begin`` and ``end`` (ids of special tokens)."""

    def with_words(self, words: WordTable) -> Encoder:
        """The whole encoder."""
        return replace(self.encoder, words=words)


def save_reader(reader: ShippedReader, file: Path) -> None:
    """Write the file."""
    from safetensors.numpy import save_file

    encoder = reader.encoder
    tensors = {"positions": encoder.positions} | _norm("norm", encoder.norm)
    for number, layer in enumerate(encoder.layers):
        tensors |= dict(_name_layer(f"layers.{number}", layer))
    tensors |= _norm("row", reader.row) | _norm("word", reader.word)
    for number, probe in enumerate(reader.probes):
        tensors |= {f"probes.{number}.{each.name}": getattr(probe, each.name)
                    for each in fields(ReaderProbe)}  # fmt: skip
    about = reader.about | {
        "format": FORMAT,
        "layers": len(encoder.layers),
        "heads": encoder.heads,
        "epsilon": encoder.epsilon,
        "probes": len(reader.probes),
    }
    held = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    save_file(held, file, metadata={"reader": json.dumps(about)})


def load_about(file: Path) -> Json:
    """The header's JSON alone.

    Raises:
        UntrustedWeights: There is no such file, or it is of another kind or form.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as held:
            about = json.loads((held.metadata() or {})["reader"])
        form = about["format"]
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UntrustedWeights(
            f"{file} should be the reader's safetensors file: {error!r}. Install genwright again."
        ) from error
    if form != FORMAT:
        raise UntrustedWeights(
            f"{file} has format {form}, this genwright reads {FORMAT}: install the two together."
        )
    return dict(about)


def load_reader(file: Path) -> ShippedReader:
    """Read what ``save_reader`` wrote.

    Raises:
        UntrustedWeights: It is no such file, or lacks something.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    about = load_about(file)
    try:
        return _assemble(load_file(file), about)
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise UntrustedWeights(f"{file} is damaged: {error!r}. Install genwright again.") from error


def _assemble(tensors: Tensors, about: Json) -> ShippedReader:
    encoder = Encoder(
        NO_WORDS,
        tensors["positions"],
        _pair(tensors, "norm"),
        tuple(_read_layer(tensors, f"layers.{number}") for number in range(about["layers"])),
        about["heads"],
        about["epsilon"],
    )
    names = [each.name for each in fields(ReaderProbe)]
    probes = tuple(
        ReaderProbe(*(tensors[f"probes.{number}.{name}"] for name in names))
        for number in range(about["probes"])
    )
    return ShippedReader(encoder, _pair(tensors, "row"), _pair(tensors, "word"), probes, about)


def _name_layer(at: str, layer: EncoderLayer) -> Iterator[tuple[str, NDArray[Any]]]:
    for part in fields(EncoderLayer):
        value = getattr(layer, part.name)
        if isinstance(value, Product):
            held = {each.name: getattr(value, each.name) for each in fields(Product)}
            yield from ((f"{at}.{part.name}.{name}", array) for name, array in held.items()
                        if array is not None)  # fmt: skip
        else:
            yield from _norm(f"{at}.{part.name}", value).items()


def _read_layer(tensors: Tensors, at: str) -> EncoderLayer:
    def read(name: str) -> Product:
        here = f"{at}.{name}"
        return Product(
            tensors[f"{here}.values"],
            tensors[f"{here}.bias"],
            tensors[f"{here}.scales"],
            tensors.get(f"{here}.move"),
        )

    return EncoderLayer(
        qkv=read("qkv"),
        attended=read("attended"),
        attended_norm=_pair(tensors, f"{at}.attended_norm"),
        up=read("up"),
        down=read("down"),
        down_norm=_pair(tensors, f"{at}.down_norm"),
    )


def _norm(name: str, pair: tuple[Array, Array]) -> dict[str, NDArray[Any]]:
    return {f"{name}.weight": pair[0], f"{name}.bias": pair[1]}


def _pair(tensors: Tensors, name: str) -> tuple[Array, Array]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]
