"""A base made ready to be trained: its head, its method, and the rows as examples."""

from dataclasses import dataclass
from typing import Any

from genwright.datasets import Splits
from genwright.errors import NotFound, Refused
from genwright.models.bases import BaseModel
from genwright.registry import TrainedVersion
from genwright.registry.version_files import ADAPTER
from genwright.runtime import Runtime
from genwright.training.devices import may_use_bfloat16
from genwright.tuning.config import TuneConfig
from genwright.tuning.methods import methods
from genwright.tuning.objectives import objectives
from genwright.tuning.objectives.generation import encode_pairs
from genwright.tuning.objectives.online import OnlineObjective
from genwright.tuning.objectives.preferring import PairObjective
from genwright.tuning.rewards import open_reward
from genwright.types import Json


@dataclass(frozen=True)
class TrainingInputs:
    """What a training takes."""

    model: Any
    tokenizer: Any
    pad: int
    train: list[Json]
    validation: list[Json]
    test: list[Json]
    objective: Any = None
    """Which made the examples."""


def prepare(
    runtime: Runtime, config: TuneConfig, base: BaseModel, parts: Splits, labels: tuple[str, ...]
) -> TrainingInputs:
    """Load a base, put the method on it, and make examples of the rows.

    The frozen weights below a LoRA are held in bfloat16 where the arithmetic is; what is trained
    is held in float32.

    Raises:
        Refused: No row has anything to learn within ``max_length``.
    """
    import torch

    torch.manual_seed(config.train.seed)
    objective = objectives.get(config.objective)()
    objective.last_only = config.loss_on == "last"
    tokenizer = base.open_tokenizer()
    half = config.method == "lora" and not config.options.dora and may_use_bfloat16(config.train)
    model = objective.build_model(base, labels, torch.bfloat16 if half else torch.float32)
    _check_length(config, model)
    if config.resume_from:
        model = _load_adapter(runtime, config, base, model)
    else:
        method = methods.get(config.method)()
        model = method.apply(model, tokenizer, config.task, config.options)
    _cast_to_float32(model)
    encoded = {
        part: _encode(objective, base, tokenizer, each.rows, labels, config.train.max_length)
        for part, each in parts.all().items()
    }
    if not encoded["train"]:
        raise Refused(
            f"No row has a reply within max_length={config.train.max_length} tokens: raise it."
        )
    pad = int(tokenizer.pad_token_id or 0)
    if isinstance(objective, OnlineObjective):
        objective.reward = open_reward(runtime, config.preference.reward, base)
    three = (encoded["train"], encoded["validation"], encoded["test"])
    return TrainingInputs(model, tokenizer, pad, *three, objective)


def _encode(
    objective: Any, base: BaseModel, tokenizer: Any, rows: Any, labels: Any, length: int
) -> list[Json]:
    writes = ("labels" not in type(objective).__dict__ or not labels) and not isinstance(
        objective, PairObjective
    )
    if base.read_config().get("is_encoder_decoder") and writes:
        return encode_pairs(tokenizer, rows, length)
    return list(objective.encode(tokenizer, rows, labels, length))


def _check_length(config: TuneConfig, model: Any) -> None:
    limit = getattr(model.config, "max_position_embeddings", None)
    if isinstance(limit, int) and 0 < limit < config.train.max_length:
        raise Refused(
            f"max_length is {config.train.max_length}, {config.base} reads at most {limit} tokens: "
            f"set max_length={limit} or less."
        )


def _load_adapter(runtime: Runtime, config: TuneConfig, base: BaseModel, model: Any) -> Any:
    """The base with an earlier version's adapter, trainable."""
    import peft

    version: TrainedVersion = runtime.versions.resolve(runtime.principal, config.resume_from)
    folder = version.folder / ADAPTER
    if not folder.is_dir():
        raise NotFound(f"{version.label} is not an adapter: name it as --base instead.")
    if version.facts.base_digest != base.digest or version.facts.method != config.method:
        raise Refused(
            f"{version.label} is a {version.facts.method} on {version.facts.base!r}: train on from "
            f"it with --base {version.facts.base} --method {version.facts.method}."
        )
    return peft.PeftModel.from_pretrained(model, folder, is_trainable=True)


def _cast_to_float32(model: Any) -> None:
    import torch

    for parameter in model.parameters():
        if parameter.requires_grad and parameter.dtype != torch.float32:
            parameter.data = parameter.data.float()
