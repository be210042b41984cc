"""The reader: one small model that reads two texts together, on the embedding model's words.

Its file, without word vectors, comes with genwright; ``open_reader`` builds the rest of it once.
"""

from importlib.resources import files
from pathlib import Path

from genwright.embeddings.words import WordTable
from genwright.grounding.reading.built import build_reader
from genwright.grounding.reading.reader import PairReader, Reading, ReadText

__all__ = ["BASE", "SHIPPED", "PairReader", "ReadText", "Reading", "open_reader"]

BASE = "multilingual-e5-small"
"""Catalog name of the embedding model that the shipped reader is built on."""

SHIPPED = Path(str(files("genwright.grounding") / "reader.safetensors"))


def open_reader(
    embedder_folder: Path,
    threads: int,
    *,
    file: Path = SHIPPED,
    words: WordTable | None = None,
) -> PairReader:
    """The reader on an embedding model, its graph built where it is not there.

    Args:
        embedder_folder: Of the model that the reader is built on; the graph is put there.
        threads: Processor threads.
        file: The shipped reader.
        words: The model's word vectors; None reads them out of the folder.

    Raises:
        UntrustedWeights: The file is damaged, or the model is not the one it belongs to.
        EngineFailed: The graph cannot be written.
    """
    reader = PairReader(embedder_folder, threads, file=file, words=words)
    build_reader(embedder_folder, file, words)
    return reader
