"""What watches a training: losses into the record, early stopping, the best weights, stopping."""

import json
import math
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from genwright.training.job import TrainingJob, divergence_error
from genwright.training.lean import LeanTrainer

if TYPE_CHECKING:
    from torch import nn

WATCH = "watch.json"
BEST = "best"


class TrainingCallback(TrainerCallback):
    """Hears of every step of one training.

    Args:
        job: The training.
        total: Its steps.
    """

    def __init__(self, job: TrainingJob, total: int) -> None:
        self.job, self.total = job, total
        self.best_loss, self.best_step, self.worse = math.inf, 0, 0
        self.train_loss, self._tokens_before, self.seconds_before = math.nan, 0, 0.0
        self.reason, self._bad = "", 0.0
        self._began = time.monotonic()
        self._trainer: LeanTrainer | None = None

    def watch(self, trainer: LeanTrainer) -> LeanTrainer:
        """Hear of what a trainer does, and return it."""
        self._trainer = trainer
        trainer.add_callback(self)
        return trainer

    @property
    def tokens(self) -> int:
        """That were trained on, in this process and those before."""
        return self._tokens_before + (self._trainer.tokens if self._trainer else 0)

    def raise_if_diverged(self) -> None:
        """End with an error where the loss was no number."""
        if self._bad:
            raise divergence_error(int(self._bad), self.train_loss, self.job.folder)

    def take_best(self) -> None:
        """Give the model the weights of the best measurement, and keep them."""
        folder = self.job.folder / BEST
        if self.best_step and (folder / "weights.safetensors").is_file():
            load_weights(self.job.model, folder)
        else:
            save_weights(self.job.model, folder)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Take up what was known when it was interrupted."""
        self._began = time.monotonic()
        path = self.job.folder / f"checkpoint-{state.global_step}" / WATCH
        if state.global_step and path.is_file():
            self.__dict__.update(json.loads(path.read_text(encoding="utf-8")))

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """End at once when somebody asks, or when time is up, with a checkpoint."""
        minutes = self.job.config.time_limit_minutes
        late = minutes and self._count_seconds() > minutes * 60
        if self.job.stop.is_set() or late:
            self.reason = "stopped" if self.job.stop.is_set() else f"{minutes:g} minutes were up"
            control.should_training_stop = control.should_save = True
            if late and self.job.validation:
                control.should_evaluate = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Record the losses; end where one is no number."""
        known = {"loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate"}
        values = {name: float(logs[key]) for key, name in known.items() if logs and key in logs}
        if "loss" in values:
            self.train_loss = values["loss"]
            values["tokens_per_second"] = self.tokens / max(self._count_seconds(), 1e-9)
            if not math.isfinite(values["loss"]):
                self._bad = max(1, state.global_step)
                control.should_training_stop = True
                return
        if values:
            self.job.record(
                state.global_step, {k: v for k, v in values.items() if math.isfinite(v)}
            )

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Keep the best weights; stop when nothing has become better for long."""
        loss = float((metrics or {}).get("eval_loss", math.nan))
        if not math.isfinite(loss):
            self._bad, self.train_loss = max(1, state.global_step), loss
            control.should_training_stop = True
            return
        self.job.record(state.global_step, {"validation_loss": loss})
        if loss < self.best_loss:
            self.best_loss, self.best_step, self.worse = loss, state.global_step, 0
            save_weights(self.job.model, self.job.folder / BEST)
        else:
            self.worse += 1
            if self.job.config.patience and self.worse >= self.job.config.patience:
                self.reason = f"no better validation loss in {self.worse} measurements"
                control.should_training_stop = True
        self.job.samples(state.global_step)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Keep with the checkpoint what is known so far."""
        folder = self.job.folder / f"checkpoint-{state.global_step}"
        known = ("best_loss", "best_step", "worse", "train_loss")
        values = {name: self.__dict__[name] for name in known}
        values["_tokens_before"] = self.tokens
        values["seconds_before"] = self._count_seconds()
        if folder.is_dir():
            (folder / WATCH).write_text(json.dumps(values), encoding="utf-8")

    def _count_seconds(self) -> float:
        """Of training, in this process and those before."""
        return self.seconds_before + time.monotonic() - self._began


def list_trainable(model: "nn.Module") -> dict[str, torch.Tensor]:
    """The weights that a training changes, by name, each once."""
    seen: set[int] = set()
    found = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and parameter.data_ptr() not in seen:
            seen.add(parameter.data_ptr())
            found[name] = parameter.detach()
    return found


def save_weights(model: "nn.Module", folder: Path) -> None:
    """Write the trained weights so that they are there wholly or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "weights.part"
    save_file({name: t.contiguous().cpu() for name, t in list_trainable(model).items()}, part)
    os.replace(part, folder / "weights.safetensors")


def load_weights(model: "nn.Module", folder: Path) -> None:
    """Read them back into the model they are of."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in load_file(folder / "weights.safetensors").items():
            parameters[name].copy_(value)


def clear_checkpoints(folder: Path) -> None:
    """Remove checkpoints when a training has been published."""
    for path in folder.glob("checkpoint-*"):
        shutil.rmtree(path, ignore_errors=True)
