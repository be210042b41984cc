"""A pre-training from what a person says: a file of settings, and options over it."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import yaml

from genwright.errors import NotFound, UsageError
from genwright.options import parse_pairs
from genwright.training.pretrain import PretrainConfig, build_pretrain_config
from genwright.types import Json


def read_pretrain_config(
    file: Path | None,
    texts: Sequence[Path],
    name: str,
    family: str,
    tokenizer: str,
    minutes: float,
    options: Sequence[str],
) -> PretrainConfig:
    """The configuration of a pre-training.

    Args:
        file: TOML or YAML with the fields of ``PretrainConfig``; None for none.
        texts: What to train on; by default the file's.
        name: Of the model.
        family: Of the architecture.
        tokenizer: A folder or a kind.
        minutes: Time limit; 0 for none.
        options: ``KEY=VALUE`` each.

    Raises:
        NotFound: The file is not there.
        UsageError: It cannot be read, or a setting is wrong.
    """
    values = _read(file) if file else {}
    if texts:
        values["texts"] = list(texts)
    if not values.get("texts"):
        raise UsageError("Expected texts to train on: genwright pretrain FILE …")
    given = {"name": name, "tokenizer": tokenizer}
    values |= {key: value for key, value in given.items() if value}
    if family:
        values["architecture"] = {**values.get("architecture", {}), "family": family}
    if minutes:
        values["train"] = {**values.get("train", {}), "time_limit_minutes": minutes}
    return build_pretrain_config(values, parse_pairs(options, "--param KEY=VALUE"))


def _read(path: Path) -> Json:
    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    text = path.read_text(encoding="utf-8")
    try:
        values = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise UsageError(f"Expected settings in {path}, got {type(values).__name__}.")
    return values
