"""Trained weights in transformers' form: which class they are of, and how they are loaded."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genwright.errors import EngineFailed
from genwright.extras import need

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CLASSES = {
    "generation": "AutoModelForCausalLM",
    "summarization": "AutoModelForCausalLM",
    "pretraining": "AutoModelForCausalLM",
    "classification": "AutoModelForSequenceClassification",
    "reward": "AutoModelForSequenceClassification",
    "question_answering": "AutoModelForQuestionAnswering",
    "masked": "AutoModelForMaskedLM",
}
"""By objective, where the model is no encoder-decoder."""
MASKED = ("bert", "roberta", "xlm-roberta", "distilbert", "electra", "deberta-v2", "modernbert")
"""Families whose plain head fills masks."""
ENCODERS = (*MASKED, "xlnet")
"""Families that read a text in both directions."""


@dataclass(frozen=True)
class Weights:
    """Where trained weights are, and what they do."""

    base: str
    """Folder in the model hub's form."""
    objective: str = "generation"
    adapter: str = ""
    """Folder of a peft adapter; empty for none."""
    labels: tuple[str, ...] = ()
    """Classes in the order of the head's outputs."""

    def json(self) -> dict[str, Any]:
        """Every field."""
        return asdict(self)


def find_class_name(objective: str, config: dict[str, Any]) -> str:
    """The transformers class for an objective on an architecture.

    Args:
        objective: What the weights do.
        config: The ``config.json`` of the base.

    Example:
        >>> find_class_name("generation", {"model_type": "t5", "is_encoder_decoder": True})
        'AutoModelForSeq2SeqLM'
    """
    writes = objective in ("generation", "summarization", "pretraining")
    if writes and config.get("is_encoder_decoder"):
        return "AutoModelForSeq2SeqLM"
    if objective == "pretraining" and config.get("model_type") in MASKED:
        return CLASSES["masked"]
    return CLASSES[objective]


def load(weights: Weights, **options: Any) -> "tuple[PreTrainedModel, PreTrainedTokenizerBase]":
    """Load weights with their tokenizer; an adapter lies over its base.

    Args:
        weights: Where they are.
        options: Handed to ``from_pretrained``, such as ``dtype``.

    Raises:
        EngineFailed: They cannot be loaded.
    """
    transformers = need("transformers", "train", "The transformers engine")
    base = Path(weights.base)
    try:
        config = json.loads((base / "config.json").read_text(encoding="utf-8"))
        kind = getattr(transformers, find_class_name(weights.objective, config))
        if weights.labels or weights.objective == "reward":
            options["num_labels"] = len(weights.labels) or 1
        model = kind.from_pretrained(base, local_files_only=True, **options)
        home = Path(weights.adapter) if weights.adapter else base
        own = home if (home / "tokenizer_config.json").is_file() else base
        tokenizer = transformers.AutoTokenizer.from_pretrained(own, local_files_only=True)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
        if model.config.pad_token_id is None:
            model.config.pad_token_id = tokenizer.pad_token_id
        if weights.adapter:
            peft = need("peft", "train", "The transformers engine")
            model = peft.PeftModel.from_pretrained(model, weights.adapter)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise EngineFailed(f"{base.name} does not load by transformers: {error}") from error
    return model.eval(), tokenizer
