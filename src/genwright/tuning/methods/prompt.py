"""Prompt tuning: trained vectors before the input. Lester et al. 2021, arXiv:2104.08691."""

from typing import TYPE_CHECKING, ClassVar

from genwright.extras import need
from genwright.tuning.config import MethodConfig
from genwright.tuning.methods.base import methods
from genwright.tuning.methods.virtual import wrap_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@methods.register("prompt")
class PromptTuning:
    """Trains the embeddings of virtual tokens; nothing else changes."""

    adapter: ClassVar[bool] = True

    def apply(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        objective: str,
        options: MethodConfig,
    ) -> "PreTrainedModel":
        """The model with trained vectors before its input."""
        peft = need("peft", "train", "Prompt tuning")
        text = options.init_text
        ids = tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
        config = peft.PromptTuningConfig(
            num_virtual_tokens=len(ids) or options.num_virtual_tokens,
            prompt_tuning_init="RANDOM",
        )
        made = wrap_model(model, objective, config)
        if ids:  # peft would read the tokenizer from a folder for this, by name
            import torch

            with torch.no_grad():
                vectors = model.get_input_embeddings().weight[torch.tensor(ids)]
                made.prompt_encoder["default"].embedding.weight.copy_(vectors)
        return made
