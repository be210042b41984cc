"""P-tuning: virtual tokens made by an LSTM. Liu et al. 2021, arXiv:2103.10385."""

from typing import TYPE_CHECKING, ClassVar

from genwright.extras import need
from genwright.tuning.config import MethodConfig
from genwright.tuning.methods.base import methods
from genwright.tuning.methods.virtual import wrap_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@methods.register("p_tuning")
class PTuning:
    """Trains a network that makes the embeddings of virtual tokens; after training they are kept.

    The network ties the vectors to one another, which makes them easier to train than alone.
    """

    adapter: ClassVar[bool] = True

    def apply(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        objective: str,
        options: MethodConfig,
    ) -> "PreTrainedModel":
        """The model with made vectors before its input."""
        peft = need("peft", "train", "P-tuning")
        config = peft.PromptEncoderConfig(
            num_virtual_tokens=options.num_virtual_tokens,
            encoder_reparameterization_type=options.encoder.upper(),
            encoder_hidden_size=options.hidden
            or min(512, model.get_input_embeddings().embedding_dim),
            encoder_num_layers=2,
        )
        return wrap_model(model, objective, config)
