"""A training by PPO as a job: steps, checkpoints, limits and a record, as every other one has."""

import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genwright.errors import Refused
from genwright.training.devices import peak_memory_mb, set_threads
from genwright.training.rl.ppo import PPO, PPOConfig
from genwright.training.trainer import FINISHED, Fitted, Job
from genwright.tuning.config import TuneConfig

SAVE_EVERY = 5
"""Updates between two checkpoints."""


@dataclass
class Progressing:
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


@dataclass
class PPOJob(Job):
    """See ``Job``.

    Args:
        tokenizer: Of the policy.
        reward: Scores replies.
        tuning: What was asked for.
    """

    tokenizer: Any = None
    reward: Any = None
    tuning: TuneConfig = field(default_factory=lambda: TuneConfig(base=""))

    def steps_at_most(self) -> int:
        """Updates that the epochs take, within ``max_steps``."""
        updates = super().steps_at_most()
        return max(1, updates)

    def fit(self) -> Fitted:
        """Train, or go on where the checkpoint in the folder ended.

        Raises:
            Refused: The reward or the loss became nan or infinite.
        """
        if done := self._finished():
            return done
        set_threads(self.config)
        total, place = self.steps(), Progressing(self.folder)
        made = PPO(self.model, self.tokenizer, self.reward, self._config())
        before, seconds = place.load(made)
        began, tokens, rewards = time.monotonic(), 0, list[float]()
        prompts = [each["prompt_ids"] for each in self.train]

        def record(step: int, values: dict[str, float]) -> None:
            nonlocal tokens
            _check(values, step + before)
            tokens += int(values["reply_tokens"] * made.config.batch)
            rewards.append(values["reward"])
            self.record(before + step, {"loss": values["policy_loss"], **values})
            spent = seconds + time.monotonic() - began
            late = self.config.minutes and spent > self.config.minutes * 60
            if (before + step) % SAVE_EVERY == 0 or self.stop.is_set() or late:
                place.save(made, before + step, spent)
            if late:
                self.stop.set()

        step = before + made.train(prompts, total - before, record, self.stop)
        spent = seconds + time.monotonic() - began
        limit = self.config.minutes and spent >= self.config.minutes * 60
        return self._end(step, step < total and not limit, spent, tokens, rewards)

    def _end(
        self, step: int, stopped: bool, seconds: float, tokens: int, rewards: list[float]
    ) -> Fitted:
        from genwright.training.watch import save_weights

        last = rewards[-5:] or [0.0]
        fitted = Fitted(
            status="stopped" if stopped else "done",
            steps=step,
            best_step=step,
            loss=-sum(last) / len(last),  # what is minimised: minus the reward
            seconds=round(seconds, 3),
            tokens=tokens,
            peak_mb=round(peak_memory_mb(), 1),
            reason="" if not stopped else "stopped",
        )
        if not stopped:
            save_weights(self.model, self.folder / "best")
            (self.folder / FINISHED).write_text(json.dumps(fitted.__dict__), encoding="utf-8")
        return fitted

    def _config(self) -> PPOConfig:
        train, told = self.config, self.tuning.preference
        return PPOConfig(
            batch=max(2, train.batch_size * train.accumulate),
            minibatch=max(1, train.batch_size),
            learning_rate=train.learning_rate or 1e-4,
            beta=told.beta,
            target_kl=told.target_kl,
            max_new_tokens=told.reply_tokens,
            temperature=told.temperature,
            seed=train.seed,
        )


def _check(values: dict[str, float], step: int) -> None:
    if not all(math.isfinite(value) for value in values.values()):
        raise Refused(
            f"PPO came to a value that is no number at step {step}: lower learning_rate, or raise "
            "beta. The last checkpoint is kept."
        )
