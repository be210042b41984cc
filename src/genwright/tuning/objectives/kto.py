"""KTO: what was liked and what was not, without pairs. Ethayarajh et al. 2024, arXiv:2402.01306.

Equation 8: ``lambda (1 - s(+-beta (log pi/ref - z0)))``, z0 the distance from the reference that
replies to other prompts show. Thumbs alone are enough.
"""

import random
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.errors import Refused
from genwright.training.chat_rendering import ConversationRenderer
from genwright.tuning.objectives.base import objectives
from genwright.tuning.objectives.preferring import (
    PairObjective,
    adapt_trainer,
    build_preference_arguments,
    build_trl_dataset,
    encode_reply,
    freeze_reference,
    make_text_example,
    set_trainer,
)
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, Trainer

    from genwright.training.job import TrainingJob
    from genwright.tuning.config import TuneConfig


@objectives.register("kto")
class KTO(PairObjective):
    """Learns from single replies that were liked or not."""

    forms: ClassVar[tuple[str, ...]] = ("thumbs",)
    metrics: ClassVar[tuple[str, ...]] = ("thumb_auc",)
    passes: ClassVar[float] = 2.0
    width: ClassVar[int] = 1

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """``prompt_ids``, ``completion_ids``, the label, and another row's reply for z0."""
        rendering = ConversationRenderer(tokenizer, max_length)
        made: list[Json] = []
        for row in rows:
            prompt, reply = encode_reply(rendering, row, "completion")
            if reply:
                made.append(
                    {"prompt_ids": prompt, "completion_ids": reply, "label": bool(row["label"])}
                )
        random.Random(0).shuffle(made)  # the trainer takes them in order
        for place, each in enumerate(made):
            each["KL_completion_ids"] = made[place - 1]["completion_ids"]
        return made

    def make_trial_examples(self, examples: Sequence[Any]) -> list[Json]:
        """Examples of plain language modelling, as long as these."""
        return [make_text_example(each["prompt_ids"], each["completion_ids"]) for each in examples]

    def make_job(self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob") -> "TrainingJob":
        """A training by trl's trainer."""
        return set_trainer(job, partial(self._make_trainer, config, tokenizer))

    def _make_trainer(
        self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob", total: int
    ) -> "Trainer":
        """Trl's trainer.

        Raises:
            Refused: A batch is one row, so that no other row tells the distance.
        """
        from trl import KTOConfig, KTOTrainer

        if config.train.batch_size < 2:
            raise Refused("KTO needs batch_size=2 or more: other rows tell the distance.")
        given = build_preference_arguments(config, job, total)
        given["train_sampling_strategy"] = "sequential"  # a row's neighbour tells its distance
        arguments = KTOConfig(
            desirable_weight=config.preference.desirable,
            undesirable_weight=config.preference.undesirable,
            precompute_ref_log_probs=True,  # the reference does not change
            **given,
        )
        trainer = adapt_trainer(KTOTrainer)(
            model=job.model,
            args=arguments,
            train_dataset=build_trl_dataset(list(job.train)),
            eval_dataset=build_trl_dataset(job.validation),
            processing_class=tokenizer,
        )
        return freeze_reference(trainer)
