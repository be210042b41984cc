"""Data sets in the workspace: rows in files by digest, what is known of them in the store."""

import json
import os
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from sqlalchemy import select

from genwright.datasets.base import RENAMED_FORMS, Dataset
from genwright.datasets.findings import CheckReport
from genwright.errors import NotFound, StoreFailed
from genwright.storage import Database, DataSet
from genwright.types import Json, Principal


@dataclass(frozen=True)
class StoredDataset:
    """A data set of the workspace."""

    id: int
    name: str
    owner: str
    form: str
    rows: int
    sha256: str
    source: str
    report: Json
    created_at: str
    """ISO 8601, UTC."""

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def store_dataset(
    database: Database, folder: Path, principal: Principal, dataset: Dataset, report: CheckReport
) -> int:
    """Keep a data set with its check; the same rows under the same name are kept once.

    Args:
        database: The store.
        folder: Of the files.
        principal: Whose it is.
        dataset: The rows.
        report: What the check found.

    Returns:
        Its id.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{dataset.sha256}.jsonl"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("w", encoding="utf-8") as file:
            for row in dataset.rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    with database.write(principal) as session:
        wanted = select(DataSet).where(
            DataSet.owner == principal.name,
            DataSet.name == dataset.name,
            DataSet.sha256 == dataset.sha256,
        )
        found = session.scalar(wanted)
        entry = found or DataSet(
            owner=principal.name, name=dataset.name, sha256=dataset.sha256, form=dataset.form,
            rows=len(dataset), source=dataset.source, report={},
        )  # fmt: skip
        session.add(entry)
        entry.report = report.json()
        session.flush()
        return entry.id


def list_stored_datasets(database: Database, principal: Principal) -> list[StoredDataset]:
    """Data sets that the principal may see, newest first."""
    with database.read(principal) as session:
        wanted = select(DataSet).order_by(DataSet.id.desc())
        if not principal.sees_all:
            wanted = wanted.where(DataSet.owner == principal.name)
        return [_read(row) for row in session.scalars(wanted)]


def find_stored_dataset(database: Database, principal: Principal, id_: int) -> StoredDataset:
    """One data set by its id.

    Raises:
        NotFound: There is none that the principal may see.
    """
    found = next(
        (each for each in list_stored_datasets(database, principal) if each.id == id_), None
    )
    if found is None:
        raise NotFound(
            f"There is no data set {id_}: genwright datasets list shows those there are."
        )
    return found


def read_stored_dataset(folder: Path, sha256: str, name: str = "", form: str = "") -> Dataset:
    """The rows of a data set that was kept.

    Raises:
        NotFound: Its file is gone.
        StoreFailed: Its rows are others than those that were kept.
    """
    path = folder / f"{sha256}.jsonl"
    if not path.is_file():
        raise NotFound(f"The rows {sha256[:12]}… are not in {folder}: restore them from a backup.")
    with path.open(encoding="utf-8") as file:
        rows = tuple(json.loads(line) for line in file)
    present = RENAMED_FORMS.get(form, form) or "text"
    dataset = Dataset(name or sha256[:12], present, rows)  # type: ignore[arg-type]
    if form and dataset.sha256 != sha256:
        raise StoreFailed(f"{path} is not what was kept: restore it from a backup.")
    return dataset


def _read(row: DataSet) -> StoredDataset:
    created = row.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds")
    form = RENAMED_FORMS.get(row.form, row.form)
    return StoredDataset(row.id, row.name, row.owner, form, row.rows, row.sha256, row.source,
                row.report, created)  # fmt: skip
