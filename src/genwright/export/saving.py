"""Trained weights as the files of a version, and which engine serves them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from genwright.export import SUPPORTED, find_adapter_problem, write_adapter, write_model
from genwright.models.bases import BaseModel
from genwright.registry.facts import EngineName, Objective
from genwright.registry.version_files import ADAPTER, ADAPTER_FILE, WHOLE


@dataclass(frozen=True)
class SavedWeights:
    """What was written."""

    kind: Literal["adapter", "model"]
    engine: EngineName
    folder: Path
    notes: tuple[str, ...] = ()
    """What was done differently than asked, and why."""


def save(
    model: Any,
    tokenizer: Any,
    base: BaseModel,
    task: Objective,
    method: str,
    kinds: Sequence[str],
    folder: Path,
) -> SavedWeights:
    """Write a trained model into a folder, for the engine that can run it.

    A LoRA on a decoder that llama.cpp runs becomes a GGUF adapter; what llama.cpp would lose is
    merged into whole weights. Everything else is kept in transformers' form.

    Args:
        model: As it was trained.
        tokenizer: Its own.
        base: What it started from.
        task: What it does.
        method: How it was trained.
        kinds: GGUF files to make of whole weights.
        folder: Where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not hasattr(model, "peft_config"):
        return _save_whole(model, tokenizer, base, task, kinds, folder)
    model.save_pretrained(folder / ADAPTER)
    _name_base(folder / ADAPTER, base)
    if task not in ("generation", "summarization") or method != "lora":
        return SavedWeights("adapter", "transformers", folder)
    described = json.loads((folder / ADAPTER / "adapter_config.json").read_text(encoding="utf-8"))
    problem = find_adapter_problem(described, base.family)
    if not problem and base.gguf is not None:
        write_adapter(folder / ADAPTER, base.read_config(), folder / ADAPTER_FILE)
        return SavedWeights("adapter", "llamacpp", folder)
    if problem and base.family in SUPPORTED:
        merged = model.merge_and_unload()
        _remove(folder / ADAPTER)
        saved = _save_whole(merged, tokenizer, base, task, kinds, folder)
        return SavedWeights(saved.kind, saved.engine, folder, (f"merged, because {problem}",))
    why = problem or f"{base.name} has no GGUF file"
    return SavedWeights(
        "adapter", "transformers", folder, (f"served by transformers, because {why}",)
    )


def export_kinds(folder: Path, base: BaseModel, kinds: Sequence[str]) -> list[Path]:
    """Write whole weights as GGUF files of several kinds; none where llama.cpp has no such model.

    The vocabulary is the base's own, word for word, where it has a GGUF file.
    """
    if base.family not in SUPPORTED:
        return []
    made = []
    for kind in kinds:
        target = folder / f"model-{kind}.gguf"
        write_model(folder / WHOLE, target, kind, vocabulary=base.gguf)
        made.append(target)
    return made


def _save_whole(
    model: Any,
    tokenizer: Any,
    base: BaseModel,
    task: Objective,
    kinds: Sequence[str],
    folder: Path,
) -> SavedWeights:
    model.save_pretrained(folder / WHOLE)
    tokenizer.save_pretrained(folder / WHOLE)
    writes = task in ("generation", "summarization", "pretraining")
    if writes and export_kinds(folder, base, kinds):
        return SavedWeights("model", "llamacpp", folder)
    return SavedWeights("model", "transformers", folder)


def _name_base(adapter: Path, base: BaseModel) -> None:
    """Let the adapter name its base, and not a folder of this machine."""
    path = adapter / "adapter_config.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["base_model_name_or_path"] = base.name
    path.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for extra in adapter.glob("README.md"):
        extra.unlink()  # the registry's card says more, and is true


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
