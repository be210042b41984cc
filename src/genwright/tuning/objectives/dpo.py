"""DPO: direct preference optimisation. Rafailov et al. 2023, arXiv:2305.18290, equation 7.

``-log s(beta (log pi(c)/ref(c) - log pi(r)/ref(r)))``: log 2 at the start. With label smoothing it
is the conservative loss of Mitchell 2023, for preferences that may be the wrong way round.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.preferring import (
    PairObjective,
    adapt_trainer,
    build_preference_arguments,
    build_trl_dataset,
    freeze_reference,
    set_trainer,
)

if TYPE_CHECKING:
    from transformers import Trainer

    from genwright.training.job import TrainingJob
    from genwright.tuning.config import TuneConfig


@objectives.register("dpo")
class DPO(PairObjective):
    """Learns to prefer, by a logistic loss of the difference of both replies' log-ratios."""

    loss: ClassVar[str] = "sigmoid"

    def make_job(self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob") -> "TrainingJob":
        """A training by trl's trainer."""
        return set_trainer(job, partial(self._make_trainer, config, tokenizer))

    def _make_trainer(
        self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob", total: int
    ) -> "Trainer":
        """Trl's trainer."""
        from trl import DPOConfig, DPOTrainer

        smoothing = {"label_smoothing": config.preference.label_smoothing}
        imitates = bool(config.preference.sft)
        arguments = DPOConfig(
            loss_type=[self.loss, "sft"] if imitates else [self.loss],
            loss_weights=[1.0, config.preference.sft] if imitates else None,
            precompute_ref_log_probs=True,  # the reference does not change
            **build_preference_arguments(config, job, total),
            **(smoothing if self.loss == "sigmoid" else {}),
        )
        trainer = adapt_trainer(DPOTrainer)(
            model=job.model,
            args=arguments,
            train_dataset=build_trl_dataset(list(job.train)),
            eval_dataset=build_trl_dataset(job.validation),
            processing_class=tokenizer,
        )
        return freeze_reference(trainer)
