"""Reward model: a score for a reply, learnt from pairs.

Bradley and Terry's model of preferences, ``-log s(r(chosen) - r(rejected))``: Ouyang et al. 2022,
arXiv:2203.02155, equation 1.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.tuning.objectives.base import load_model, objectives
from genwright.tuning.objectives.preferring import (
    Pairs,
    as_dataset,
    preference_arguments,
    prepared,
    with_trainer,
)
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

    from genwright.models.bases import BaseModel
    from genwright.training.job import Job
    from genwright.tuning.config import TuneConfig


@objectives.register("reward")
class RewardModel(Pairs):
    """Learns to score the chosen reply above the rejected one."""

    metrics: ClassVar[tuple[str, ...]] = ("pair_accuracy", "calibration_error")
    passes: ClassVar[float] = 2.0

    def model(
        self, base: "BaseModel", labels: tuple[str, ...], dtype: Any = None
    ) -> "PreTrainedModel":
        """The base with a head of one number."""
        return load_model(base, "reward", ("reward",), dtype)

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """Whole conversations with each reply: ``chosen_ids`` and ``rejected_ids``."""
        pairs = super().encode(tokenizer, rows, labels, max_length)
        return [
            {
                "chosen_ids": each["prompt_ids"] + each["chosen_ids"],
                "rejected_ids": each["prompt_ids"] + each["rejected_ids"],
            }
            for each in pairs
        ]

    def tried(self, examples: Sequence[Any]) -> list[Json]:
        """None: a head of one number has no loss of its own to try."""
        return [
            {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": 0.0}
            for ids in (each["chosen_ids"] for each in examples)
        ]

    def job(self, config: "TuneConfig", tokenizer: Any, job: "Job") -> "Job":
        """A training by trl's trainer."""
        return with_trainer(job, partial(self._trainer, config, tokenizer))

    def _trainer(self, config: "TuneConfig", tokenizer: Any, job: "Job", total: int) -> "Trainer":
        """Trl's trainer."""
        from trl import RewardConfig, RewardTrainer

        given = preference_arguments(config, job, total)
        del given["beta"]
        return prepared(RewardTrainer)(
            model=job.model,
            args=RewardConfig(**given),
            train_dataset=as_dataset(list(job.train)),
            eval_dataset=as_dataset(job.validation),
            processing_class=tokenizer,
        )
