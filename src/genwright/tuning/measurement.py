"""Losses of what was tuned, token by token, on its examples."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from genwright.evaluation.intervals import ConfidenceInterval, bootstrap_ratio
from genwright.tuning.objectives.base import PaddingCollator
from genwright.types import Json

BATCH = 16


def measure_token_losses(model: Any, examples: Sequence[Json], pad: int) -> list[tuple[float, int]]:
    """Summed loss of the learnt tokens of each example, in nats, and how many there are.

    Args:
        model: A causal or encoder-decoder language model.
        examples: With ``labels``, -100 where nothing is learnt.
        pad: Id of the token to fill with.
    """
    import torch

    collate = PaddingCollator(pad)
    found: list[tuple[float, int]] = []
    model.eval()
    shift = 0 if getattr(model.config, "is_encoder_decoder", False) else 1
    with torch.inference_mode():
        for start in range(0, len(examples), BATCH):
            batch = collate(examples[start : start + BATCH])
            labels = batch["labels"]
            logits = model(**{k: v.to(model.device) for k, v in batch.items()}).logits
            logits = logits[:, -labels.shape[1] :].float().cpu()
            logits, wanted = logits[:, : labels.shape[1] - shift], labels[:, shift:]
            losses = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), wanted, reduction="none", ignore_index=-100
            )
            counts = (wanted != -100).sum(1).tolist()
            found += list(zip(losses.sum(1).tolist(), counts, strict=True))
    return found


def perplexity(losses: Sequence[tuple[float, int]]) -> ConfidenceInterval:
    """Perplexity of the tokens that are learnt, with its interval over examples."""
    nats = bootstrap_ratio([loss for loss, _ in losses], [float(count) for _, count in losses])
    return ConfidenceInterval(*(_exp(value) for value in (nats.value, nats.low, nats.high)))


def hide_adapter(model: Any) -> AbstractContextManager[Any]:
    """The base below an adapter, for as long as the context lasts."""
    disable: Callable[[], AbstractContextManager[Any]] | None = getattr(
        model, "disable_adapter", None
    )
    return disable() if disable else nullcontext()


def _exp(value: float) -> float:
    return math.exp(min(value, 700.0))
