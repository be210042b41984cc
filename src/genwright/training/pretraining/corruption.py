"""What a model is asked to restore: the next token, masked tokens, or corrupted spans.

Masked: Devlin et al. 2018, arXiv:1810.04805, section 3.1 (15 % of the tokens; of these 80 % masked,
10 % replaced, 10 % kept). Spans: Raffel et al. 2020, arXiv:1910.10683, section 3.1.4 (15 % of the
tokens in spans of 3 on average, each replaced by a sentinel).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from genwright.types import Json

DENSITY, SPAN = 0.15, 3.0
MASKED, REPLACED = 0.8, 0.9


def collate_next_tokens(examples: Sequence[Json]) -> Mapping[str, Any]:
    """Blocks as a batch whose labels are the blocks themselves; the model shifts them."""
    ids = torch.from_numpy(np.stack([each["input_ids"] for each in examples]))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids.clone()}


class TokenMasker:
    """Hides some tokens of blocks, to be restored.

    What is hidden follows from the block and the seed alone.

    Args:
        mask: Id of the mask token.
        vocabulary: How many tokens there are.
        special: Tokens that are never hidden.
        seed: Of the draws.
    """

    def __init__(self, mask: int, vocabulary: int, special: Sequence[int], seed: int) -> None:
        self.mask, self.vocabulary, self.seed = mask, vocabulary, seed
        self.special = np.asarray(sorted(special))

    def __call__(self, examples: Sequence[Json]) -> Mapping[str, Any]:
        """Blocks (B, T) with hidden tokens, and labels that are -100 elsewhere."""
        ids = np.stack([each["input_ids"] for each in examples])
        random = np.random.default_rng([self.seed, int(ids.sum()) & 0x7FFFFFFF])
        hidden = (random.random(ids.shape) < DENSITY) & ~np.isin(ids, self.special)
        labels = np.where(hidden, ids, -100)
        how = random.random(ids.shape)
        shown = np.where(hidden & (how < MASKED), self.mask, ids)
        swapped = hidden & (how >= MASKED) & (how < REPLACED)
        shown = np.where(swapped, random.integers(0, self.vocabulary, ids.shape), shown)
        batch = torch.from_numpy(shown)
        return {
            "input_ids": batch,
            "attention_mask": torch.ones_like(batch),
            "labels": torch.from_numpy(labels),
        }


class SpanCorruptor:
    """Takes spans out of blocks, to be written by the decoder.

    Args:
        sentinels: Ids that stand for spans, first to last.
        end: Id that ends the target.
        pad: Id to fill shorter rows with.
        seed: Of the draws.
    """

    def __init__(self, sentinels: Sequence[int], end: int, pad: int, seed: int) -> None:
        self.sentinels, self.end, self.pad, self.seed = list(sentinels), end, pad, seed

    def __call__(self, examples: Sequence[Json]) -> Mapping[str, Any]:
        """Inputs with a sentinel for each span; labels of sentinels with what they stand for."""
        rows = [self.corrupt(each["input_ids"]) for each in examples]
        inputs = _fill_rows([row[0] for row in rows], self.pad)
        labels = _fill_rows([row[1] for row in rows], -100)
        return {
            "input_ids": inputs,
            "attention_mask": (inputs != self.pad).long(),
            "labels": labels,
        }

    def corrupt(self, ids: Any) -> tuple[list[int], list[int]]:
        """One block as input and target."""
        random = np.random.default_rng([self.seed, int(np.sum(ids)) & 0x7FFFFFFF])
        noisy = max(1, round(len(ids) * DENSITY))
        spans = min(len(self.sentinels), max(1, round(noisy / SPAN)), len(ids) - noisy)
        taken, kept = (
            _split_number(noisy, spans, random),
            _split_number(len(ids) - noisy, spans, random),
        )
        source: list[int] = []
        target: list[int] = []
        place = 0
        for number, (keep, take) in enumerate(zip(kept, taken, strict=True)):
            source += [*map(int, ids[place : place + keep]), self.sentinels[number]]
            place += keep
            target += [self.sentinels[number], *map(int, ids[place : place + take])]
            place += take
        return source, [*target, self.end]


def _split_number(total: int, number: int, random: Any) -> list[int]:
    """A number as a sum of so many positive ones, drawn evenly."""
    cuts: Any = (
        np.sort(random.choice(total - 1, number - 1, replace=False)) + 1 if number > 1 else []
    )
    edges = [0, *map(int, cuts), total]
    return [b - a for a, b in pairwise(edges)]


def _fill_rows(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
    width = max(map(len, rows))
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows])
