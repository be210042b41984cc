"""GRPO: each reply against the mean of its group. Shao et al. 2024, arXiv:2402.03300, equation 3.

Several replies to one prompt are scored; a reply's advantage is its score less the group's mean,
over the group's deviation. No value head is needed.
"""

from typing import TYPE_CHECKING, Any

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.online import (
    Online,
    group_arguments,
    group_dataset,
    rewarding,
)
from genwright.tuning.objectives.preferring import prepared

if TYPE_CHECKING:
    from transformers import Trainer

    from genwright.training.trainer import Job
    from genwright.tuning.config import TuneConfig


@objectives.register("grpo")
class GRPO(Online):
    """Learns from groups of replies of its own to one prompt."""

    def build(self, config: "TuneConfig", tokenizer: Any, job: "Job", total: int) -> "Trainer":
        """Trl's trainer."""
        from trl import GRPOConfig, GRPOTrainer

        job.validation = ()  # its loss says nothing: replies are measured after the training
        return prepared(GRPOTrainer)(
            model=job.model,
            reward_funcs=[rewarding(self.reward)],
            args=GRPOConfig(**group_arguments(config, job, total)),
            train_dataset=group_dataset(list(job.train), tokenizer),
            processing_class=tokenizer,
        )
