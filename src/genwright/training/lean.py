"""transformers' trainer with the loss of ``losses``, where a model allows it."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler
from transformers import Trainer

from genwright.training.losses import lean_loss

POOL = 50
"""Batches that are sorted by length together: larger ones pad less, and mix less."""


class LengthGroupedSampler(Sampler[int]):
    """Places of rows, so that neighbours are of like length; other ones in each epoch.

    Args:
        lengths: Of the rows.
        size: Rows that come together.
        seed: Of the order.
    """

    def __init__(self, lengths: Sequence[int], size: int, seed: int) -> None:
        self.lengths, self.size, self.seed, self.epoch = lengths, size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Let the next order be that of an epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        draw = random.Random(f"{self.seed}/{self.epoch}")
        places = list(range(len(self.lengths)))
        draw.shuffle(places)
        batches: list[list[int]] = []
        pool = POOL * self.size
        for start in range(0, len(places), pool):
            part = sorted(places[start : start + pool], key=lambda i: -self.lengths[i])
            batches += [part[i : i + self.size] for i in range(0, len(part), self.size)]
        last = batches.pop() if len(batches[-1]) < self.size else []  # a short one stays last
        draw.shuffle(batches)
        return iter([place for batch in [*batches, last] for place in batch])


class LeanTrainer(Trainer):
    """The same trainer; only how the loss is computed differs, not what it is.

    Batches are of like lengths, in an order that seed and epoch alone decide, so that a training
    that goes on sees what it would have seen. (transformers' own such sampler draws from the global
    generator: a resumed training would see other batches.)
    """

    tokens = 0
    """That were trained on, without padding."""

    def training_step(self, model: Any, inputs: dict[str, Any], *rest: Any, **named: Any) -> Any:
        """One batch forward and back."""
        mask = inputs.get("attention_mask")
        self.tokens += int(mask.sum()) if mask is not None else inputs["input_ids"].numel()
        return super().training_step(model, inputs, *rest, **named)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        dataset = train_dataset if train_dataset is not None else self.train_dataset
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        lengths = [len(dataset[place]["input_ids"]) for place in range(len(dataset))]
        size = self.args.per_device_train_batch_size * self.args.gradient_accumulation_steps
        return LengthGroupedSampler(lengths, size, self.args.seed)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The loss of a batch, a scalar."""
        smoothing = self.args.label_smoothing_factor
        if not return_outputs and not smoothing:
            with self._autocast():
                loss = lean_loss(model, inputs, num_items_in_batch)
            if loss is not None:
                return loss
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def _autocast(self) -> Any:
        """The arithmetic of the training: the model below is called past accelerate's own."""
        return torch.autocast(
            self.args.device.type, dtype=torch.bfloat16, enabled=bool(self.args.bf16)
        )

    def prediction_step(
        self,
        model: Any,
        inputs: dict[str, Any],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> Any:
        """The loss of a batch, without its logits where only the loss is wanted."""
        if prediction_loss_only:
            inputs = self._prepare_inputs(inputs)
            with torch.inference_mode(), self._autocast():
                loss = lean_loss(model, inputs, None)
            if loss is not None:
                return loss.detach().mean(), None, None
        return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys)
