"""Digests that a first pull has pinned: ``pins.json`` in the folder of models.

It outlives the models: a hub that stated one digest once cannot state another after a removal.
"""

import json
import os
from pathlib import Path

from genwright.catalog.manifest import FileDigest
from genwright.errors import UntrustedWeights

PINS = "pins.json"


def read(models_dir: Path) -> dict[str, dict[str, str]]:
    """Digest by file by model.

    Raises:
        UntrustedWeights: The file is damaged.
    """
    path = models_dir / PINS
    try:
        pins = json.loads(path.read_bytes())
        return {model: {str(k): str(v) for k, v in files.items()} for model, files in pins.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise UntrustedWeights(f"{path} is damaged ({error}): fix it, or delete it.") from error


def add(models_dir: Path, model: str, files: tuple[FileDigest, ...]) -> None:
    """Pin a model's files; the caller holds the lock of ``PINS``."""
    pins = read(models_dir) | {model: {file.name: file.sha256 for file in files}}
    partial = models_dir / f"{PINS}.new"
    partial.write_text(json.dumps(pins, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, models_dir / PINS)
