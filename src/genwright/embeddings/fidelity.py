"""Which way of multiplying is right on this processor, and of those the fastest: by measuring.

ONNX Runtime multiplies int8 in one of two ways (session option ``session.x64quantprecision``):

- ``u8s8``: unsigned activations by signed weights. Fast, and exact where the processor has VNNI.
  AVX2 and AVX-512 without it use ``pmaddubsw``, which adds two products in a signed 16-bit number:
  2 * 255 * 127 = 64,770 does not fit in 32,767 and is cut (cosine 0.987 where 0.9999 is right).
- ``u8u8``: weights moved into the unsigned range and widened before they are multiplied. Exact on
  every processor: the sum of K products is at most K * 255 * 255, which fits in 32 bits up to
  K = 33,025. On a processor with VNNI it takes 1.6 times as long.

Nothing here asks what a processor is said to do: a way counts when what it computes agrees with
plain arithmetic.
"""

import json
import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings.arithmetic import Array, Bert
from genwright.embeddings.sessions import open_session
from genwright.errors import EngineFailed
from genwright.types import Json

OPTIONS: dict[str, Mapping[str, str]] = {
    "u8s8": {},
    "u8u8": {"session.x64quantprecision": "1"},
    "f32": {},
}
"""Ways of multiplying, with the session options that ask for them."""

EXACT = "u8u8"
"""The way of int8 that is right on every processor."""

WAYS = {"int8-1": ("u8s8", "u8u8"), "float32-1": ("f32",)}
"""The ways in which a graph of each form can be run."""

LEAST_COSINE = 0.995
"""What a way must reach against plain arithmetic on the worst probe."""

SLACK = 0.001
"""How far a faster way may fall below the most faithful one."""

ROUNDS = 3
"""Runs over the probes; the fastest counts."""

INSTRUCTIONS = (
    "avx2", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni", "avx_vnni_int8", "amx_int8",
    "asimddp", "i8mm", "sve",
)  # fmt: skip
"""Instruction sets that decide which kernels multiply, as Linux names them."""

TEXTS = (
    "The moon goes round the earth.",
    "How do I reset my password?",
    "Oil 15W-40, 4.5 litres; change the filter at 10,000 km!",
    "a",
    "The central bank raised interest rates again, and borrowing became dearer for everyone.",
    "Doctors treated the patient with antibiotics for ten days, after which the fever was gone and "
    "the wound had closed; she was sent home with a letter to her own doctor and asked to come "
    "back in a month, or at once if the fever returned.",
    "def area(radius): return 3.14159 * radius ** 2",
    "Je ne sais pas ce que cela veut dire: 北京的胡同, straße, naïve, Ω.",
)
"""What probes are made of: short and long, prose and other."""

PROBES, RECORDS = "probes.npz", ".measured"


