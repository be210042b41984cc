"""How a training runs, whatever it trains."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from genwright.settings import Section

RESUME = ("pretrain", "--resume")
"""Arguments of the program that go on with a pre-training, before the id of its run."""


class TrainConfig(Section):
    """One training. The defaults fit a few hundred rows and a small model on two cores."""

    renamed: ClassVar[Mapping[str, str]] = {
        "minutes": "time_limit_minutes",
        "accumulate": "gradient_accumulation_steps",
        "schedule": "lr_schedule",
        "warmup": "warmup_ratio",
    }

    epochs: float = Field(default=3.0, gt=0)
    """Times that the data is seen; the schedule ends with them."""
    max_steps: int = Field(default=0, ge=0)
    """Most optimiser steps; 0 for as many as the epochs take."""
    time_limit_minutes: float = Field(default=0, ge=0)
    """Most minutes of training; the schedule is shortened to end in time. 0 for no limit."""
    batch_size: int = Field(default=8, ge=1)
    """Rows that go through the model at once."""
    gradient_accumulation_steps: int = Field(default=1, ge=1)
    """Batches whose gradients are summed up for one step."""
    learning_rate: float = Field(default=0.0, ge=0)
    """Highest learning rate; 0 takes what suits the method."""
    lr_schedule: Literal["cosine", "linear", "constant", "wsd"] = "cosine"
    """How the rate falls; ``wsd`` holds it and lets it fall over the last fifth."""
    warmup_ratio: float = Field(default=0.05, ge=0, lt=1)
    """Share of the steps in which the rate rises from 0."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Decoupled weight decay (AdamW)."""
    betas: tuple[float, float] = (0.9, 0.999)
    """AdamW's decay rates of the two moments."""
    max_grad_norm: float = Field(default=1.0, ge=0)
    """Gradients longer than this are scaled down to it; 0 leaves them."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of the target that is spread over all classes or tokens."""
    max_length: int = Field(default=512, ge=8)
    """Longest row, in tokens; what is longer is cut, or refused by the data check."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the arithmetic; ``auto`` takes bfloat16 where the processor or GPU has it."""
    activation_checkpointing: bool = False
    """Compute activations again in the backward pass: less memory, about a third more time."""
    evaluate_every: int = Field(default=0, ge=0)
    """Steps between two measurements of the validation loss; 0 for eight in all."""
    patience: int = Field(default=3, ge=0)
    """Measurements without a better validation loss after which it stops; 0 never stops early."""
    save_every: int = Field(default=0, ge=0)
    """Steps between two checkpoints; 0 for one with each measurement."""
    log_every: int = Field(default=5, ge=1)
    """Steps between two values of the training loss."""
    seed: int = 0
    """Of weights, order and dropout."""
    threads: int = Field(default=0, ge=0)
    """Threads of the processor; 0 for the cores that are really there."""


RATES = {
    "full": 5e-5,
    "last_layers": 3e-4,
    "lora": 5e-4,
    "prefix": 1e-2,
    "prompt": 3e-2,
    "p_tuning": 3e-3,
    "pretraining": 1e-3,
}
"""Learning rate by method, where none is set."""
