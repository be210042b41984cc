"""RLOO: each reply against the mean of the others. Ahmadian et al. 2024, arXiv:2402.14740.

REINFORCE with the leave-one-out baseline of Kool et al. 2019: unbiased, and without a value head.
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


@objectives.register("rloo")
class RLOO(Online):
    """Learns from replies of its own, each against the others of its group."""

    def build(self, config: "TuneConfig", tokenizer: Any, job: "Job", total: int) -> "Trainer":
        """Trl's trainer."""
        from trl import RLOOConfig, RLOOTrainer

        job.validation = ()  # its loss says nothing: replies are measured after the training
        return prepared(RLOOTrainer)(
            model=job.model,
            reward_funcs=[rewarding(self.reward)],
            args=RLOOConfig(**group_arguments(config, job, total)),
            train_dataset=group_dataset(list(job.train), tokenizer),
            processing_class=tokenizer,
        )
