"""How much memory a GGUF model needs, known from its header before it is loaded."""

from dataclasses import dataclass
from pathlib import Path

from genwright.catalog.gguf_header import GGUFHeader
from genwright.errors import EngineFailed
from genwright.hardware import measure_free_memory

MIB = 1024 * 1024
PROCESS = 160 * MIB
"""The interpreter, llama.cpp's code, vocabulary and allocator, as measured with small models."""
F16, F32 = 2, 4


@dataclass(frozen=True)
class MemoryNeed:
    """Memory in bytes."""

    weights: int
    cache: int
    """Keys and values of every token of every slot, in 16 bits."""
    buffers: int

    @property
    def total(self) -> int:
        """All of it together with the process itself."""
        return self.weights + self.cache + self.buffers + PROCESS


def read_number(header: GGUFHeader, key: str, default: int = 0) -> int:
    """A whole number of the model's architecture, such as ``block_count``.

    Where a model gives one for each layer, the largest.
    """
    value = header.metadata.get(f"{header.metadata.get('general.architecture')}.{key}", default)
    return (
        max((int(item) for item in value), default=default)
        if isinstance(value, list)
        else (int(value) if isinstance(value, int | float) else default)
    )


def estimate(header: GGUFHeader, size: int, context: int, slots: int, batch: int) -> MemoryNeed:
    """Memory for one loaded model.

    Keys and values take ``layers * kv_heads * (key_length + value_length)`` numbers a token;
    the compute buffers hold one batch's logits, activations and attention scores.

    Args:
        header: Of the GGUF file.
        size: Of the file, in bytes.
        context: Tokens of one slot.
        slots: Requests that run at once.
        batch: Tokens read at once.
    """
    heads = max(1, read_number(header, "attention.head_count", 1))
    width = read_number(header, "embedding_length")
    length = width // heads
    per_token = read_number(header, "attention.head_count_kv", heads) * (
        read_number(header, "attention.key_length", length)
        + read_number(header, "attention.value_length", length)
    )
    cache = read_number(header, "block_count") * per_token * context * slots * F16
    activations = 4 * width + 3 * read_number(header, "feed_forward_length")
    buffers = batch * (activations + _read_vocabulary_size(header) + heads * context) * F32
    return MemoryNeed(size, cache, buffers)


def check(path: Path, need: MemoryNeed, limit: int = 0) -> None:
    """Refuse a model that does not fit, before it is loaded.

    Args:
        path: Of the model, for the message.
        need: What it needs.
        limit: Most it may need, in bytes; 0 for what is free now.

    Raises:
        EngineFailed: It needs more.
    """
    free = limit or measure_free_memory()
    if need.total > free:
        raise EngineFailed(
            f"{path.name} needs {need.total // MIB} MiB of memory (weights {need.weights // MIB}, "
            f"cache {need.cache // MIB}, buffers {need.buffers // MIB}, process {PROCESS // MIB}), "
            f"but {'only ' if not limit else 'engine.memory_bytes allows '}{free // MIB} MiB"
            f"{' are free' if not limit else ''}. Lower engine.context, take a smaller model, or "
            "free memory."
        )


def _read_vocabulary_size(header: GGUFHeader) -> int:
    tokens = header.metadata.get("tokenizer.ggml.tokens")
    return read_number(header, "vocab_size") or (len(tokens) if isinstance(tokens, list) else 0)
