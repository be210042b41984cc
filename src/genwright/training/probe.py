"""A few steps tried before a training begins, to plan how many there is time for."""

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genwright.training.devices import (
    may_use_bfloat16,
    pick_device,
    read_peak_memory_mb,
    set_threads,
)
from genwright.training.job import Example, TrainingJob

if TYPE_CHECKING:
    from torch import nn

PROBE_STEPS = 2
SAFETY = 0.92
"""Share of the time limit that is planned with: measurements and checkpoints take time too."""


@dataclass(frozen=True)
class Probe:
    """What a few steps took."""

    seconds_per_step: float
    tokens_per_second: float
    peak_mb: float


def probe(job: TrainingJob) -> Probe:
    """Try forward and backward passes over typical examples; weights and generators stay.

    The first pass warms up and is not counted.
    """
    import torch

    config = job.config
    set_threads(config)
    size = config.batch_size
    with torch.random.fork_rng(devices=[]):
        batch = job.collate(_pick_typical(job.tried or job.train, size))
        where = pick_device()
        job.model.to(where).train()
        times = []
        for _ in range(PROBE_STEPS + 1):
            began = time.monotonic()
            _run_pass(
                job.model, {k: v.to(where) for k, v in batch.items()}, may_use_bfloat16(config)
            )
            times.append(time.monotonic() - began)
    job.model.zero_grad(set_to_none=True)
    seconds = min(times[1:]) * job.passes
    mask = batch.get("attention_mask")
    tokens = int(mask.sum()) if mask is not None else batch["input_ids"].numel()
    return Probe(
        seconds * config.gradient_accumulation_steps,
        tokens / seconds,
        round(read_peak_memory_mb(), 1),
    )


def _run_pass(model: "nn.Module", batch: dict[str, Any], bfloat16: bool) -> None:
    import torch

    from genwright.training.losses import lean_loss

    with torch.autocast(pick_device().type, dtype=torch.bfloat16, enabled=bfloat16):
        loss = lean_loss(model, batch, None)
        loss = model(**batch).loss if loss is None else loss
    loss.backward()


def _pick_typical(examples: Any, size: int) -> list[Example]:
    """Examples spread over all lengths, so that their mean is the set's."""
    if not hasattr(examples, "__len__"):
        stream = iter(examples)
        return [next(stream) for _ in range(size)]
    count = len(examples)
    order = sorted(range(count), key=lambda place: len(examples[place]["input_ids"]))
    return [examples[order[int((i + 0.5) * count / size)]] for i in range(size)]


def plan_steps(job: TrainingJob, seconds_per_step: float = 0.0) -> int:
    """Optimizer steps in all, as many as the time limit lets there be.

    The number is kept in the folder: a training that is resumed keeps its schedule, whatever the
    machine does now.

    Args:
        job: The training.
        seconds_per_step: As it was tried; 0 to try it where there is a time limit.
    """
    config, total = job.config, job.count_steps_at_most()
    planned = job.folder / "steps.json"
    if planned.is_file():
        return int(json.loads(planned.read_text())["steps"])
    if config.time_limit_minutes:
        seconds = seconds_per_step or probe(job).seconds_per_step
        total = max(1, min(total, int(config.time_limit_minutes * 60 * SAFETY / seconds)))
    job.folder.mkdir(parents=True, exist_ok=True)
    planned.write_text(json.dumps({"steps": total}), encoding="utf-8")
    return total
