"""Records of files: JSON, JSON lines, CSV, TSV, Parquet and plain text, gzipped or not."""

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genwright.errors import NotFound, UsageError
from genwright.extras import need
from genwright.types import Json

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".txt", ".text", ".md")
ROW = {"messages", "conversations", "prompt", "instruction", "text", "question", "chosen"}
"""Fields that tell a row from a list of rows under some name."""
LONGEST_FIELD = 1 << 27
"""Characters in one field of a CSV file, at most."""


def read_records(path: Path) -> list[Json]:
    """The records of a file, in order.

    Raises:
        NotFound: There is no such file.
        UsageError: Its format is not known, or it breaks it; the message names the record.
    """
    if not path.is_file():
        raise NotFound(f"There is no file {path}: name a data file ({', '.join(SUFFIXES)}).")
    suffix = _get_suffix(path)
    if suffix == ".parquet":
        return _read_parquet(path)
    text = _read_text(path)
    if suffix in (".jsonl", ".ndjson"):
        return list(_parse_lines(text, path))
    if suffix == ".json":
        return _parse_json(text, path)
    if suffix in (".csv", ".tsv"):
        return list(_parse_table(text, path, "\t" if suffix == ".tsv" else ","))
    if suffix in (".txt", ".text", ".md"):
        return [{"text": part} for part in _split_paragraphs(text)]
    raise UsageError(
        f"{path.name} is of no known data format: expected one of {', '.join(SUFFIXES)} (the text "
        "ones may end with .gz)."
    )


def hash_file(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _get_suffix(path: Path) -> str:
    return Path(path.stem).suffix.lower() if path.suffix == ".gz" else path.suffix.lower()


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(
            f"{path.name} is not UTF-8 (line {line}, byte {error.start}): convert it, such as "
            "with: iconv -f latin1 -t utf-8"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{path.name} cannot be read: {error}.") from error


def _parse_lines(text: str, path: Path) -> Iterator[Json]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield _require_object(json.loads(line), path, number)
        except json.JSONDecodeError as error:
            raise UsageError(
                f"{path.name}, line {number} is no JSON: {error.msg} at column {error.colno}. Each "
                "line of a .jsonl file is one object."
            ) from error


def _parse_json(text: str, path: Path) -> list[Json]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # lines of JSON under the wrong name
            return list(_parse_lines(text, path))
        raise UsageError(
            f"{path.name} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    if isinstance(value, dict):
        if squad := _parse_squad(value):
            return squad
        if ROW & set(value):  # one row, and no list under a name
            return [value]
        lists = [each for each in value.values() if isinstance(each, list)]
        value = lists[0] if len(lists) == 1 else [value]
    if not isinstance(value, list):
        raise UsageError(f"Expected a list of objects in {path.name}, got {type(value).__name__}.")
    return [_require_object(each, path, number) for number, each in enumerate(value, 1)]


def _parse_squad(value: Json) -> list[Json]:
    """Questions of a file in SQuAD's form; none where it has another."""
    try:
        return [
            {
                "question": asked["question"],
                "context": paragraph["context"],
                "answers": asked.get("answers") or [],
            }
            for article in value["data"]
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
        ]
    except (KeyError, TypeError):
        return []


def _require_object(value: Any, path: Path, number: int) -> Json:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, dict):
        raise UsageError(
            f"Expected an object as record {number} of {path.name}, got {type(value).__name__}."
        )
    return value


def _parse_table(text: str, path: Path, delimiter: str) -> Iterator[Json]:
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(reader, 2):
            if None in row or None in row.values():
                raise UsageError(
                    f"{path.name}, record {number} has another number of fields than the header "
                    f"({len(reader.fieldnames or ())}): quote fields that hold a {delimiter!r}."
                )
            yield dict(row)
    except csv.Error as error:
        raise UsageError(f"{path.name}, line {reader.line_num}: {error}.") from error


def _read_parquet(path: Path) -> list[Json]:
    parquet = need("pyarrow.parquet", "train", "Reading Parquet files")
    arrow = need("pyarrow", "train", "Reading Parquet files")
    try:
        return parquet.read_table(path).to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise UsageError(f"{path.name} is not a valid Parquet file: {error}.") from error


def _split_paragraphs(text: str) -> list[str]:
    parts = [part.strip("\n") for part in text.replace("\r\n", "\n").split("\n\n")]
    return [part for part in parts if part.strip()]
