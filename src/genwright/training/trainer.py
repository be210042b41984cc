"""The one trainer: transformers' own, with early stopping, time limits, resuming and a record.

Whatever is trainable has a ``forward`` that returns its loss. What is written for each checkpoint
is transformers' (weights, optimiser, schedule, state of every generator, place in the data), so
that a training that goes on is the one that never stopped.
"""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from genwright.errors import Refused
from genwright.training.config import RATES, TrainConfig
from genwright.training.devices import device, peak_memory_mb, set_threads, uses_bfloat16

if TYPE_CHECKING:
    from torch import nn
    from torch.utils.data import Dataset, IterableDataset
    from transformers import Trainer, TrainingArguments

Example = Mapping[str, Any]
"""One row as the model takes it: token ids, labels and so on."""

Record = Callable[[int, Mapping[str, float]], None]
"""Told of what was measured at a step."""

MEASUREMENTS = 8
"""Of the validation loss in one training, where nobody says how often."""
FINISHED = "finished.json"
STATE = "trainer_state.json"
PROBE_STEPS = 2
SAFETY = 0.92
"""Share of the time limit that is planned with: measurements and checkpoints take time too."""


def unrecorded(step: int, values: Mapping[str, float]) -> None:
    """A record that nobody keeps."""


@dataclass(frozen=True)
class Fitted:
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
class Job:
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
    record: Record = unrecorded
    stop: Event = field(default_factory=Event)
    steps_per_epoch: int = 0
    """Of a stream; 0 where the examples can be counted."""
    samples: Callable[[int], None] = lambda step: None
    """Called at each measurement: whoever wants samples while it trains makes them here."""
    build: "Callable[[Job, Any, int], Trainer] | None" = None
    """Makes another trainer than the usual one, from the job, its watch and its steps."""
    tried: Sequence[Example] = ()
    """Examples with ``input_ids`` and ``labels`` to try the speed with; by default the training's.
    """
    passes: float = 1.0
    """How many times a step of the usual trainer one of this takes."""
    width: int = 1
    """Sequences that one example becomes."""

    def fit(self) -> Fitted:
        """Train, or go on where a checkpoint in the folder ended; the best weights are kept.

        Raises:
            Refused: The loss became nan or infinite; the last checkpoint is kept.
        """
        from genwright.training.quiet import quietly
        from genwright.training.watch import Watch

        if done := self._finished():
            return done
        set_threads(self.config)
        total = self.steps()
        watch = Watch(self, total)
        trainer = self._trainer(watch, total)
        latest = last_checkpoint(self.folder)
        began = time.monotonic()
        with quietly():
            trainer.train(resume_from_checkpoint=str(latest) if latest else None)
        watch.raise_if_diverged()
        status = "stopped" if self.stop.is_set() else "done"
        if status == "done":
            watch.take_best()
        fitted = Fitted(
            status=status,
            steps=trainer.state.global_step,
            best_step=watch.best_step or trainer.state.global_step,
            loss=watch.best_loss if watch.best_step else watch.train_loss,
            seconds=round(time.monotonic() - began + watch.seconds_before, 3),
            tokens=watch.tokens,
            peak_mb=round(peak_memory_mb(), 1),
            reason=watch.reason,
        )
        if status == "done":
            (self.folder / FINISHED).write_text(json.dumps(fitted.__dict__), encoding="utf-8")
        return fitted

    def _finished(self) -> Fitted | None:
        """What a training that ended before left behind, with its best weights loaded."""
        path = self.folder / FINISHED
        if not path.is_file():
            return None
        from genwright.training.watch import load_weights

        fitted = Fitted(**json.loads(path.read_text(encoding="utf-8")))
        load_weights(self.model, self.folder / "best")
        return fitted

    def steps_at_most(self) -> int:
        """Optimiser steps that the epochs take, within ``max_steps``."""
        config = self.config
        per_epoch = self.steps_per_epoch or math.ceil(
            len(self.train) / (config.batch_size * config.accumulate)
        )
        total = max(1, math.ceil(per_epoch * config.epochs))
        return min(total, config.max_steps) if config.max_steps else total

    def steps(self, seconds_per_step: float = 0.0) -> int:
        """Optimiser steps in all, as many as the time limit lets there be.

        The number is kept in the folder: a training that is resumed keeps its schedule, whatever
        the machine does now.

        Args:
            seconds_per_step: As it was tried; 0 to try it where there is a time limit.
        """
        config, total = self.config, self.steps_at_most()
        planned = self.folder / "steps.json"
        if planned.is_file():
            return int(json.loads(planned.read_text())["steps"])
        if config.minutes:
            seconds = seconds_per_step or probe(self).seconds_per_step
            total = max(1, min(total, int(config.minutes * 60 * SAFETY / seconds)))
        self.folder.mkdir(parents=True, exist_ok=True)
        planned.write_text(json.dumps({"steps": total}), encoding="utf-8")
        return total

    def _trainer(self, watch: Any, total: int) -> "Trainer":
        from transformers import PrinterCallback

        if self.build is not None:
            trainer = self.build(self, watch, total)
            watch.watch(trainer)
            trainer.remove_callback(PrinterCallback)
            return trainer

        from genwright.training.lean import LeanTrainer

        trainer = LeanTrainer(
            model=self.model,
            args=self._arguments(total),
            train_dataset=self.train,
            eval_dataset=self.validation or None,
            data_collator=self.collate,
        )
        watch.watch(trainer)
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _arguments(self, total: int) -> "TrainingArguments":
        from transformers import TrainingArguments

        return TrainingArguments(**self.arguments(total))

    def arguments(self, total: int) -> dict[str, Any]:
        """The options of transformers' trainer for so many steps."""
        config = self.config
        every = config.evaluate_every or max(1, total // MEASUREMENTS)
        kinds = {"wsd": "warmup_stable_decay"}
        warmup = int(config.warmup * total)
        decay = {"num_decay_steps": max(1, total // 5)} if config.schedule == "wsd" else None
        return dict(
            output_dir=str(self.folder),
            per_device_train_batch_size=config.batch_size,
            per_device_eval_batch_size=config.batch_size,
            gradient_accumulation_steps=config.accumulate,
            max_steps=total,
            learning_rate=config.learning_rate or RATES.get(self.method, 5e-5),
            lr_scheduler_type=kinds.get(config.schedule, config.schedule),
            lr_scheduler_kwargs=decay,
            warmup_steps=warmup,
            weight_decay=config.weight_decay,
            adam_beta1=config.betas[0],
            adam_beta2=config.betas[1],
            max_grad_norm=config.max_grad_norm,
            label_smoothing_factor=config.label_smoothing,
            bf16=uses_bfloat16(config),
            use_cpu=device().type == "cpu",
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


@dataclass(frozen=True)
class Probe:
    """What a few steps took."""

    seconds_per_step: float
    tokens_per_second: float
    peak_mb: float


def probe(job: Job) -> Probe:
    """Try forward and backward passes over typical examples; weights and generators stay.

    The first pass warms up and is not counted.
    """
    import torch

    config = job.config
    set_threads(config)
    size = config.batch_size
    with torch.random.fork_rng(devices=[]):
        batch = job.collate(_typical(job.tried or job.train, size))
        where = device()
        job.model.to(where).train()
        times = []
        for _ in range(PROBE_STEPS + 1):
            began = time.monotonic()
            _pass(job.model, {k: v.to(where) for k, v in batch.items()}, uses_bfloat16(config))
            times.append(time.monotonic() - began)
    job.model.zero_grad(set_to_none=True)
    seconds = min(times[1:]) * job.passes
    mask = batch.get("attention_mask")
    tokens = int(mask.sum()) if mask is not None else batch["input_ids"].numel()
    return Probe(seconds * config.accumulate, tokens / seconds, round(peak_memory_mb(), 1))


def _pass(model: "nn.Module", batch: dict[str, Any], bfloat16: bool) -> None:
    import torch

    from genwright.training.losses import lean_loss

    with torch.autocast(device().type, dtype=torch.bfloat16, enabled=bfloat16):
        loss = lean_loss(model, batch, None)
        loss = model(**batch).loss if loss is None else loss
    loss.backward()


def _typical(examples: Any, size: int) -> list[Example]:
    """Examples spread over all lengths, so that their mean is the set's."""
    if not hasattr(examples, "__len__"):
        stream = iter(examples)
        return [next(stream) for _ in range(size)]
    count = len(examples)
    order = sorted(range(count), key=lambda place: len(examples[place]["input_ids"]))
    return [examples[order[int((i + 0.5) * count / size)]] for i in range(size)]


def last_checkpoint(folder: Path) -> Path | None:
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


def diverged(step: int, loss: float, folder: Path) -> Refused:
    """The error for a loss that is no number any more."""
    kept = last_checkpoint(folder)
    where = f"The checkpoint {kept.name} is kept" if kept else "No checkpoint was written yet"
    return Refused(
        f"The loss became {loss} at step {step}. {where}. Lower learning_rate (by ten, say), raise "
        "warmup, or check the data for broken rows: genwright data check."
    )
