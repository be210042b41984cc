"""A training by PPO as a job: steps, checkpoints, limits and a record, as every other one has."""

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genwright.errors import Refused
from genwright.training.devices import read_peak_memory_mb
from genwright.training.job import FitResult, TrainingJob
from genwright.training.probe import plan_steps
from genwright.training.rl.ppo import PPO, PPOConfig

SAVE_EVERY = 5
"""Updates between two checkpoints."""


@dataclass
class PPOCheckpoint:
    """Where a training of PPO is, on disk."""

    folder: Path

    @property
    def file(self) -> Path:
        """The checkpoint."""
        return self.folder / "ppo.pt"

    def load(self, made: Any) -> tuple[int, float]:
        """Take up a checkpoint; steps that were made, and seconds that they took."""
        import torch

        from genwright.training.watch import load_weights

        if not self.file.is_file():
            return 0, 0.0
        state = torch.load(self.file, weights_only=True)
        load_weights(made.policy, self.folder / "last")
        made.head.load_state_dict(state["head"])
        made.optimizer.load_state_dict(state["optimizer"])
        made.random.set_state(state["random"])
        made.kl.beta = state["beta"]
        return int(state["step"]), float(state["seconds"])

    def save(self, made: Any, step: int, seconds: float) -> None:
        """Write one: the weights first, the file that makes it count last."""
        import torch

        from genwright.training.watch import save_weights

        save_weights(made.policy, self.folder / "last")
        part = self.file.with_suffix(".part")
        state = {
            "head": made.head.state_dict(),
            "optimizer": made.optimizer.state_dict(),
            "random": made.random.get_state(),
            "beta": made.kl.beta,
            "step": step,
            "seconds": seconds,
        }
        torch.save(state, part)
        os.replace(part, self.file)


def run_ppo(job: TrainingJob, *, tokenizer: Any, reward: Any, config: PPOConfig) -> FitResult:
    """Train by PPO, or go on where the checkpoint in the folder ended.

    Args:
        job: The policy, its prompts and limits.
        tokenizer: Of the policy.
        reward: Scores replies.
        config: How the algorithm runs.

    Raises:
        Refused: The reward or the loss became nan or infinite.
    """
    total, place = plan_steps(job), PPOCheckpoint(job.folder)
    made = PPO(job.model, tokenizer, reward, config)
    before, seconds = place.load(made)
    began, tokens, rewards = time.monotonic(), 0, list[float]()
    limit = job.config.time_limit_minutes * 60

    def record(step: int, values: dict[str, float]) -> None:
        nonlocal tokens
        _check(values, step + before)
        tokens += int(values["reply_tokens"] * made.config.batch)
        rewards.append(values["reward"])
        job.record(before + step, {"loss": values["policy_loss"], **values})
        spent = seconds + time.monotonic() - began
        late = limit and spent > limit
        if (before + step) % SAVE_EVERY == 0 or job.stop.is_set() or late:
            place.save(made, before + step, spent)
        if late:
            job.stop.set()

    prompts: list[list[int]] = [each["prompt_ids"] for each in job.train]
    step = before + made.train(prompts, total - before, record, job.stop)
    spent = seconds + time.monotonic() - began
    stopped = step < total and not (limit and spent >= limit)
    return _end(job, step, stopped, spent, tokens, rewards)


def _end(
    job: TrainingJob, step: int, stopped: bool, seconds: float, tokens: int, rewards: list[float]
) -> FitResult:
    from genwright.training.watch import save_weights

    last = rewards[-5:] or [0.0]
    if not stopped:
        save_weights(job.model, job.folder / "best")
    return FitResult(
        status="stopped" if stopped else "done",
        steps=step,
        best_step=step,
        loss=-sum(last) / len(last),  # what is minimized: minus the reward
        seconds=round(seconds, 3),
        tokens=tokens,
        peak_mb=round(read_peak_memory_mb(), 1),
        reason="stopped" if stopped else "",
    )


def _check(values: dict[str, float], step: int) -> None:
    if not all(math.isfinite(value) for value in values.values()):
        raise Refused(
            f"PPO diverged (NaN or infinity) at step {step}: lower learning_rate, or raise "
            "beta. The last checkpoint is kept."
        )
