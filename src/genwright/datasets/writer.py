"""Writing data sets: the layouts that other programs read, there wholly or not at all."""

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

from genwright.datasets.base import LINEAGE, Dataset
from genwright.errors import UsageError
from genwright.extras import need
from genwright.types import Json

Layout = Callable[[Json], Json]
LAYOUTS = ("", "alpaca", "sharegpt", "openai")
NESTED = ("messages", "conversations", "tools", LINEAGE)
"""Columns of objects, which Parquet files hold as JSON text."""
FROM = {"user": "human", "assistant": "gpt", "system": "system", "tool": "observation"}


def write_dataset(dataset: Dataset, path: Path, layout: str = "", *, lineage: bool = True) -> None:
    """Write rows in the format that a file's name says.

    Args:
        dataset: The rows.
        path: ``.jsonl``, ``.json``, ``.csv`` or ``.parquet``.
        layout: ``alpaca``, ``sharegpt`` or ``openai``; empty for the fields of the form.
        lineage: Keep where rows came from.

    Raises:
        UsageError: The format is not known, or the rows do not fit the layout.
    """
    rows = [_lay_out(row, dataset.form, layout) for row in dataset.rows]
    if lineage:
        pairs = zip(rows, dataset.rows, strict=True)
        rows = [new | ({LINEAGE: old[LINEAGE]} if LINEAGE in old else {}) for new, old in pairs]
    writers = {
        ".jsonl": _encode_jsonl,
        ".json": _encode_json,
        ".csv": _encode_csv,
        ".parquet": _encode_parquet,
    }
    writer = writers.get(path.suffix)
    if writer is None:
        raise UsageError(f"Expected a file name that ends with {', '.join(writers)}, got {path}.")
    data = writer(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)


def _lay_out(row: Json, form: str, layout: str) -> Json:
    bare = {key: value for key, value in row.items() if key != LINEAGE}
    if not layout:
        return bare
    if layout not in LAYOUTS:
        raise UsageError(f"Expected a layout of {', '.join(LAYOUTS[1:])}, got {layout!r}.")
    if form == "prompt_completion":
        turns = [
            {"role": "user", "content": row["prompt"]},
            {"role": "assistant", "content": row["completion"]},
        ]
    elif form == "messages":
        turns = row["messages"]
    else:
        raise UsageError(f"Rows of the form {form!r} do not fit the layout {layout!r}.")
    if layout == "openai":
        return {"messages": turns} | ({"tools": row["tools"]} if "tools" in row else {})
    if layout == "sharegpt":
        return _convert_to_sharegpt(turns, row)
    if len(turns) != 2 or turns[1]["role"] != "assistant":
        raise UsageError("alpaca holds one instruction and its output; these rows have more turns.")
    return {"instruction": turns[0]["content"], "input": "", "output": turns[1]["content"]}


def _convert_to_sharegpt(turns: list[Json], row: Json) -> Json:
    told = []
    for turn in turns:
        if turn.get("tool_calls"):
            function = turn["tool_calls"][0]["function"]
            call = {"name": function["name"], "arguments": function["arguments"]}
            told.append({"from": "function_call", "value": json.dumps(call, ensure_ascii=False)})
        else:
            told.append({"from": FROM[turn["role"]], "value": turn["content"]})
    tools = {"tools": json.dumps(row["tools"], ensure_ascii=False)} if "tools" in row else {}
    return {"conversations": told} | tools


def _encode_jsonl(rows: list[Json]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _encode_json(rows: list[Json]) -> bytes:
    return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()


def _encode_csv(rows: list[Json]) -> bytes:
    columns = list(dict.fromkeys(key for row in rows for key in row if key != LINEAGE))
    if any(isinstance(row.get(key), list | dict) for row in rows for key in columns):
        raise UsageError("CSV holds text only: write conversations and lists as .jsonl.")
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _encode_parquet(rows: list[Json]) -> bytes:
    arrow = need("pyarrow", "train", "Writing Parquet files")
    parquet = need("pyarrow.parquet", "train", "Writing Parquet files")
    out = io.BytesIO()
    # A column has one type: arguments of different tools would get each other's fields.
    told = [
        {
            key: json.dumps(value, ensure_ascii=False) if key in NESTED else value
            for key, value in row.items()
        }
        for row in rows
    ]
    parquet.write_table(arrow.Table.from_pylist(told), out)
    return out.getvalue()
