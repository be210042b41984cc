"""What is known of trained weights: enough to load them, to judge them and to make them again."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from genwright.settings import Section

Objective = Literal[
    "generation", "summarization", "classification", "question_answering", "pretraining", "reward"
]
"""What weights do, once they are trained."""
EngineName = Literal["llamacpp", "transformers"]


class DataFacts(Section):
    """One part of the data that weights were made of."""

    renamed_values: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "form": {"summarisation": "summarization"}
    }

    name: str
    sha256: str
    """Of the rows without their lineage."""
    rows: int
    form: str = ""


class VersionFacts(Section):
    """Everything about a model version but its files; it never changes."""

    renamed: ClassVar[Mapping[str, str]] = {"licence": "license"}
    renamed_values: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "objective": {"summarisation": "summarization"}
    }

    kind: Literal["adapter", "model"]
    """Weights that go on a base, or whole ones."""
    family: str
    """Architecture by its name in transformers, such as ``llama``."""
    objective: Objective
    method: str
    """How it was trained, such as ``lora`` or ``full``."""
    base: str = ""
    """What it started from, by the name that was asked for; empty for from scratch."""
    base_digest: str = ""
    """SHA-256 of the base's weights."""
    engine: EngineName = "transformers"
    """Which engine serves it."""
    labels: tuple[str, ...] = ()
    """Classes in the order of the head's outputs."""
    context: int = 0
    """Longest input and output together, in tokens."""
    license: str = "not stated"
    """Of the base; the weights stay under it."""
    description: str = ""
    parent: str = ""
    """The version it was trained on from, such as ``toolcalls@2``."""
    data: dict[str, DataFacts] = Field(default_factory=dict)
    """By part: ``train``, ``validation``, ``test``."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Every setting of the training."""
    evaluation: dict[str, Any] = Field(default_factory=dict)
    """What was measured on the test part, with intervals, against base and live version."""
    measured: dict[str, Any] = Field(default_factory=dict)
    """Seconds, peak memory and speed of the training."""
    losses: dict[str, Any] = Field(default_factory=dict)
    """What quantising or converting cost, by file."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Of the libraries it was trained with."""
    seed: int = 0
