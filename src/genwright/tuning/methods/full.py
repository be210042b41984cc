"""Full fine-tuning: every weight is trained."""

from typing import TYPE_CHECKING, ClassVar

from genwright.tuning.config import MethodConfig
from genwright.tuning.methods.base import methods

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@methods.register("full")
class FullTuning:
    """Trains all there is: the most room to change, and the most memory and time."""

    adapter: ClassVar[bool] = False

    def apply(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        objective: str,
        options: MethodConfig,
    ) -> "PreTrainedModel":
        """The model with every weight trainable."""
        return model.requires_grad_(True)
