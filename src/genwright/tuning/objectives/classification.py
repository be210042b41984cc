"""Classification: one class for a text, by a head on the model's last state."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from genwright.errors import UsageError
from genwright.tuning.objectives.base import Measure, load_model, objectives
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from genwright.models.bases import BaseModel


@objectives.register("classification")
class Classification:
    """Learns which class a text has, by the cross-entropy over the classes."""

    forms: ClassVar[tuple[str, ...]] = ("classification",)
    last_only = False
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1")
    measured_by: ClassVar[Measure] = "replies"

    def find_labels(self, rows: Sequence[Json]) -> tuple[str, ...]:
        """The classes of the rows, sorted.

        Raises:
            UsageError: There are fewer than two.
        """
        found = tuple(sorted({str(row["label"]) for row in rows}))
        if len(found) < 2:
            raise UsageError(f"Expected rows of at least two classes, found {found}.")
        return found

    def build_model(
        self, base: "BaseModel", labels: tuple[str, ...], dtype: Any = None
    ) -> "PreTrainedModel":
        """The base with a head for so many classes."""
        return load_model(base, "classification", labels, dtype)

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """Tokens of the texts and the number of each one's class.

        Raises:
            UsageError: A row has a class that is not among them.
        """
        places = {label: place for place, label in enumerate(labels)}
        if unknown := {str(row["label"]) for row in rows} - set(places):
            raise UsageError(
                f"The classes {sorted(unknown)[:5]} are not in the training part: every class "
                "needs a row there."
            )
        encoded = tokenizer(
            [row["text"] for row in rows],
            truncation=True,
            max_length=max_length,
            return_token_type_ids=False,
        )["input_ids"]
        return [
            {
                "input_ids": ids,
                "attention_mask": [1] * len(ids),
                "labels": places[str(row["label"])],
            }
            for ids, row in zip(encoded, rows, strict=True)
        ]
