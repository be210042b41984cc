"""What a tuning is asked for: base, objective, method, and how it trains."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, cast

from pydantic import Field, ValidationError, field_validator

from genwright.errors import UsageError
from genwright.plugins import find_names
from genwright.registry.facts import Objective as Task
from genwright.settings import Section, explain_first_error, merge_tables
from genwright.training.config import TrainConfig

METHODS, OBJECTIVES = "genwright.tuning.methods", "genwright.tuning.objectives"
"""Families whose implementations a tuning names."""
PREFERENCES = ("dpo", "ipo", "kto", "grpo", "rloo", "ppo")
"""Objectives by which a model that writes learns what people prefer."""


class MethodConfig(Section):
    """What a method may be told; each takes what is its own."""

    renamed: ClassVar[Mapping[str, str]] = {
        "targets": "target_modules",
        "virtual_tokens": "num_virtual_tokens",
    }

    rank: int = Field(default=16, ge=1, le=1024)
    """LoRA: rank of the update."""
    alpha: float = Field(default=32.0, gt=0)
    """LoRA: the update is scaled by alpha / rank (rsLoRA: alpha / sqrt(rank))."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """LoRA: of the update's input, while training."""
    rslora: bool = False
    """LoRA: scale by the square root of the rank (Kalajdzievski 2023, arXiv:2312.03732)."""
    dora: bool = False
    """LoRA: train magnitudes apart from directions (Liu et al. 2024, arXiv:2402.09353)."""
    target_modules: tuple[str, ...] = ()
    """LoRA: names of the layers it goes on; empty for every linear one but the head."""
    layers: int = Field(default=2, ge=1)
    """Last layers: how many blocks are trained."""
    modules: tuple[str, ...] = ()
    """Last layers: parts of names of modules that are trained instead."""
    num_virtual_tokens: int = Field(default=20, ge=1, le=1000)
    """Prefix, prompt, P-tuning: how many vectors are put before the input."""
    projection: bool = False
    """Prefix: make the vectors by a small network (Li and Liang 2021, section 4.3)."""
    init_text: str = ""
    """Prompt: begin with the embeddings of this text."""
    encoder: Literal["lstm", "mlp"] = "lstm"
    """P-tuning: the network that makes the vectors (Liu et al. 2021, arXiv:2103.10385)."""
    hidden: int = Field(default=0, ge=0)
    """Prefix, P-tuning: width of that network; 0 for the model's own."""


