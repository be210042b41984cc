"""Extractive question answering: the span of a context that answers, by its first and last token.

Devlin et al. 2018, arXiv:1810.04805, section 4.2.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.errors import Refused
from genwright.tuning.objectives.base import Measure, load_model, objectives
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from genwright.models.bases import BaseModel


@objectives.register("question_answering")
class QuestionAnswering:
    """Learns where the answer begins and ends; a window without it points at its first token."""

    forms: ClassVar[tuple[str, ...]] = ("qa",)
    last_only = False
    metrics: ClassVar[tuple[str, ...]] = ("token_f1", "exact_match")
    measured_by: ClassVar[Measure] = "replies"

    def find_labels(self, rows: Sequence[Json]) -> tuple[str, ...]:
        """None."""
        return ()

    def build_model(
        self, base: "BaseModel", labels: tuple[str, ...], dtype: Any = None
    ) -> "PreTrainedModel":
        """The base with a head for both ends of a span."""
        return load_model(base, "question_answering", dtype=dtype)

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """Windows of question and context, with the tokens of the first answer.

        Raises:
            Refused: The tokenizer does not tell where tokens stand.
        """
        if not tokenizer.is_fast:
            raise Refused("Extractive answers need a fast tokenizer (tokenizer.json).")
        made: list[Json] = []
        for row in rows:
            made += _make_windows(tokenizer, row, max_length)
        return made


def _make_windows(tokenizer: "PreTrainedTokenizerBase", row: Json, max_length: int) -> list[Json]:
    encoded = tokenizer(
        row["question"],
        row["context"],
        truncation="only_second",
        max_length=max_length,
        stride=max_length // 4,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    answered = bool(row.get("answers")) and bool(row.get("starts"))
    start = row["starts"][0] if answered else -1
    end = start + len(row["answers"][0]) if answered else -1
    made = []
    for window, ids in enumerate(encoded["input_ids"]):
        offsets, parts = encoded["offset_mapping"][window], encoded.sequence_ids(window)
        first, last = _find_tokens(offsets, parts, start, end)
        example = {"input_ids": ids, "attention_mask": [1] * len(ids)}
        if "token_type_ids" in encoded:
            example["token_type_ids"] = encoded["token_type_ids"][window]
        made.append(example | {"start_positions": first, "end_positions": last})
    return made


def _find_tokens(
    offsets: Sequence[tuple[int, int]], parts: Sequence[int | None], start: int, end: int
) -> tuple[int, int]:
    """First and last token of a span of characters; 0 and 0 where it is not in the window."""
    inside = [
        place
        for place, ((a, b), part) in enumerate(zip(offsets, parts, strict=True))
        if part == 1 and a < end and start < b
    ]
    whole = bool(inside) and offsets[inside[0]][0] <= start and offsets[inside[-1]][1] >= end
    return (inside[0], inside[-1]) if whole and start >= 0 else (0, 0)
