"""Texts as one long row of tokens on disk, cut into blocks: packed, and read by memory map.

Documents are joined with the end token between them and cut without regard to where they end, so
that no place in a batch is padding. Tokens are written as they are made: no text need fit into
memory.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from genwright.errors import UsageError
from genwright.training.tokenizers import read_texts
from genwright.types import Json

CHUNK = 1 << 16
"""Characters that are tokenised at once, cut at an end of a line."""


@dataclass(frozen=True)
class TokenFile:
    """Tokens on disk."""

    path: Path
    count: int
    bytes: int
    """Of the text that they are, in UTF-8."""
    characters: int

    def open_array(self) -> Any:
        """The tokens as an array that is read when it is looked at."""
        return np.memmap(self.path, dtype=np.uint32, mode="r", shape=(self.count,))


def write_tokens(texts: Iterable[str], tokenizer: Any, end: int | None, path: Path) -> TokenFile:
    """Tokenise texts into a file; one that is there already is taken as it is.

    Args:
        texts: Pieces of text in order.
        tokenizer: A transformers tokenizer.
        end: Token between documents (pieces of different files); None for none.
        path: The file.

    Raises:
        UsageError: The texts hold no token.
    """
    about = path.with_suffix(".json")
    if about.is_file():
        return TokenFile(path, **json.loads(about.read_text(encoding="utf-8")))
    path.parent.mkdir(parents=True, exist_ok=True)
    count = size = characters = 0
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        for text in _split_chunks(texts):
            ids = tokenizer(text, add_special_tokens=False)["input_ids"]
            file.write(np.asarray(ids, dtype=np.uint32).tobytes())
            count += len(ids)
            size += len(text.encode())
            characters += len(text)
        if end is not None and count:
            file.write(np.asarray([end], dtype=np.uint32).tobytes())
            count += 1
    if not count:
        raise UsageError("The texts hold no token to train on.")
    os.replace(part, path)
    values = {"count": count, "bytes": size, "characters": characters}
    about.write_text(json.dumps(values), encoding="utf-8")
    return TokenFile(path, **values)


def split_held_out(files: Sequence[Path], share: float) -> tuple[str, str]:
    """The texts of files, and the last part of them, which is not trained on.

    Args:
        files: UTF-8 texts.
        share: Of the characters that is held out, at the end.
    """
    whole = "".join(read_texts(files))
    cut = len(whole) - round(share * len(whole))
    return whole[:cut], whole[cut:]


def _split_chunks(texts: Iterable[str]) -> Iterable[str]:
    rest = ""
    for text in texts:
        rest += text
        while len(rest) > CHUNK:
            cut = rest.rfind("\n", 0, CHUNK) + 1 or CHUNK
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


class CropDataset(Dataset[Json]):
    """Blocks of tokens that begin anywhere: which, the number and the seed alone decide.

    So a training that goes on at a step sees what it would have seen.

    Args:
        tokens: All of them.
        length: Of a block.
        number: Of blocks.
        seed: Of their places.
    """

    def __init__(self, tokens: Any, length: int, number: int, seed: int) -> None:
        if len(tokens) <= length:
            raise UsageError(
                f"The text has {len(tokens)} tokens, a block takes {length}: add text, or lower "
                "the context."
            )
        self.tokens, self.length, self.number = tokens, length, number
        self.starts = np.random.default_rng(seed).integers(0, len(tokens) - length, number)

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, place: int) -> Json:
        start = int(self.starts[place])
        return {"input_ids": self.tokens[start : start + self.length].astype(np.int64)}


def cut_blocks(tokens: Any, length: int, most: int = 0) -> list[Json]:
    """Tokens cut into blocks one after the other, evenly chosen where there are too many."""
    count = (len(tokens) - 1) // length
    places = range(max(1, count))
    if most and count > most:
        places = [int(i * count / most) for i in range(most)]  # type: ignore[assignment]
    return [
        {"input_ids": np.asarray(tokens[i * length : (i + 1) * length], dtype=np.int64)}
        for i in places
    ]
