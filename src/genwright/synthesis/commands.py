"""Syntheses from what a person says: files in, files out, with a report."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genwright.datasets import Dataset, check_dataset, read_dataset, store_dataset, write_dataset
from genwright.datasets.base import extract_text
from genwright.datasets.files import read_records
from genwright.errors import Refused, UsageError
from genwright.runtime import Runtime
from genwright.synthesis.diversity import measure_diversity
from genwright.synthesis.gain import measure_label_gain
from genwright.synthesis.instructions import make_instructions
from genwright.synthesis.paraphrases import make_paraphrases
from genwright.synthesis.preferences import BAD, GOOD, Responder, make_preferences
from genwright.synthesis.recipes import SynthesisResult
from genwright.synthesis.tabular.copula import Table, fit_copula, measure_fidelity, measure_privacy
from genwright.types import Json


@dataclass(frozen=True)
class SynthesisRequest:
    """What a synthesis is to do."""

    output: Path
    count: int = 50
    model: str = ""
    seed: int = 0
    keep: str = ""
    """Name of a data set of the workspace to keep the rows as; empty for none."""


def write_result(runtime: Runtime, made: SynthesisResult, asked: SynthesisRequest) -> Json:
    """Write the rows, keep them where that is asked for, and report.

    Raises:
        Refused: No row was made, or the file is there already.
    """
    if asked.output.exists():
        raise Refused(f"{asked.output} is there already: name another file.")
    if not len(made.dataset):
        why = ", ".join(f"{n} {reason}" for reason, n in made.dropped.items()) or "nothing to try"
        raise Refused(f"No row was good enough of {made.tried} tried ({why}): try another model.")
    dataset = replace(made.dataset, name=asked.keep or made.dataset.name)
    write_dataset(dataset, asked.output)
    if asked.keep:
        workspace = runtime.workspace
        folder, report = workspace.datasets_dir, check_dataset(dataset)
        store_dataset(workspace.database, folder, runtime.principal, dataset, report)
    texts = [extract_text(row) for row in dataset.rows]
    return {**made.json(), "file": str(asked.output),
            "diversity":
                measure_diversity(texts, runtime.models.embedder.embed_queries).json()}  # fmt: skip


def synthesize_instructions(runtime: Runtime, seeds: Path, asked: SynthesisRequest) -> Json:
    """Self-instruct from the rows of a file."""
    rows, engine = read_records(seeds), runtime.models.get_engine(asked.model)
    made = make_instructions(
        engine, rows, asked.count, model=engine.name, seed=asked.seed, progress=runtime.progress
    )
    return write_result(runtime, made, asked)


def synthesize_preferences(
    runtime: Runtime,
    prompts: Path,
    asked: SynthesisRequest,
    *,
    worse_model: str = "",
    worse_temperature: float = 0.0,
    judge: str = "",
) -> Json:
    """Pairs by contrast for the prompts of a file.

    The prompts differ where neither model nor temperature does.
    """
    rows = read_records(prompts)[: asked.count]
    better = runtime.models.get_engine(asked.model)
    worse = runtime.models.get_engine(worse_model or asked.model)
    same = worse.name == better.name and not worse_temperature
    ways = (
        Responder(better, better.name, GOOD),
        Responder(worse, worse.name, BAD if same else GOOD, worse_temperature),
    )
    engine = runtime.models.get_engine(judge) if judge else None
    made = make_preferences(
        rows, *ways, judge=engine, judge_name=judge, seed=asked.seed, progress=runtime.progress
    )
    return write_result(runtime, made, asked)


def synthesize_paraphrases(
    runtime: Runtime, data: Path, asked: SynthesisRequest, least: int = 0
) -> Json:
    """More rows for the labels of a file that have few."""
    dataset = read_dataset(data, form="classification")
    engine = runtime.models.get_engine(asked.model)
    made = make_paraphrases(
        engine, dataset, runtime.models.embedder.embed_queries, least=least, model=engine.name,
        seed=asked.seed,
        progress=runtime.progress,
    )  # fmt: skip
    return write_result(runtime, made, asked)


def synthesize_table(data: Path, asked: SynthesisRequest, held_out: float = 0.3) -> Json:
    """Rows like those of a table, with fidelity and privacy.

    The model is fitted on a part of the rows; the others, which it never sees, tell whether it
    gives single rows away.

    Raises:
        UsageError: The share leaves too few rows on either side.
        Refused: The file is there already.
    """
    if asked.output.exists():
        raise Refused(f"{asked.output} is there already: name another file.")
    if not 0 < held_out < 1:
        raise UsageError(f"Expected a share between 0 and 1 to hold out, got {held_out}.")
    table = _to_columns(read_records(data))
    train, rest = _split_table(table, held_out, asked.seed)
    copula = fit_copula(train, asked.seed)
    made = copula.sample(asked.count, asked.seed + 1)
    _write_csv(made, asked.output)
    return {
        "rows": asked.count,
        "file": str(asked.output),
        "recipe": "gaussian copula",
        "fitted_on": copula.rows,
        "fidelity": measure_fidelity(train, made).__dict__,
        "privacy": measure_privacy(train, rest, made, asked.seed).__dict__,
    }


def measure_gain(runtime: Runtime, train: Path, made: Path, test: Path) -> Json:
    """What made rows are worth on real test rows; see ``synthesis.gain``."""
    train_, made_, test_ = (_read_labeled(path) for path in (train, made, test))
    return measure_label_gain(train_, made_, test_, runtime.models.embedder.embed_queries)


def _read_labeled(path: Path) -> Dataset:
    return read_dataset(path, form="classification")


def _to_columns(records: Sequence[Json]) -> dict[str, list[str]]:
    if not records:
        raise UsageError("The table has no rows.")
    names = list(records[0])
    return {
        name: ["" if row.get(name) is None else str(row[name]).strip() for row in records]
        for name in names
    }


def _split_table(table: Table, held_out: float, seed: int) -> tuple[Table, Table]:
    import numpy as np

    count = len(next(iter(table.values())))
    order = np.random.default_rng(seed).permutation(count)
    cut = max(1, round(count * held_out))
    return tuple(
        {name: [values[place] for place in part] for name, values in table.items()}
        for part in (order[cut:], order[:cut])
    )  # type: ignore[return-value]


def _write_csv(table: Table, path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*table, "synthetic"])
        for row in zip(*table.values(), strict=True):
            writer.writerow([*row, "gaussian copula"])
    os.replace(part, path)
