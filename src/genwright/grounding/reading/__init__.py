"""The reader: small models that read two texts together, on the embedding model's words.

Two files, without word vectors, come with genwright: the reader finds what answers, the checker
sees what is said. ``open_reader`` builds the rest of them once.
"""

from importlib.resources import files
from pathlib import Path

from genwright.embeddings.words import WordTable
from genwright.grounding.reading.built import build_reader
from genwright.grounding.reading.model import PairModel
from genwright.grounding.reading.reader import PairReader, Reading, ReadText

__all__ = ["BASE", "CHECKER", "SHIPPED", "PairReader", "ReadText", "Reading", "open_reader"]

BASE = "multilingual-e5-small"
"""Catalog name of the embedding model that the shipped models are built on."""

SHIPPED = Path(str(files("genwright.grounding") / "reader.safetensors"))
CHECKER = Path(str(files("genwright.grounding") / "checker.safetensors"))


def open_reader(
    embedder_folder: Path,
    threads: int,
    *,
    reader: Path = SHIPPED,
    checker: Path = CHECKER,
    words: WordTable | None = None,
) -> PairReader:
    """The reader on an embedding model, its graphs built where they are not there.

    Args:
        embedder_folder: Of the model that the reader is built on; the graphs are put there.
        threads: Processor threads.
        reader: The shipped reader.
        checker: The shipped checker.
        words: The model's word vectors; None reads them out of the folder.

    Raises:
        UntrustedWeights: A file is damaged, or the model is not the one it belongs to.
        EngineFailed: A graph cannot be written.
    """
    models = [
        PairModel(embedder_folder, threads, file=file, words=words) for file in (reader, checker)
    ]
    for file in (reader, checker):
        build_reader(embedder_folder, file, words)
    return PairReader(*models)
