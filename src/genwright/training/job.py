"""One training as values: what is trained, on what, how, and what came of it."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from genwright.errors import Refused
from genwright.training.config import RATES, TrainConfig
from genwright.training.devices import may_use_bfloat16, pick_device

if TYPE_CHECKING:
    from torch import nn
    from torch.utils.data import Dataset, IterableDataset
    from transformers import Trainer

Example = Mapping[str, Any]
"""One row as the model takes it: token ids, labels and so on."""

Record = Callable[[int, Mapping[str, float]], None]
"""Told of what was measured at a step."""

MEASUREMENTS = 8
"""Of the validation loss in one training, where nobody says how often."""
STATE = "trainer_state.json"


def ignore_record(step: int, values: Mapping[str, float]) -> None:
    """A record that nobody keeps."""


@dataclass(frozen=True)
class FitResult:
    """What came of a training."""

    status: str
    """``done`` (the schedule or early stopping ended it), or ``stopped`` (somebody did)."""
    steps: int
    best_step: int
    loss: float
    """Of the validation part at the best step, in nats; of the training part without one."""
    seconds: float
    tokens: int
    """That went through the model, without padding."""
    peak_mb: float
    reason: str = ""

    @property
    def tokens_per_second(self) -> float:
        """Over the whole training, with measurements and checkpoints."""
        return self.tokens / self.seconds if self.seconds else 0.0

    def json(self) -> dict[str, Any]:
        """Every field."""
        return {**self.__dict__, "tokens_per_second": round(self.tokens_per_second, 2)}


@dataclass
class TrainingJob:
    """One training, ready to run.

    Args:
        model: Returns its loss.
        train: Examples, or a stream of them.
        validation: Examples that the loss is measured on; empty for none.
        collate: Makes a batch of examples.
        config: How it runs.
        method: What is trained, for the learning rate.
        folder: Of its checkpoints.
        record: Told of losses.
        stop: Set by whoever wants it to end at the next step, with a checkpoint.
    """

    model: "nn.Module"
    train: "Dataset[Example] | IterableDataset[Example] | Sequence[Example]"
    validation: Sequence[Example]
    collate: Callable[[list[Any]], Mapping[str, Any]]
    config: TrainConfig
    method: str
    folder: Path
    record: Record = ignore_record
    stop: Event = field(default_factory=Event)
    steps_per_epoch: int = 0
    """Of a stream; 0 where the examples can be counted."""
    samples: Callable[[int], None] = lambda step: None
    """Called at each measurement: whoever wants samples while it trains makes them here."""
    build: "Callable[[TrainingJob, Any, int], Trainer] | None" = None
    """Makes another trainer than the usual one, from the job, its watch and its steps."""
    loop: "Callable[[TrainingJob], FitResult] | None" = None
    """Trains in another way than by a trainer of transformers; checkpoints are its own matter."""
    tried: Sequence[Example] = ()
    """Examples with ``input_ids`` and ``labels`` to try the speed with; by default the training's.
    """
    passes: float = 1.0
    """How many times a step of the usual trainer one of this takes."""
    width: int = 1
    """Sequences that one example becomes."""

    def count_steps_at_most(self) -> int:
        """Optimiser steps that the epochs take, within ``max_steps``."""
        config = self.config
        per_epoch = self.steps_per_epoch or math.ceil(
            len(self.train) / (config.batch_size * config.gradient_accumulation_steps)
        )
        total = max(1, math.ceil(per_epoch * config.epochs))
        return min(total, config.max_steps) if config.max_steps else total

    def trainer_arguments(self, total: int) -> dict[str, Any]:
        """The options of transformers' trainer for so many steps."""
        config = self.config
        every = config.evaluate_every or max(1, total // MEASUREMENTS)
        kinds = {"wsd": "warmup_stable_decay"}
        warmup = int(config.warmup_ratio * total)
        decay = {"num_decay_steps": max(1, total // 5)} if config.lr_schedule == "wsd" else None
        return dict(
            output_dir=str(self.folder),
            per_device_train_batch_size=config.batch_size,
            per_device_eval_batch_size=config.batch_size,
            gradient_accumulation_steps=config.gradient_accumulation_steps,
            max_steps=total,
            learning_rate=config.learning_rate or RATES.get(self.method, 5e-5),
            lr_scheduler_type=kinds.get(config.lr_schedule, config.lr_schedule),
            lr_scheduler_kwargs=decay,
            warmup_steps=warmup,
            weight_decay=config.weight_decay,
            adam_beta1=config.betas[0],
            adam_beta2=config.betas[1],
            max_grad_norm=config.max_grad_norm,
            label_smoothing_factor=config.label_smoothing,
            bf16=may_use_bfloat16(config),
            use_cpu=pick_device().type == "cpu",
            activation_checkpointing=config.activation_checkpointing,
            eval_strategy="steps" if self.validation else "no",
            eval_steps=every,
            save_strategy="steps",
            save_steps=config.save_every or every,
            save_total_limit=2,
            logging_steps=config.log_every,
            logging_nan_inf_filter=False,
            disable_tqdm=True,
            report_to="none",
            seed=config.seed,
            data_seed=config.seed,
            remove_unused_columns=False,
            prediction_loss_only=True,
            label_names=["labels"],
            train_sampling_strategy="random" if self.steps_per_epoch else "group_by_length",
            dataloader_pin_memory=False,
        )


def find_last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end; None where there is none.

    transformers writes the state of the trainer last, so one that can be read is whole.
    """
    found = []
    for path in folder.glob("checkpoint-*"):
        try:
            step = json.loads((path / STATE).read_text(encoding="utf-8"))["global_step"]
        except (OSError, ValueError, KeyError):
            continue
        found.append((step, path))
    return max(found)[1] if found else None


def divergence_error(step: int, loss: float, folder: Path) -> Refused:
    """The error for a loss that is no number any more."""
    kept = find_last_checkpoint(folder)
    where = f"The checkpoint {kept.name} is kept" if kept else "No checkpoint was written yet"
    return Refused(
        f"The loss became {loss} at step {step}. {where}. Lower learning_rate (by ten, say), raise "
        "warmup, or check the data for broken rows: genwright datasets check."
    )
