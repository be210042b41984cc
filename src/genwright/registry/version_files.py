"""Names of the files of a version."""

from pathlib import Path

ADAPTER, WHOLE = "adapter", "hf"
ADAPTER_FILE = "adapter.gguf"
SERVED_FIRST = ("q8_0", "f16", "f32", "q4_1", "q4_0")
"""Which of several GGUF files is served: the smallest that loses next to nothing."""


def find_gguf(folder: Path) -> Path | None:
    """The GGUF file of whole weights that is served; None where there is none."""
    for kind in SERVED_FIRST:
        path = folder / f"model-{kind}.gguf"
        if path.is_file():
            return path
    return None
