"""Opening the engine of a trained version."""

from pathlib import Path

from genwright.engines import Engine
from genwright.engines.transformers.loading import Weights
from genwright.errors import EngineFailed
from genwright.models.bases import BaseModel
from genwright.registry import VersionFacts
from genwright.registry.version_files import ADAPTER, ADAPTER_FILE, WHOLE, find_gguf
from genwright.settings import EngineSettings


def open_trained(
    folder: Path,
    facts: VersionFacts,
    base: BaseModel | None,
    settings: EngineSettings,
    name: str = "",
) -> Engine:
    """Load trained weights by the engine that serves them.

    Args:
        folder: Their files.
        facts: What is known of them.
        base: What an adapter lies over; None for whole weights.
        settings: How models run.
        name: What traces and messages call it.

    Raises:
        EngineFailed: They do not load, or the base of an adapter is not here.
    """
    if facts.engine == "llamacpp":
        return _open_llamacpp(folder, facts, base, settings, name)
    from genwright.engines.transformers.engine import TransformersEngine

    return TransformersEngine(
        locate_weights(folder, facts, base), settings, name=name, context=facts.context
    )


def locate_weights(folder: Path, facts: VersionFacts, base: BaseModel | None) -> Weights:
    """Where the weights of a version are, in transformers' form."""
    if facts.kind == "model":
        return Weights(str(folder / WHOLE), facts.objective, "", facts.labels)
    if base is None:
        raise EngineFailed(f"{facts.base!r}, which this adapter lies over, is not here: pull it.")
    return Weights(str(base.folder), facts.objective, str(folder / ADAPTER), facts.labels)


def _open_llamacpp(
    folder: Path, facts: VersionFacts, base: BaseModel | None, settings: EngineSettings, name: str
) -> Engine:
    from genwright.engines.llamacpp.engine import LlamaCppEngine

    if facts.kind == "model":
        path = find_gguf(folder)
        if path is None:
            raise EngineFailed(f"{folder} holds no GGUF file: restore it from an export.")
        return LlamaCppEngine(path, settings, name=name)
    if base is None or base.gguf is None:
        raise EngineFailed(f"{facts.base!r}, which this adapter lies over, is not here: pull it.")
    engine = LlamaCppEngine(base.gguf, settings, name=name, adapters=[folder / ADAPTER_FILE])
    return engine.copy_with_adapter(0, name)
