"""Reading data sets: one file, or a folder with a file for each part."""

from collections.abc import Mapping
from pathlib import Path

from genwright.datasets.base import LINEAGE, Dataset, Splits
from genwright.datasets.files import SUFFIXES, hash_file, read_records
from genwright.datasets.forms import convert_records, detect_form
from genwright.datasets.splits import split_dataset
from genwright.errors import NotFound, UsageError
from genwright.types import Json

PARTS = {"train": ("train", "training"), "validation": ("validation", "valid", "val", "dev"),
         "test": ("test",)}  # fmt: skip
"""What the file of each part may be called."""


def read_dataset(
    path: Path,
    *,
    form: str = "",
    columns: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> Dataset:
    """Read a file of rows; each knows the file and the place that it came from.

    Args:
        path: JSON, JSON lines, CSV, TSV, Parquet or text.
        form: What it is for; by default told from its columns.
        columns: Column of the file by field of the form, where the names differ.
        limit: Only so many of its first rows.

    Raises:
        NotFound: There is no such file.
        UsageError: It cannot be read, or its form is not clear.
    """
    records = read_records(path)[:limit]
    if not records:
        raise UsageError(f"{path.name} holds no records.")
    made = convert_records(records, form, columns or {}, path.name)
    kind = form or _detect_form(records, columns or {})
    digest = hash_file(path)
    rows = [_add_lineage(row, path.name, digest, number) for number, row in enumerate(made, 1)]
    name = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    return Dataset(name, kind, tuple(rows), str(path.resolve()))  # type: ignore[arg-type]


def read_splits(
    path: Path,
    *,
    form: str = "",
    columns: Mapping[str, str] | None = None,
    seed: int = 0,
    validation: float = 0.1,
    test: float = 0.1,
) -> Splits:
    """Read the parts of a data set: from a folder that has them, or by splitting.

    Args:
        path: A file, or a folder with ``train``, ``validation`` and ``test`` files. A part that
            the folder lacks is split off the training part.
        form: As in ``read_dataset``.
        columns: As in ``read_dataset``.
        seed: Of the split.
        validation: Share of the rows that is split off.
        test: Share of the rows that is split off.

    Raises:
        NotFound: There is no such file, or the folder has no training part.
        UsageError: A file cannot be read, or there are too few rows.
    """
    if not path.is_dir():
        whole = read_dataset(path, form=form, columns=columns)
        return split_dataset(whole, validation=validation, test=test, seed=seed)
    files = {part: _find_file(path, names) for part, names in PARTS.items()}
    if files["train"] is None:
        raise NotFound(f"{path} has no train file: expected train.jsonl, train.csv or the like.")
    read = {
        part: read_dataset(file, form=form, columns=columns)
        for part, file in files.items()
        if file is not None
    }
    _refuse_synthetic(read)
    parts = split_dataset(
        read["train"],
        validation=0.0 if "validation" in read else validation,
        test=0.0 if "test" in read else test,
        seed=seed,
    )
    return Splits(
        parts.train,
        read.get("validation", parts.validation),
        read.get("test", parts.test),
    )


def _refuse_synthetic(parts: Mapping[str, Dataset]) -> None:
    for name in ("validation", "test"):
        made = [row for row in parts[name].rows if row.get("synthetic")] if name in parts else []
        if made:
            raise UsageError(
                f"{len(made)} rows of the {name} part are synthetic: a model is measured on real "
                "rows only. Move them to the train part."
            )


def _find_file(folder: Path, names: tuple[str, ...]) -> Path | None:
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.name.split(".")[0].lower() in names
        and path.name.removesuffix(".gz").endswith(SUFFIXES)
    ]
    if len(found) > 1:
        raise UsageError(
            f"{folder} has several files for one part: {', '.join(path.name for path in found)}."
        )
    return found[0] if found else None


def _detect_form(records: list[Json], columns: Mapping[str, str]) -> str:
    renamed = {column: field for field, column in columns.items()}
    known = {renamed.get(key, key) for record in records[:50] for key in record}
    return detect_form(sorted(known))


def _add_lineage(row: Json, name: str, digest: str, number: int) -> Json:
    if LINEAGE in row:
        return row
    return row | {LINEAGE: {"file": name, "sha256": digest, "row": number}}
