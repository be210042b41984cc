"""What a GGUF model is for, read from its head."""

from genwright.catalog.entries import Kind
from genwright.catalog.gguf_header import GGUFHeader
from genwright.errors import UntrustedWeights

RANK = 4
"""The format's number of the pooling that a cross-encoder has."""


def guess_kind(header: GGUFHeader) -> Kind:
    """Chat, unless it pools its tokens (embed) or scores pairs (rerank).

    Raises:
        UntrustedWeights: It is a part of a model: an adapter, a projector, one of several files.
    """
    metadata, architecture = header.metadata, header.architecture
    part = metadata.get("general.type", "model")
    if part != "model" or architecture == "clip":
        raise UntrustedWeights(
            f"This GGUF ({part} {architecture}) is a part of another model: import the model."
        )
    parts = metadata.get("split.count", 1)
    if isinstance(parts, int) and parts > 1:
        raise UntrustedWeights(
            f"This is one of {parts} files of a model: join them with llama-gguf-split --merge."
        )
    pooling = metadata.get(f"{architecture}.pooling_type")
    if pooling == RANK or any(tensor.name.startswith("cls.") for tensor in header.tensors):
        return "rerank"
    return "embed" if pooling or "bert" in architecture else "chat"


def read_context_length(header: GGUFHeader) -> int:
    """Most tokens it was trained to read; 0 where it does not say."""
    value = header.metadata.get(f"{header.architecture}.context_length", 0)
    return value if isinstance(value, int) else 0
