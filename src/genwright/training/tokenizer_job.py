"""Tokenizers by what a person calls them: a file, a folder, or a model of the workspace."""

from pathlib import Path

from genwright.errors import NotFound, UsageError
from genwright.runtime import Runtime
from genwright.training.tokenizers import Inspection, inspect_text, load

SAMPLE = 1 << 20
"""Characters of a file that are looked at."""


def inspect_tokenizer(runtime: Runtime, named: str, text: str, file: Path | None) -> Inspection:
    """Measure a tokenizer on a text.

    Raises:
        NotFound: There is no such tokenizer or file.
        UsageError: There is no text.
    """
    if file is not None:
        if not file.is_file():
            raise NotFound(f"There is no file {file}.")
        text = file.read_text(encoding="utf-8", errors="replace")[:SAMPLE]
    if not text:
        raise UsageError("Expected --text or --file: a text to split.")
    path = Path(named).expanduser()
    folder = path if path.exists() else runtime.models.open_base(named).folder
    return inspect_text(load(folder), text)
