"""What a training will need, said before it starts: memory by count, time by a short trial."""

from dataclasses import dataclass
from typing import Any

from genwright.errors import Refused
from genwright.hardware import measure_free_memory
from genwright.training.config import TrainConfig

MB = 1e6
OPTIMISER_BYTES = 4 + 4 + 4
"""Of each trained weight: its gradient and AdamW's two moments, in float32."""
PROCESS_MB = 450
"""torch and what is imported with it."""


@dataclass(frozen=True)
class Forecast:
    """Predicted, and later measured beside it."""

    memory_mb: float
    seconds: float
    """Of training; 0 before a trial has told the speed."""
    trained: int
    """Weights that are trained."""
    weights: int
    """All weights."""

    def json(self) -> dict[str, Any]:
        """Every field."""
        return dict(self.__dict__)


def forecast_memory(
    config: dict[str, Any],
    weights: int,
    trained: int,
    train: TrainConfig,
    longest: int,
    weight_bytes: int = 4,
) -> Forecast:
    """Memory of a training, by what must be held at once.

    Weights; gradients and optimiser state of those that are trained; activations of one batch,
    ``layers * tokens * (34 width + 5 heads * length)`` bytes in 16 bits (Korthikanti et al. 2022,
    arXiv:2205.05198, equation 2), only one layer's with checkpointing; the logits three times.

    Args:
        config: The model's ``config.json``.
        weights: How many there are.
        trained: How many are trained.
        train: Batch size and checkpointing.
        longest: Of the examples, in tokens.
        weight_bytes: Of one weight.
    """
    layers = int(config.get("num_hidden_layers") or config.get("n_layer") or 1)
    width = int(config.get("hidden_size") or config.get("n_embd") or config.get("d_model") or 1)
    heads = int(config.get("num_attention_heads") or config.get("n_head") or 1)
    length = min(longest, train.max_length)
    tokens = train.batch_size * length
    held = 1 if train.activation_checkpointing else layers
    activations = held * tokens * (34 * width + 5 * heads * length)
    logits = 3 * tokens * int(config.get("vocab_size") or 0) * 4
    total = weights * weight_bytes + trained * OPTIMISER_BYTES + activations + logits
    return Forecast(round(total / MB + PROCESS_MB, 1), 0.0, trained, weights)


def check_memory(forecast: Forecast, free: int | None = None) -> None:
    """Refuse a training that does not fit, before it starts.

    Raises:
        Refused: It needs more memory than is free.
    """
    free = measure_free_memory() if free is None else free
    if forecast.memory_mb * MB > free:
        raise Refused(
            f"This training needs about {forecast.memory_mb:,.0f} MB of memory; {free / MB:,.0f} "
            "MB are free: lower batch_size (raise gradient_accumulation_steps instead), lower "
            "max_length, set activation_checkpointing=true, or train fewer weights (method lora "
            "or prompt)."
        )
