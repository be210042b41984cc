"""PPO: proximal policy optimization with a learned value; see ``training.rl.ppo``."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.online import OnlineObjective

if TYPE_CHECKING:
    from genwright.training.job import TrainingJob
    from genwright.training.rl.ppo import PPOConfig
    from genwright.tuning.config import TuneConfig


@objectives.register("ppo")
class ProximalPolicy(OnlineObjective):
    """Learns from replies of its own, by a reward, near its reference."""

    def make_job(self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob") -> "TrainingJob":
        """A training with a loop of its own."""
        from genwright.training.rl.ppo_job import run_ppo

        loop = partial(run_ppo, tokenizer=tokenizer, reward=self.reward, config=_ppo(config))
        return replace(job, loop=loop)


def _ppo(config: "TuneConfig") -> "PPOConfig":
    from genwright.training.rl.ppo import PPOConfig

    train, preference = config.train, config.preference
    return PPOConfig(
        batch=max(2, train.batch_size * train.gradient_accumulation_steps),
        minibatch=max(1, train.batch_size),
        learning_rate=train.learning_rate or 1e-4,
        beta=preference.beta,
        target_kl=preference.target_kl,
        max_new_tokens=preference.reply_tokens,
        temperature=preference.temperature,
        seed=train.seed,
    )
