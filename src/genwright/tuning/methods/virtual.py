"""What prefix, prompt and P-tuning share: a peft model whose base is frozen and heads are trained.

No method itself: it publishes none.
"""

import inspect
from typing import TYPE_CHECKING, Any

from genwright.errors import Refused
from genwright.extras import need
from genwright.tuning.methods.base import find_task_type, list_heads

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def wrap_model(model: "PreTrainedModel", objective: str, config: Any) -> "PreTrainedModel":
    """A model with virtual tokens.

    Args:
        model: The base with its head.
        objective: What it is trained for.
        config: peft's, without a task.

    Raises:
        Refused: peft cannot put virtual tokens on this architecture.
    """
    peft = need("peft", "train", "Tuning by virtual tokens")
    config.task_type = find_task_type(model, objective)
    if heads := list_heads(model):
        config.modules_to_save = heads
    if config.peft_type == "PREFIX_TUNING" and not _may_take_keys(model):
        raise _make_refusal(model, "it takes no keys and values from outside")
    try:
        return peft.get_peft_model(model, config)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _make_refusal(model, str(error)) from error


def _may_take_keys(model: "PreTrainedModel") -> bool:
    """Whether a prefix of keys and values can be put before the input."""
    backbone = model.base_model
    return any(
        "past_key_values" in inspect.signature(each.forward).parameters
        for each in (model, backbone)
    )


def _make_refusal(model: "PreTrainedModel", why: str) -> Refused:
    return Refused(
        f"{model.config.model_type} takes no virtual tokens of this kind ({why}): use the methods "
        "lora, last_layers or full."
    )
