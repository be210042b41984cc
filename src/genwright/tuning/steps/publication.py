"""What a tuned version remembers of how it was made."""

from collections.abc import Mapping

from genwright.datasets import Dataset
from genwright.export.saving import SavedWeights
from genwright.models.bases import BaseModel
from genwright.registry import DataFacts, VersionFacts
from genwright.training.job import FitResult
from genwright.tuning.config import TuneConfig


def describe_version(
    config: TuneConfig,
    base: BaseModel,
    saved: SavedWeights,
    fitted: FitResult,
    parts: Mapping[str, Dataset],
    labels: tuple[str, ...],
) -> VersionFacts:
    """The facts of a version before it is evaluated.

    Args:
        config: Of the tuning.
        base: What was tuned.
        saved: Its files.
        fitted: How the training went.
        parts: The data, by the name of the part.
        labels: That it tells apart; empty where it writes.
    """
    return VersionFacts(
        kind=saved.kind,
        family=base.family,
        objective=config.task,
        method=config.method,
        base=base.name,
        base_digest=base.digest,
        engine=saved.engine,
        labels=labels,
        context=base.context,
        license=base.license,
        parent=config.resume_from or (base.parent.label if base.parent else ""),
        data={part: describe_data(each) for part, each in parts.items()},
        config=config.model_dump(mode="json"),
        measured={
            "seconds": fitted.seconds,
            "peak_mb": fitted.peak_mb,
            "tokens_per_second": round(fitted.tokens_per_second, 2),
            "notes": list(saved.notes),
        },
        versions=_list_library_versions(),
        seed=config.train.seed,
    )


def describe_data(dataset: Dataset) -> DataFacts:
    """What a version remembers of a part of its data."""
    return DataFacts(name=dataset.name, sha256=dataset.sha256, rows=len(dataset), form=dataset.form)


def _list_library_versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("torch", "transformers", "peft", "gguf", "genwright"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