@dataclass(frozen=True)
class Probes:
    """Token ids, and the vectors that plain arithmetic gives for them."""

    ids: tuple[NDArray[np.int64], ...]
    vectors: Array

    @classmethod
    def of(
        cls,
        bert: Bert,
        tokenizer: Any,  # noqa: ANN401
        max_tokens: int,
        prefix: str = "",
    ) -> Self:
        """Computed by plain arithmetic; a prefix is what the model wants before each text."""
        ids = _encode(tokenizer, max_tokens, prefix)
        return cls(ids, np.stack([bert.embed(row.tolist()) for row in ids]))

    def save(self, file: Path) -> None:
        """Write them as npz."""
        lengths = np.array([len(row) for row in self.ids])
        np.savez(file, ids=np.concatenate(self.ids), lengths=lengths, vectors=self.vectors)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            OSError: There is no such file.
            ValueError, KeyError: It holds something else.
        """
        with np.load(file) as held:
            ids = np.split(held["ids"], np.cumsum(held["lengths"])[:-1])
            return cls(tuple(ids), held["vectors"])


@dataclass(frozen=True)
class Way:
    """One way of multiplying, as measured."""

    products: str
    cosine: float
    """To plain arithmetic, on the worst probe."""
    seconds: float
    """For all probes, one after the other, on one thread."""


def measure(graph: Path, form: str, probes: Probes) -> list[Way]:
    """Run the probes in each way that the form has."""
    return [_measure(graph, products, probes) for products in WAYS[form]]


def choose(ways: Sequence[Way]) -> Way | None:
    """The fastest of those that are faithful; None where none is."""
    best = max(way.cosine for way in ways)
    # Written so that a cosine that is no number counts as unfaithful.
    faithful = [way for way in ways if way.cosine >= max(LEAST_COSINE, best - SLACK)]
    return min(faithful, key=lambda way: way.seconds, default=None)


def record(chosen: Way, ways: Sequence[Way]) -> Json:
    """What is kept of a measurement, to be compared with the processor at hand later."""
    return {
        "processor": name_processor(),
        "products": chosen.products,
        "measured": [asdict(way) for way in ways],
    }


def find_products(folder: Path, about: Json) -> str:
    """The way to run a prepared folder on this processor.

    It is measured again where the record is of another processor or release of the runtime. The
    files of a pulled model are pinned by digest, so the new record lies beside the folder, in
    ``.measured/NAME.json``; where that cannot be written, every process measures for itself.

    Args:
        folder: What ``prepare`` made.
        about: Its ``embedder.json``.

    Raises:
        EngineFailed: No way is faithful on this processor.
    """
    here, file = name_processor(), folder.parent / RECORDS / f"{folder.name}.json"
    weights = about["weights_sha256"]
    for known in (about, _read(file)):
        if known.get("processor") == here and known.get("weights_sha256") == weights:
            return str(known["products"])
    ways = measure(folder / "model.onnx", about["form"], _load_probes(folder, about))
    chosen = choose(ways)
    if chosen is None:
        raise EngineFailed(
            f"{folder}: the prepared embedder does not compute on this processor what it should "
            f"({_describe(ways)}). Prepare it here: genwright models remove {folder.name}, then "
            f"genwright models pull {folder.name}"
        )
    with suppress(OSError):
        _write(file, {"weights_sha256": weights} | record(chosen, ways))
    return chosen.products


def name_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """What decides the arithmetic: machine, instruction sets, release of the runtime."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), "").split()
    named = [name for name in INSTRUCTIONS if name in flags]
    return " ".join([platform.machine(), *named, f"onnxruntime-{version('onnxruntime')}"])


def _measure(graph: Path, products: str, probes: Probes) -> Way:
    session = open_session(graph, threads=1, options=OPTIONS[products])
    vectors = np.stack(list(_run(session, probes.ids)))  # the first runs also warm it up
    cosines = (vectors * probes.vectors).sum(axis=1)
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in _run(session, probes.ids):
            pass
        seconds.append(time.perf_counter() - start)
    return Way(products, round(float(cosines.min()), 6), round(min(seconds), 6))


def _run(session: Any, ids: Sequence[NDArray[np.int64]]) -> Iterator[Array]:  # noqa: ANN401
    for row in ids:
        yield session.run(["vectors"], {"ids": row[None]})[0][0]


def _encode(
    tokenizer: Any,  # noqa: ANN401
    max_tokens: int,
    prefix: str = "",
) -> tuple[NDArray[np.int64], ...]:
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rows = [tokenizer.encode(prefix + text).ids for text in TEXTS]
    return tuple(np.array(row[:max_tokens], np.int64) for row in rows)


def _load_probes(folder: Path, about: Json) -> Probes:
    """The folder's probes; a folder of a version before them is held against its exact way."""
    with suppress(FileNotFoundError):
        return Probes.load(folder / PROBES)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = _encode(tokenizer, int(about["max_tokens"]))
    session = open_session(folder / "model.onnx", threads=1, options=OPTIONS[EXACT])
    return Probes(ids, np.stack(list(_run(session, ids))))


def _describe(ways: Sequence[Way]) -> str:
    return ", ".join(f"{way.products}: cosine {way.cosine:.4f}" for way in ways)


def _read(file: Path) -> Json:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(file: Path, known: Json) -> None:
    """So that it is there wholly or not at all."""
    file.parent.mkdir(exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, file)
