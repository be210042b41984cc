"""PPO: proximal policy optimisation with a learned value. The algorithm is in ``tuning.ppo``."""

from typing import TYPE_CHECKING, Any

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.online import Online

if TYPE_CHECKING:
    from genwright.training.trainer import Job
    from genwright.tuning.config import TuneConfig


@objectives.register("ppo")
class ProximalPolicy(Online):
    """Learns from replies of its own, by a reward, near its reference."""

    def job(self, config: "TuneConfig", tokenizer: Any, job: "Job") -> "Job":
        """A training of its own kind."""
        from genwright.training.rl.ppo_job import PPOJob

        return PPOJob(**job.__dict__, tokenizer=tokenizer, reward=self.reward, tuning=config)
