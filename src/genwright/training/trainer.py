"""The one trainer: transformers' own, with early stopping, time limits, resuming and a record.

Whatever is trainable has a ``forward`` that returns its loss. What is written for each checkpoint
is transformers' (weights, optimizer, schedule, state of every generator, place in the data), so
that a training that goes on is the one that never stopped.
"""

import json
import time
from typing import TYPE_CHECKING

from genwright.training.devices import read_peak_memory_mb, set_threads
from genwright.training.job import FitResult, TrainingJob, find_last_checkpoint
from genwright.training.probe import plan_steps
from genwright.training.quiet import silence_libraries

if TYPE_CHECKING:
    from transformers import Trainer

    from genwright.training.watch import TrainingCallback

FINISHED = "finished.json"


def fit(job: TrainingJob) -> FitResult:
    """Train, or go on where a checkpoint in the folder ended; the best weights are kept.

    Raises:
        Refused: The loss became nan or infinite; the last checkpoint is kept.
    """
    if finished := _read_finished(job):
        return finished
    set_threads(job.config)
    fitted = job.loop(job) if job.loop is not None else _run_trainer(job)
    if fitted.status == "done":
        (job.folder / FINISHED).write_text(json.dumps(fitted.__dict__), encoding="utf-8")
    return fitted


def _run_trainer(job: TrainingJob) -> FitResult:
    from genwright.training.watch import TrainingCallback

    total = plan_steps(job)
    watch = TrainingCallback(job, total)
    trainer = _make_trainer(job, watch, total)
    latest = find_last_checkpoint(job.folder)
    began = time.monotonic()
    with silence_libraries():
        trainer.train(resume_from_checkpoint=str(latest) if latest else None)
    watch.raise_if_diverged()
    status = "stopped" if job.stop.is_set() else "done"
    if status == "done":
        watch.take_best()
    return FitResult(
        status=status,
        steps=trainer.state.global_step,
        best_step=watch.best_step or trainer.state.global_step,
        loss=watch.best_loss if watch.best_step else watch.train_loss,
        seconds=round(time.monotonic() - began + watch.seconds_before, 3),
        tokens=watch.tokens,
        peak_mb=round(read_peak_memory_mb(), 1),
        reason=watch.reason,
    )


def _read_finished(job: TrainingJob) -> FitResult | None:
    """What a training that ended before left behind, with its best weights loaded."""
    path = job.folder / FINISHED
    if not path.is_file():
        return None
    from genwright.training.watch import load_weights

    fitted = FitResult(**json.loads(path.read_text(encoding="utf-8")))
    load_weights(job.model, job.folder / "best")
    return fitted


def _make_trainer(job: TrainingJob, watch: "TrainingCallback", total: int) -> "Trainer":
    from transformers import PrinterCallback, TrainingArguments

    from genwright.training.lean import LeanTrainer

    if job.build is not None:
        trainer = job.build(job, watch, total)
    else:
        trainer = LeanTrainer(
            model=job.model,
            args=TrainingArguments(**job.trainer_arguments(total)),
            train_dataset=job.train,
            eval_dataset=job.validation or None,
            data_collator=job.collate,
        )
    watch.watch(trainer)
    trainer.remove_callback(PrinterCallback)
    return trainer
