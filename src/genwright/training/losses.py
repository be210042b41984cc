"""The loss of a decoder without the logits that nobody asks for; losses summed over a data set.

A reply is often a small part of its conversation, and a vocabulary has 50,000 tokens and more:
logits of every token, in float32 and with their gradients, are the largest thing in a step's
memory. Here the output layer sees only the states whose next token is learnt. The loss is the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genwright.types import Json

if TYPE_CHECKING:
    from torch import Tensor, nn

PLAIN = ("llama", "mistral", "qwen2", "qwen3", "gpt2", "gpt_neo", "gptj")
"""Families whose logits are the output layer of the last state, and no more."""
UNWRAPPED = ("LORA",)
"""Adapters that live inside the layers, so that the model below can be called itself."""


def lean_loss(
    model: "nn.Module", batch: Mapping[str, "Tensor"], items: "Tensor | int | None"
) -> "Tensor | None":
    """Mean cross-entropy of the tokens that are learnt; None where this way is not for a model.

    Args:
        model: A language model, or one with a LoRA.
        batch: ``input_ids``, ``attention_mask`` and ``labels`` (B, T), -100 where none is learnt.
        items: Labels over all batches of a step, the sum's divisor; None for this batch's.
    """
    inner = find_inner_model(model)
    if inner is None or set(batch) != {"input_ids", "attention_mask", "labels"}:
        return None
    import torch

    states = inner.base_model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
    ).last_hidden_state
    wanted = batch["labels"][:, 1:]
    learnt = wanted != -100
    logits = inner.get_output_embeddings()(states[:, :-1][learnt]).float()
    total = torch.nn.functional.cross_entropy(logits, wanted[learnt], reduction="sum")
    return total / (learnt.sum().clamp(min=1) if items is None else items)


def find_inner_model(model: "nn.Module") -> Any:
    """The language model that can be called in parts; None where there is none."""
    kinds = {str(each.peft_type.value) for each in getattr(model, "peft_config", {}).values()}
    if not kinds <= set(UNWRAPPED):
        return None
    inner: Any = model.get_base_model() if kinds else model
    config = getattr(inner, "config", None)
    writes = type(inner).__name__.endswith(("ForCausalLM", "LMHeadModel"))
    return inner if writes and getattr(config, "model_type", "") in PLAIN else None


def sum_losses(
    model: Any, blocks: Sequence[Json], collate: Callable[[Sequence[Json]], Any], bfloat16: bool
) -> tuple[float, int]:
    """Summed loss of what is restored in blocks, in nats, and how many tokens that is.

    Args:
        model: Returns its loss.
        blocks: Examples of one length.
        collate: Makes a batch of examples, with what is to be restored as ``labels``.
        bfloat16: Whether to compute in it.
    """
    import torch

    total, count = 0.0, 0
    model.eval()
    kind = model.device.type
    with torch.inference_mode(), torch.autocast(kind, dtype=torch.bfloat16, enabled=bfloat16):
        for start in range(0, len(blocks), 32):
            batch = collate(blocks[start : start + 32])
            labels = batch["labels"]
            shift = 0 if (labels == -100).any() or "decoder" in type(model).__name__ else 1
            wanted = int((labels[:, shift:] != -100).sum())
            loss = model(**{k: v.to(model.device) for k, v in batch.items()}).loss
            total += float(loss) * wanted
            count += wanted
    return total, count
