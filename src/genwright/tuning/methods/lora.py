"""LoRA: a low-rank update beside each linear layer. Hu et al. 2021, arXiv:2106.09685."""

from typing import TYPE_CHECKING, ClassVar

from genwright.errors import UsageError
from genwright.extras import need
from genwright.tuning.config import MethodConfig
from genwright.tuning.methods.base import find_task_type, list_heads, methods

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@methods.register("lora")
class Lora:
    """``Wx + (alpha / rank) B A x`` with A and B trained; also rsLoRA and DoRA."""

    adapter: ClassVar[bool] = True

    def apply(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        objective: str,
        options: MethodConfig,
    ) -> "PreTrainedModel":
        """The model with updates on the layers that are named, by default all linear ones.

        Raises:
            UsageError: A layer that is named is not there.
        """
        peft = need("peft", "train", "LoRA")
        config = peft.LoraConfig(
            r=options.rank,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout,
            target_modules=list(options.target_modules) or "all-linear",
            use_rslora=options.rslora,
            use_dora=options.dora,
            modules_to_save=list_heads(model) or None,
            task_type=find_task_type(model, objective),
            fan_in_fan_out=model.config.model_type == "gpt2",
        )
        try:
            return peft.get_peft_model(model, config)
        except ValueError as error:
            raise UsageError(f"LoRA cannot be put on {options.target_modules}: {error}.") from error
