"""Data sets: read, checked, mended, split, written; every row knows where it came from.

Example:
    >>> from genwright.datasets import Dataset, check_dataset
    >>> rows = ({"text": "good", "label": "up"}, {"text": "", "label": "down"})
    >>> report = check_dataset(Dataset("tiny", "classification", rows), near=False)
    >>> [(each.check, each.rows) for each in report.findings][0]
    ('empty', (2,))
"""

from genwright.datasets.base import FORMS, LINEAGE, Dataset, Form, Splits, extract_text
from genwright.datasets.checks import LengthLimits, check_dataset, repair_dataset
from genwright.datasets.findings import CheckReport, DataFinding
from genwright.datasets.reader import read_dataset, read_splits
from genwright.datasets.splits import split_dataset
from genwright.datasets.store import (
    StoredDataset,
    find_stored_dataset,
    list_stored_datasets,
    read_stored_dataset,
    store_dataset,
)
from genwright.datasets.writer import write_dataset

__all__ = [
    "FORMS",
    "LINEAGE",
    "CheckReport",
    "DataFinding",
    "Dataset",
    "Form",
    "LengthLimits",
    "Splits",
    "StoredDataset",
    "check_dataset",
    "extract_text",
    "find_stored_dataset",
    "list_stored_datasets",
    "read_dataset",
    "read_splits",
    "read_stored_dataset",
    "repair_dataset",
    "split_dataset",
    "store_dataset",
    "write_dataset",
]