class PreferenceConfig(Section):
    """What learning from preferences may be told; each objective takes what is its own."""

    beta: float = Field(default=0.1, ge=0)
    """Cost of leaving the reference (Rafailov et al. 2023, equation 4); IPO: its tau."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    """DPO: chance that a preference is the wrong way round (Mitchell 2023, cDPO)."""
    sft: float = Field(default=0.0, ge=0)
    """DPO: weight of the chosen reply's own loss beside it (Pang et al. 2024, arXiv:2404.19733), so
    that the model writes what was preferred, and does not only find it likelier."""
    desirable: float = Field(default=1.0, gt=0)
    """KTO: weight of what was liked (Ethayarajh et al. 2024, arXiv:2402.01306, equation 8)."""
    undesirable: float = Field(default=1.0, gt=0)
    """KTO: weight of what was not liked."""
    reward: str = ""
    """GRPO, RLOO, PPO: what scores replies: ``brief``, ``cites``, ``json``, several with ``+``, or
    a reward model of the registry."""
    generations: int = Field(default=4, ge=2)
    """GRPO, RLOO: replies to each prompt that are compared."""
    reply_tokens: int = Field(default=64, ge=1)
    """GRPO, RLOO, PPO: longest reply while training."""
    temperature: float = Field(default=1.0, gt=0)
    """GRPO, RLOO, PPO: of replies while training."""
    target_kl: float = Field(default=0.0, ge=0)
    """PPO: distance that ``beta`` is steered to, in nats of a reply; 0 for never."""


class TuneConfig(Section):
    """One tuning."""

    renamed: ClassVar[Mapping[str, str]] = {
        "learn": "loss_on",
        "quantise": "quantization",
        "accept_licence": "accept_license",
    }
    renamed_values: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "objective": {"summarisation": "summarization"}
    }

    base: str
    """What it starts from: a model of the catalog or the registry, or a folder."""
    objective: str = "generation"
    """What the model is to do, or how it learns what people prefer."""
    method: str = "lora"
    """Which weights are trained."""
    name: str = ""
    """Of the model in the registry; by default the base's with the objective."""
    resume_from: str = ""
    """Version whose adapter is trained on."""
    options: MethodConfig = MethodConfig()
    preference: PreferenceConfig = PreferenceConfig()
    train: TrainConfig = TrainConfig()
    validation: float = Field(default=0.1, ge=0, lt=1)
    """Share of the rows to measure on while training, where the data has no such part."""
    test: float = Field(default=0.1, ge=0, lt=1)
    """Share of the rows to evaluate on, where the data has no such part."""
    test_rows: int = Field(default=400, ge=0)
    """Most rows of the test part that are evaluated; 0 for all."""
    loss_on: Literal["replies", "last"] = "replies"
    """Generation: learn every reply of a conversation, or its last one only."""
    metrics: tuple[str, ...] = ()
    """Measures of the replies, the main one first; empty for the objective's own."""
    baseline: bool = True
    """Measure the base on the test part, too; it takes as long as measuring the result."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest reply in the evaluation."""
    quantization: tuple[Literal["f32", "f16", "q8_0", "q4_0", "q4_1"], ...] = (
        "f16",
        "q8_0",
        "q4_0",
    )
    """GGUF files that are made of whole weights."""
    accept_license: bool = False
    """Train although the base's licence seems to forbid it."""

    @field_validator("objective")
    @classmethod
    def _check_objective(cls, name: str) -> str:
        return _check_name(name, OBJECTIVES)

    @field_validator("method")
    @classmethod
    def _check_method(cls, name: str) -> str:
        return _check_name(name, METHODS)

    @property
    def task(self) -> Task:
        """What the trained weights do: those that learnt preferences write."""
        return "generation" if self.objective in PREFERENCES else cast(Task, self.objective)


def _check_name(name: str, family: str) -> str:
    if name not in (known := find_names(family)):
        raise ValueError(f"expected one of {', '.join(known)}")
    return name


def build_tune_config(values: dict[str, Any], sets: dict[str, Any] | None = None) -> TuneConfig:
    """A configuration of what options and ``--param`` say.

    Keys of ``train`` and ``options`` may stand without their section: ``learning_rate=1e-4``.

    Raises:
        UsageError: A key is unknown or a value out of range.

    Example:
        >>> build_tune_config({"base": "x"}, {"rank": "4", "epochs": "1"}).options.rank
        4
    """
    placed: dict[str, Any] = {}
    for key, value in (sets or {}).items():
        given = _split_list(key, value)
        if MethodConfig.has_key(key):
            placed.setdefault("options", {})[key] = given
        elif PreferenceConfig.has_key(key) and key != "label_smoothing":
            placed.setdefault("preference", {})[key] = given
        elif TrainConfig.has_key(key):
            placed.setdefault("train", {})[key] = given
        else:
            placed[key] = given
    try:
        return TuneConfig.model_validate(merge_tables(values, placed))
    except ValidationError as error:
        known = [*MethodConfig.model_fields, *TrainConfig.model_fields, *TuneConfig.model_fields]
        raise UsageError(
            f"{explain_first_error(error)}. Known keys: {', '.join(sorted(known))}."
        ) from error


def _split_list(key: str, value: Any) -> Any:
    """``a,b`` as a list, where a key takes several."""
    if key in ("target_modules", "modules", "quantization", "betas", "metrics") and isinstance(
        value, str
    ):
        return [each for each in value.split(",") if each]
    return value
