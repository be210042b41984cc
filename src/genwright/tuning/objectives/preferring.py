"""What the objectives that learn preferences share: rows as token ids, and trl's trainers.

trl 1.16 has the losses; rows are rendered here, by the same words and template that serve them.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.engines import ChatMessage
from genwright.training.chat_rendering import ConversationRenderer
from genwright.training.config import RATES
from genwright.tuning.objectives.base import Measure, load_model
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

    from genwright.models.bases import BaseModel
    from genwright.training.job import TrainingJob
    from genwright.tuning.config import TuneConfig


GENTLER = 0.2
"""Share of a method's usual learning rate: what was learnt before is to stay."""
MEASUREMENTS = 3
"""Of the validation loss in one training, where nobody says how often."""


def parse_turns(prompt: "str | list[Json]") -> list[ChatMessage]:
    """What led to a reply: one turn of a user, or a conversation."""
    if isinstance(prompt, str):
        return [ChatMessage("user", prompt)]
    return [ChatMessage(each["role"], str(each["content"])) for each in prompt]


def encode_reply(
    rendering: ConversationRenderer, row: Json, field: str
) -> tuple[list[int], list[int]]:
    """Token ids of what led to a reply, and of the reply with its end."""
    messages = [*parse_turns(row["prompt"]), ChatMessage("assistant", str(row[field]))]
    encoded = rendering.encode(messages, last_only=True)
    labels = encoded["labels"]
    cut = next((place for place, label in enumerate(labels) if label != -100), len(labels))
    return encoded["input_ids"][:cut], encoded["input_ids"][cut:]


class PairObjective(ABC):
    """Base of those that learn from pairs: the chosen reply over the rejected one."""

    forms: ClassVar[tuple[str, ...]] = ("preference",)
    metrics: ClassVar[tuple[str, ...]] = ("pair_accuracy",)
    measured_by: ClassVar[Measure] = "preferences"
    passes: ClassVar[float] = 2.8
    """Both replies forward and back, and forward again under the reference."""
    width: ClassVar[int] = 2
    """Sequences of one example."""
    last_only = True

    def find_labels(self, rows: Sequence[Json]) -> tuple[str, ...]:
        """None."""
        return ()

    def build_model(
        self, base: "BaseModel", labels: tuple[str, ...], dtype: Any = None
    ) -> "PreTrainedModel":
        """A causal language model."""
        return load_model(base, "generation", dtype=dtype)

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """``prompt_ids``, ``chosen_ids`` and ``rejected_ids`` of each row that has room for them.

        Rows whose replies are equal teach nothing and are left out.
        """
        rendering = ConversationRenderer(tokenizer, max_length)
        made = []
        for row in rows:
            prompt, chosen = encode_reply(rendering, row, "chosen")
            other, rejected = encode_reply(rendering, row, "rejected")
            if chosen and rejected and prompt == other and chosen != rejected:
                made.append({"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected})
        return made

    def make_trial_examples(self, examples: Sequence[Any]) -> list[Json]:
        """Examples of plain language modelling, as long as these."""
        return [make_text_example(each["prompt_ids"], each["chosen_ids"]) for each in examples]

    @abstractmethod
    def make_job(self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob") -> "TrainingJob":
        """The training of it: the usual one with another trainer, or one of its own."""


def set_trainer(
    job: "TrainingJob", build: "Callable[[TrainingJob, int], Trainer]"
) -> "TrainingJob":
    """A training by another trainer, made of the job and its steps."""
    job.build = lambda made, watch, total: build(made, total)
    return job


def make_text_example(prompt: list[int], reply: list[int]) -> Json:
    """An example of language modelling."""
    ids = [*prompt, *reply]
    return {
        "input_ids": ids,
        "attention_mask": [1] * len(ids),
        "labels": [-100] * len(prompt) + reply,
    }


def build_preference_arguments(
    config: "TuneConfig", job: "TrainingJob", total: int
) -> dict[str, Any]:
    """The trainer's options as trl takes them."""
    given = job.trainer_arguments(total)
    given |= {
        "train_sampling_strategy": "random",
        "max_length": config.train.max_length,
        "beta": config.preference.beta,
        "gradient_checkpointing": bool(given.pop("activation_checkpointing")),
        "dataset_num_proc": None,
        "label_names": None,
        "prediction_loss_only": True,
    }
    del given["label_smoothing_factor"]
    if not config.train.learning_rate:
        given["learning_rate"] = RATES.get(config.method, 5e-5) * GENTLER
    if not config.train.evaluate_every:  # each measurement reads both replies, twice
        every = max(1, total // MEASUREMENTS)
        given |= {"eval_steps": every, "save_steps": config.train.save_every or every}
    return given


def adapt_trainer(kind: Any) -> Any:
    """A trainer of trl that takes rows as token ids and counts its tokens."""
    import datasets

    datasets.disable_progress_bars()
    os.environ.setdefault("TQDM_DISABLE", "1")  # its own bars; ours tell enough

    class Prepared(kind):
        tokens = 0

        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset

        def training_step(self, model: Any, inputs: Any, *rest: Any, **named: Any) -> Any:
            mask = inputs.get("attention_mask") if isinstance(inputs, dict) else None
            self.tokens += int(mask.sum()) if mask is not None else 0
            return super().training_step(model, inputs, *rest, **named)

    return Prepared


def build_trl_dataset(examples: Sequence[Any]) -> Any:
    """Rows as trl takes them; None for none."""
    import datasets

    return datasets.Dataset.from_list([dict(each) for each in examples]) if examples else None


def freeze_reference(trainer: Any) -> Any:
    """Let the copy of the adapter that is the reference stay as it is."""
    for name, parameter in trainer.model.named_parameters():
        if ".ref." in name:
            parameter.requires_grad = False
    return trainer


def drop_reference(model: Any) -> None:
    """Take that copy out again, so that only what was trained is saved."""
    if "ref" in getattr(model, "peft_config", {}):
        model.delete_adapter("ref")
