"""A cross-encoder that reads two texts together: which words answer, and whether the second fits.

One encoder with three heads, trained together, since each of them learns from the others' rows. The
heads see the product of what both texts are on average: an encoder trained to embed says much by
that from the start, so that few rows go far.

- ``answers``: whether a passage answers a question;
- ``words``: for each of its tokens, whether it belongs to the sentence that does;
- ``supports``: whether a passage says what a claim states.

Nogueira, Cho 2019, arXiv:1901.04085 for pairs read together; Devlin et al. 2018, arXiv:1810.04805
for the marking of tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers.utils import ModelOutput

HEAD_RATE = 10.0
"""The heads are new, and learn so much faster than the encoder, which knows its languages."""
IGNORED = -1.0
"""Label of what does not count."""


@dataclass
class PairOutput(ModelOutput):
    """What the heads say of a batch, and the loss where there were labels."""

    loss: Tensor | None = None
    rows: Tensor | None = None
    """Logits of answers and supports, shape (B, 2)."""
    words: Tensor | None = None
    """Logits of the tokens, shape (B, T)."""


class CrossEncoder(nn.Module):
    """A BERT-kind encoder with the three heads.

    Args:
        folder: ``config.json`` and ``model.safetensors`` of the encoder it begins as.
        frozen: So many of the lowest layers stay as they are, as do the word vectors.
    """

    def __init__(self, folder: Path, frozen: int = 0) -> None:
        super().__init__()
        from transformers import BertModel

        self.encoder = BertModel.from_pretrained(folder, add_pooling_layer=False)
        self.encoder.embeddings.requires_grad_(False)
        for layer in self.encoder.encoder.layer[:frozen]:
            layer.requires_grad_(False)
        width = self.encoder.config.hidden_size
        self.row = nn.Linear(4 * width, 2)
        """Answers, supports; of the first token, the means of both texts, and their product."""
        self.word = nn.Linear(2 * width, 1)
        """Of a token, and of its product with the mean of the first text."""
        for head in (self.row, self.word):
            nn.init.normal_(head.weight, std=0.02 / HEAD_RATE)
            nn.init.zeros_(head.bias)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        sides: Tensor,
        labels: Tensor | None = None,
        word_labels: Tensor | None = None,
    ) -> PairOutput:
        """The logits of the heads, and the loss where there are labels.

        Args:
            input_ids: Shape (B, T).
            attention_mask: 1 where there is a token, shape (B, T).
            sides: Weights that average the tokens of each text, shape (B, 2, T).
            labels: Of the rows, 0 to 1 or ``IGNORED``, shape (B, 2).
            word_labels: Of the tokens, 0 to 1 or ``IGNORED``, shape (B, T).
        """
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state.float()
        means = sides @ states
        first, second = means[:, 0], means[:, 1]
        rows = HEAD_RATE * self.row(torch.cat([states[:, 0], first, second, first * second], dim=1))
        seen = torch.cat([states, states * first[:, None]], dim=2)
        words = HEAD_RATE * self.word(seen).squeeze(-1)
        if labels is None or word_labels is None:
            return PairOutput(rows=rows, words=words)
        loss = _masked_loss(rows, labels) + _masked_loss(words, word_labels)
        return PairOutput(loss, rows, words)


def _masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the rows of the mean cross entropy of each row's labels that count, in nats."""
    counts = (labels != IGNORED).float()
    each = binary_cross_entropy_with_logits(logits, labels.clamp(min=0.0), reduction="none")
    by_row = (each * counts).sum(1) / counts.sum(1).clamp(min=1.0)
    return by_row.sum() / (counts.sum(1) > 0).float().sum().clamp(min=1.0)


def average_sides(example: Mapping[str, Any], longest: int) -> Tensor:
    """Weights that average the tokens of the first text and of the second, shape (2, T).

    The first text stands at ``[1, first_end)``, the second from ``second_start`` to the last token.
    """
    sides = torch.zeros(2, longest)
    begin, end = example["second_start"], len(example["input_ids"]) - 1
    sides[0, 1 : example["first_end"]] = 1 / (example["first_end"] - 1)
    sides[1, begin:end] = 1 / max(end - begin, 1)
    return sides


def collate_pairs(examples: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
    """A padded batch of rows as ``benchmarks.reader.rows`` makes them."""
    longest = max(len(each["input_ids"]) for each in examples)

    def pad(name: str, fill: float, dtype: torch.dtype) -> Tensor:
        rows = [[*each[name], *[fill] * (longest - len(each[name]))] for each in examples]
        return torch.tensor(rows, dtype=dtype)

    ids = pad("input_ids", 1, torch.long)
    lengths = torch.tensor([[len(each["input_ids"])] for each in examples])
    return {
        "input_ids": ids,
        "attention_mask": (torch.arange(longest)[None] < lengths).long(),
        "sides": torch.stack([average_sides(each, longest) for each in examples]),
        "labels": torch.tensor([each["labels"] for each in examples], dtype=torch.float32),
        "word_labels": pad("word_labels", IGNORED, torch.float32),
    }
