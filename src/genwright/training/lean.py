"""transformers' trainer with the loss of ``losses``, where a model allows it."""

from typing import Any

import torch
from transformers import Trainer

from genwright.training.losses import lean_loss


class LeanTrainer(Trainer):
    """The same trainer; only how the loss is computed differs, not what it is."""

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
            with self.autocast_smart_context_manager():
                loss = lean_loss(model, inputs, num_items_in_batch)
            if loss is not None:
                return loss
        return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

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
            with torch.inference_mode(), self.compute_loss_context_manager():
                loss = lean_loss(model, inputs, None)
            if loss is not None:
                return loss.detach().mean(), None, None
        return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys)
