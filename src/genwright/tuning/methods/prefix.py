"""Prefix tuning: trained keys and values before those of the input, in every layer.

Li and Liang 2021, arXiv:2101.00190.
"""

from typing import TYPE_CHECKING, ClassVar

from genwright.extras import need
from genwright.tuning.config import MethodConfig
from genwright.tuning.methods.base import methods
from genwright.tuning.methods.virtual import wrap_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@methods.register("prefix")
class PrefixTuning:
    """Trains what each layer attends to before the input."""

    adapter: ClassVar[bool] = True

    def apply(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        objective: str,
        options: MethodConfig,
    ) -> "PreTrainedModel":
        """The model with a trained prefix in every layer."""
        peft = need("peft", "train", "Prefix tuning")
        config = peft.PrefixTuningConfig(
            num_virtual_tokens=options.num_virtual_tokens,
            prefix_projection=options.projection,
            encoder_hidden_size=options.hidden or None,
        )
        return wrap_model(model, objective, config)
