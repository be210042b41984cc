"""The protocol of methods: which weights of a model are trained."""

from typing import TYPE_CHECKING, ClassVar, Protocol

from genwright.plugins import Plugins
from genwright.tuning.config import MethodConfig

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TASKS = {
    "generation": "CAUSAL_LM",
    "summarization": "CAUSAL_LM",
    "classification": "SEQ_CLS",
    "reward": "SEQ_CLS",
    "question_answering": "QUESTION_ANS",
}
"""peft's name of a task, by objective; an encoder-decoder that writes is ``SEQ_2_SEQ_LM``."""


class TuningMethod(Protocol):
    """A way to train some weights of a model."""

    adapter: ClassVar[bool]
    """Whether what is trained is kept apart from the base."""

    def apply(
        self,
        model: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
        objective: str,
        options: MethodConfig,
    ) -> "PreTrainedModel":
        """The model with only the method's weights trainable.

        Raises:
            Refused: The method cannot be used on this architecture; the message says which can.
        """
        ...


methods: Plugins[TuningMethod] = Plugins("genwright.tuning.methods")


def find_task_type(model: "PreTrainedModel", objective: str) -> str:
    """Peft's name of the task."""
    if getattr(model.config, "is_encoder_decoder", False) and TASKS[objective] == "CAUSAL_LM":
        return "SEQ_2_SEQ_LM"
    return TASKS[objective]


def list_heads(model: "PreTrainedModel") -> list[str]:
    """Names of the new heads of a model that classifies or answers, which are always trained."""
    found = ("score", "classifier", "qa_outputs", "logits_proj", "classification_head")
    return [name for name, _ in model.named_children() if name in found]
