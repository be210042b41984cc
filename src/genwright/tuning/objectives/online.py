"""What the objectives share that let a policy write and score it: prompts, and their trainers."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.errors import Refused
from genwright.training.chat_rendering import ConversationRenderer, read_messages
from genwright.tuning.objectives.base import Measure
from genwright.tuning.objectives.preferring import (
    PairObjective,
    adapt_trainer,
    build_preference_arguments,
    build_trl_dataset,
    parse_turns,
    set_trainer,
)
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, Trainer

    from genwright.training.job import TrainingJob
    from genwright.tuning.config import TuneConfig


class OnlineObjective(PairObjective):
    """Base of those that learn from replies of their own."""

    forms: ClassVar[tuple[str, ...]] = (
        "prompt_completion", "messages", "preference", "thumbs",
    )  # fmt: skip
    metrics: ClassVar[tuple[str, ...]] = ("reward",)
    measured_by: ClassVar[Measure] = "rewards"
    passes: ClassVar[float] = 6.0
    width: ClassVar[int] = 1
    reward: Any = None
    """Scores replies; set by whoever prepares the training."""

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """Prompts as token ids, and as text for the reward; each once."""
        rendering = ConversationRenderer(tokenizer, max_length)
        made: dict[str, Json] = {}
        for row in rows:
            turns = read_prompt_turns(row)
            text = rendering.render_prompt(turns)
            ids = tokenizer(text, add_special_tokens=not tokenizer.chat_template)["input_ids"]
            if len(ids) < max_length:
                made.setdefault(text, {"prompt_ids": list(ids), "asked": turns[-1].content})
        return list(made.values())

    def make_trial_examples(self, examples: Sequence[Any]) -> list[Json]:
        """Examples of plain language modelling, as long as these."""
        return [
            {
                "input_ids": ids,
                "attention_mask": [1] * len(ids),
                "labels": list(ids),
            }
            for ids in (each["prompt_ids"] for each in examples)
        ]


class GroupObjective(OnlineObjective):
    """Base of those that compare several replies to one prompt, by a trainer of trl."""

    trl: ClassVar[str]
    """How trl's trainer and its configuration begin."""

    def make_job(self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob") -> "TrainingJob":
        """A training by trl's trainer."""
        job.validation = ()  # its loss says nothing: replies are measured after the training
        return set_trainer(job, partial(self._make_trainer, config, tokenizer))

    def _make_trainer(
        self, config: "TuneConfig", tokenizer: Any, job: "TrainingJob", total: int
    ) -> "Trainer":
        import trl

        arguments = getattr(trl, f"{self.trl}Config")(**build_group_arguments(config, job, total))
        return adapt_trainer(getattr(trl, f"{self.trl}Trainer"))(
            model=job.model,
            reward_funcs=[adapt_reward(self.reward)],
            args=arguments,
            train_dataset=build_group_dataset(list(job.train), tokenizer),
            processing_class=tokenizer,
        )


def read_prompt_turns(row: Json) -> list[Any]:
    """What a row asks, without its reply."""
    return parse_turns(row["prompt"]) if "prompt" in row else read_messages(row)[:-1]


def build_group_arguments(config: "TuneConfig", job: "TrainingJob", total: int) -> dict[str, Any]:
    """Options of trl's trainers that compare several replies to one prompt.

    Raises:
        Refused: A batch does not hold whole groups.
    """
    given = build_preference_arguments(config, job, total)
    size, group = (
        config.train.batch_size * config.train.gradient_accumulation_steps,
        config.preference.generations,
    )
    if size % group:
        raise Refused(
            "batch_size x gradient_accumulation_steps must be a multiple of generations "
            f"({group}), got {size}: set batch_size={group}."
        )
    for name in ("max_length", "dataset_num_proc", "train_sampling_strategy"):
        given.pop(name, None)
    given |= {
        "num_generations": group,
        "max_completion_length": config.preference.reply_tokens,
        "temperature": config.preference.temperature,
        "eval_strategy": "no",
        "remove_unused_columns": False,
    }
    return given


def build_group_dataset(examples: Sequence[Any], tokenizer: Any) -> Any:
    """Prompts as trl takes them: rendered text."""
    return build_trl_dataset(
        [
            {"prompt": tokenizer.decode(each["prompt_ids"]), "asked": each["asked"]}
            for each in examples
        ]
    )


def adapt_reward(reward: Any) -> Any:
    """A reward as trl calls it."""

    def score(
        prompts: list[str], completions: list[str], asked: list[str], **_: Any
    ) -> list[float]:
        del prompts
        return [float(each) for each in reward(asked, completions)]

    return score
