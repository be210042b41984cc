"""Rows of feedback as data sets of the workspace, for an improvement to learn from."""

from genwright.datasets import Dataset, check_dataset, read_stored_dataset, store_dataset
from genwright.runtime import Runtime
from genwright.types import Json


def store_rows(runtime: Runtime, dataset: Dataset) -> Json:
    """Keep a data set, and return what finds it again.

    Returns:
        ``{"sha256", "rows", "form", "bad"}``; only ``sha256`` and ``rows`` where it is empty.
    """
    if not len(dataset):
        return {"sha256": "", "rows": 0}
    workspace, report = runtime.workspace, check_dataset(dataset)
    store_dataset(workspace.database, workspace.datasets_dir, runtime.principal, dataset, report)
    return {"sha256": dataset.sha256, "rows": len(dataset), "form": dataset.form,
            "bad": len(report.list_bad_rows())}  # fmt: skip


def read_rows(runtime: Runtime, name: str, kept: Json) -> list[Json]:
    """The rows of a data set that ``store_rows`` kept, without those that have errors."""
    if not kept["rows"]:
        return []
    folder = runtime.workspace.datasets_dir
    dataset = read_stored_dataset(folder, kept["sha256"], name, kept["form"])
    bad = set(check_dataset(dataset).list_bad_rows())
    return [row for number, row in enumerate(dataset.rows, 1) if number not in bad]
