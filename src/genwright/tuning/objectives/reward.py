"""Reward model: a score for a reply, learnt from pairs.

Bradley and Terry's model of preferences, ``-log s(r(chosen) - r(rejected))``: Ouyang et al. 2022,
arXiv:2203.02155, equation 1.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.tuning.objectives.base import load_model, objectives
from genwright.tuning.objectives.preferring import (
    PairObjective,
    adapt_trainer,
    build_preference_arguments,
    build_trl_dataset,
    set_trainer,
)
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

    from genwright.models.bases import BaseModel
    from genwright.training.job import TrainingJob
    from genwright.tuning.config import TuneConfig


@objectives.register("reward")
class RewardModel(PairObjective):
    """Learns to score the chosen reply above the rejected one."""

    metrics: ClassVar[tuple[str, ...]] = ("pair_accuracy", "calibration_error")
    passes: ClassVar[float] = 2.0

    def build_model(
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

    def make_trial_examples(self, examples: Sequence[Any]) -> list[Json]:
        """None: a head of one number has no loss of its own to try."""
        return [
            {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": 0.0}
            for ids in (each["chosen_ids"] for each in examples)
        ]

    def make_job(self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob") -> "TrainingJob":
        """A training by trl's trainer."""
        return set_trainer(job, partial(self._make_trainer, config, tokenizer))

    def _make_trainer(
        self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob", total: int
    ) -> "Trainer":
        """Trl's trainer."""
        from trl import RewardConfig, RewardTrainer

        given = build_preference_arguments(config, job, total)
        del given["beta"]
        return adapt_trainer(RewardTrainer)(
            model=job.model,
            args=RewardConfig(**given),
            train_dataset=build_trl_dataset(list(job.train)),
            eval_dataset=build_trl_dataset(job.validation),
            processing_class=tokenizer,
        )
