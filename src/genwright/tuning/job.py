"""Starting a tuning from what a person says: options as text, data as a path."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genwright.datasets import Splits, read_splits
from genwright.engines.transformers.loading import ENCODERS
from genwright.errors import UsageError
from genwright.hardware import measure_free_memory
from genwright.options import parse_pairs
from genwright.runtime import Runtime
from genwright.tuning.config import TuneConfig, build_tune_config
from genwright.tuning.steps.suggestion import suggest
from genwright.tuning.steps.walk import begin_tuning
from genwright.types import Json


@dataclass(frozen=True)
class TuneRequest:
    """What a person asks for, in words."""

    base: str = ""
    data: Path | None = None
    objective: str = "generation"
    method: str | None = None
    """None for what suits."""
    name: str = ""
    resume_from: str = ""
    form: str = ""
    columns: Sequence[str] = ()
    """``FIELD=COLUMN`` each."""
    trials: int = 0
    minutes: float = 0
    options: Sequence[str] = ()
    """``KEY=VALUE`` each."""
    assistant: str = ""
    accept_license: bool = False


def submit_tuning(runtime: Runtime, asked: TuneRequest) -> int:
    """Read the data, choose the method where none is named, and begin a run; returns its id.

    Raises:
        UsageError: The base or the data are not named, or an option is not known.
    """
    if not asked.base or asked.data is None:
        raise UsageError(
            "Expected --base and --data (or --resume RUN): a model of `genwright models list` and "
            "a file or folder of rows."
        )
    config = parse_tune_request(asked)
    parts = read_splits(
        asked.data,
        form=asked.form,
        columns=parse_pairs(asked.columns, "--map FIELD=COLUMN"),
        seed=config.train.seed,
        validation=config.validation,
        test=config.test,
    )
    if asked.method is None:
        config = _choose_method(runtime, config, parts)
    return begin_tuning(runtime, config, parts, trials=asked.trials, assistant=asked.assistant)


def parse_tune_request(asked: TuneRequest) -> TuneConfig:
    """The configuration that options in words mean.

    Raises:
        UsageError: One is not known, or out of range.
    """
    values: Json = {
        "base": asked.base,
        "objective": asked.objective,
        "name": asked.name,
        "resume_from": asked.resume_from,
        "accept_license": asked.accept_license,
    }
    if asked.method:
        values["method"] = asked.method
    if asked.minutes:
        values["train"] = {"time_limit_minutes": asked.minutes}
    return build_tune_config(values, parse_pairs(asked.options, "--param KEY=VALUE"))


def _choose_method(runtime: Runtime, config: TuneConfig, parts: Splits) -> TuneConfig:
    base = runtime.models.open_base(
        config.base, runtime.principal, accept_license=config.accept_license
    )
    size = sum(path.stat().st_size for path in base.folder.glob("*.safetensors"))
    encoder = base.family in ENCODERS
    advice = suggest(config.objective, size / 4, len(parts.train), measure_free_memory(), encoder)
    runtime.progress(0, 0, f"method {advice.method}: {advice.reason}")
    return config.model_copy(update={"method": advice.method})
