"""Generation: the reply to a conversation or a prompt, by the loss of its tokens alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.training.chat_rendering import BREAK, ConversationRenderer, read_messages
from genwright.tuning.objectives.base import Measure, load_model, objectives
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from genwright.models.bases import BaseModel


@objectives.register("generation")
class Generation:
    """Learns every turn of the assistant; what people and tools say is read only."""

    forms: ClassVar[tuple[str, ...]] = (
        "messages",
        "prompt_completion",
        "summarization",
        "qa",
        "classification",
    )
    metrics: ClassVar[tuple[str, ...]] = ("exact_match", "token_f1", "chrf", "rouge_l")
    measured_by: ClassVar[Measure] = "replies"
    last_only = False
    """Whether only the last turn of a conversation is learnt."""

    def find_labels(self, rows: Sequence[Json]) -> tuple[str, ...]:
        """None."""
        return ()

    def build_model(
        self, base: "BaseModel", labels: tuple[str, ...], dtype: Any = None
    ) -> "PreTrainedModel":
        """A causal language model, or an encoder-decoder."""
        return load_model(base, "generation", dtype=dtype)

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """Tokens of whole conversations, with the replies as labels."""
        rendering = ConversationRenderer(tokenizer, max_length)
        made = [rendering.encode(read_messages(row), self.last_only) for row in rows]
        return [each for each in made if any(label != -100 for label in each["labels"])]


def encode_pairs(
    tokenizer: "PreTrainedTokenizerBase", rows: Sequence[Json], max_length: int
) -> list[Json]:
    """Examples for an encoder-decoder: what is said before the last reply, and that reply."""
    made = []
    for row in rows:
        messages = read_messages(row)
        source = BREAK.join(each.content for each in messages[:-1] if each.content)
        cut = {"truncation": True, "max_length": max_length}
        ids = tokenizer(source, **cut)["input_ids"]
        target = tokenizer(text_target=messages[-1].content, **cut)["input_ids"]
        end = tokenizer.eos_token_id
        if end is not None and (not target or target[-1] != end):
            target = [*target[: max_length - 1], end]
        made.append({"input_ids": ids, "attention_mask": [1] * len(ids), "labels": list(target)})
    return made
