"""Data sets: read, checked, mended, split, written; every row knows where it came from.

Example:
    >>> from genwright.datasets import Dataset, check_dataset
    >>> rows = ({"text": "good", "label": "up"}, {"text": "", "label": "down"})
    >>> report = check_dataset(Dataset("tiny", "classification", rows), near=False)
    >>> [(each.check, each.rows) for each in report.findings][0]
    ('empty', (2,))
"""

from genwright.datasets.base import FORMS, LINEAGE, Dataset, Form, Splits, text_of
from genwright.datasets.checks import Limits, check_dataset, mended
from genwright.datasets.findings import CheckReport, Finding
from genwright.datasets.reader import read_dataset, read_parts
from genwright.datasets.splits import split_dataset
from genwright.datasets.store import (
    Kept,
    keep_dataset,
    kept_dataset,
    kept_datasets,
    read_kept,
)
from genwright.datasets.writer import write_dataset

__all__ = [
    "FORMS",
    "LINEAGE",
    "CheckReport",
    "Dataset",
    "Finding",
    "Form",
    "Kept",
    "Limits",
    "Splits",
    "check_dataset",
    "keep_dataset",
    "kept_dataset",
    "kept_datasets",
    "mended",
    "read_dataset",
    "read_kept",
    "read_parts",
    "split_dataset",
    "text_of",
    "write_dataset",
]
