"""The protocol of objectives: what a model learns to do, and how rows become its examples."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from genwright.plugins import Plugins
from genwright.types import Json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from genwright.models.bases import BaseModel

Batch = Mapping[str, Any]
Measure = Literal["replies", "preferences", "rewards"]
PAD_TO = 8
"""Lengths of batches are multiples of this: kernels like even sizes."""


class Objective(Protocol):
    """What a model is to do."""

    forms: ClassVar[tuple[str, ...]]
    """Forms of rows that teach it."""
    metrics: ClassVar[tuple[str, ...]]
    """Measures of its replies, the main one first."""
    measured_by: ClassVar[Measure]
    """How what was learnt is measured on the test part."""
    last_only: bool
    """Whether only the last reply of a conversation is learnt, where there are several."""

    def find_labels(self, rows: Sequence[Json]) -> tuple[str, ...]:
        """Classes of the rows, sorted; empty for an objective without any."""
        ...

    def build_model(
        self, base: "BaseModel", labels: tuple[str, ...], dtype: Any = None
    ) -> "PreTrainedModel":
        """The base with the head for this objective."""
        ...

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        rows: Sequence[Json],
        labels: tuple[str, ...],
        max_length: int,
    ) -> list[Json]:
        """Examples of the rows; one without anything to learn is left out."""
        ...


objectives: Plugins[Objective] = Plugins("genwright.tuning.objectives")


class PaddingCollator:
    """Makes a batch of examples: shorter ones are filled up at the right.

    Args:
        pad: Id of the token to fill with.
        window: Longest batch, in tokens, where the model has a hard limit.
    """

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, examples: Sequence[Json]) -> Batch:
        """Tensors (B, T) of whole examples; scalars become (B,)."""
        import torch

        batch: dict[str, Any] = {}
        for name in examples[0]:
            values = [example[name] for example in examples]
            if isinstance(values[0], list):
                batch[name] = torch.tensor(self._fill_rows(name, values))
            else:
                batch[name] = torch.tensor(values)
        return batch

    def _fill_rows(self, name: str, rows: list[list[int]]) -> list[list[int]]:
        fill = {"input_ids": self.pad, "labels": -100}.get(name, 0)
        width = max(map(len, rows))
        width += -width % PAD_TO
        return [row + [fill] * (width - len(row)) for row in rows]


def load_model(
    base: "BaseModel", objective: str, labels: tuple[str, ...] = (), dtype: Any = None
) -> "PreTrainedModel":
    """The base by the class that an objective takes.

    Raises:
        Refused: transformers has no such head for this architecture.
    """
    import torch
    import transformers

    from genwright.engines.transformers.loading import find_class_name
    from genwright.errors import Refused

    options: dict[str, Any] = {"dtype": dtype or torch.float32, "local_files_only": True}
    if labels:
        options["num_labels"] = len(labels)
        options["id2label"] = dict(enumerate(labels))
        options["label2id"] = {label: place for place, label in enumerate(labels)}
    kind = getattr(transformers, find_class_name(objective, base.read_config()))
    try:
        model = kind.from_pretrained(base.folder, **options)
    except ValueError as error:
        raise Refused(
            f"{base.family} has no head for {objective}: take another base, such as a "
            f"{'BERT' if objective != 'generation' else 'Llama'} kind. ({error})"
        ) from error
    if model.config.pad_token_id is None:
        model.config.pad_token_id = base.open_tokenizer().pad_token_id
    return model
