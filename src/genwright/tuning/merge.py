"""An adapter and its base as whole weights, which need neither any more."""

import shutil

from genwright.engines.transformers.loading import load
from genwright.errors import Refused
from genwright.export.saving import export_kinds
from genwright.models.trained import locate_weights
from genwright.registry import TrainedVersion
from genwright.registry.version_files import WHOLE
from genwright.runtime import Runtime
from genwright.settings import STORED
from genwright.tuning.config import TuneConfig
from genwright.tuning.steps.evaluation import LOSS_ROWS, measure_quantization_losses


def merge_version(runtime: Runtime, named: str, name: str = "") -> TrainedVersion:
    """Publish the merged weights of an adapter; the version they came from is their parent.

    Args:
        runtime: What it works with.
        named: The adapter's version.
        name: Of the merged model; by default the adapter's with ``-merged``.

    Raises:
        NotFound: There is no such version.
        Refused: It is no adapter, or one that cannot be merged (virtual tokens).
    """
    trained = runtime.versions.resolve(runtime.principal, named)
    if trained.facts.kind != "adapter" or trained.facts.method != "lora":
        raise Refused(
            f"{trained.label} is {trained.facts.method}: only LoRA adapters can be merged into the "
            "weights; virtual tokens stay beside them."
        )
    base = runtime.models.open_base(trained.facts.base, runtime.principal)
    runtime.progress(0, 0, f"merging {trained.label} into {base.name}")
    model, tokenizer = load(locate_weights(trained.folder, trained.facts, base))
    merged = model.merge_and_unload()
    stage = runtime.workspace.runs_dir / f"merge-{trained.digest[:12]}"
    shutil.rmtree(stage, ignore_errors=True)
    merged.save_pretrained(stage / WHOLE)
    tokenizer.save_pretrained(stage / WHOLE)
    config = TuneConfig.model_validate(trained.facts.config, context=STORED)
    writes = trained.facts.objective in ("generation", "summarization")
    made = export_kinds(stage, base, config.quantization) if writes else []
    losses = (
        measure_quantization_losses(runtime, stage, _read_test_cases(runtime, trained))
        if made
        else {}
    )
    facts = trained.facts.model_copy(
        update={
            "kind": "model",
            "engine": "llamacpp" if made else "transformers",
            "parent": trained.label,
            "losses": losses,
        }
    )
    return runtime.versions.publish(
        runtime.principal, name or f"{trained.name}-merged", stage, facts
    )


def _read_test_cases(runtime: Runtime, trained: TrainedVersion) -> list[object]:
    """Rows of its test part, where they are still here."""
    from genwright.datasets import read_stored_dataset
    from genwright.errors import NotFound
    from genwright.evaluation.cases import make_cases

    part = trained.facts.data.get("test")
    if part is None:
        return []
    try:
        rows = read_stored_dataset(runtime.workspace.datasets_dir, part.sha256).rows
    except NotFound:
        return []
    return list(make_cases(rows[:LOSS_ROWS], trained.facts.objective))
