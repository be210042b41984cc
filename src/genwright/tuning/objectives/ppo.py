"""PPO: proximal policy optimisation with a learned value. The algorithm is in ``tuning.ppo``."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.online import Online

if TYPE_CHECKING:
    from genwright.training.trainer import Job
    from genwright.tuning.config import TuneConfig

SAVE_EVERY = 5


@objectives.register("ppo")
class ProximalPolicy(Online):
    """Learns from replies of its own, by a reward, near its reference."""

    def job(self, config: "TuneConfig", tokenizer: Any, job: "Job") -> "Job":
        """The training of it."""
        from genwright.tuning.ppo_job import PPOJob

        return PPOJob(**job.__dict__, tokenizer=tokenizer, reward=self.reward, tuning=config)


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

        from genwright.training.watching import load_weights

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

        from genwright.training.watching import save_weights

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


def clock() -> float:
    """Seconds, for differences."""
    return time.monotonic()
