"""Rows of feedback as data sets of the workspace, for an improvement to learn from."""

from genwright.datasets import Dataset, check_dataset, read_stored_dataset, store_dataset
from genwright.improve.results import KeptRows
from genwright.runtime import Runtime
from genwright.types import Json


def store_rows(runtime: Runtime, dataset: Dataset) -> KeptRows:
    """Keep a data set, and return what finds it again."""
    if not len(dataset):
        return KeptRows()
    workspace, report = runtime.workspace, check_dataset(dataset)
    store_dataset(workspace.database, workspace.datasets_dir, runtime.principal, dataset, report)
    return KeptRows(dataset.sha256, len(dataset), dataset.form, len(report.list_bad_rows()))


def read_rows(runtime: Runtime, name: str, kept: KeptRows) -> list[Json]:
    """The rows of a data set that ``store_rows`` kept, without those that have errors."""
    if not kept.rows:
        return []
    folder = runtime.workspace.datasets_dir
    dataset = read_stored_dataset(folder, kept.sha256, name, kept.form)
    bad = set(check_dataset(dataset).list_bad_rows())
    return [row for number, row in enumerate(dataset.rows, 1) if number not in bad]
