"""``genwright datasets``: data sets, before anything is trained on them."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime, use_workspace
from genwright.cli.options import AsJson, Columns, Form, Seed, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table, to_one_line
from genwright.options import parse_pairs
from genwright.types import OWNER

app = make_group("Check, fix, split and convert data sets.")
DataFile = Annotated[Path, typer.Argument(metavar="FILE", help="JSONL, JSON, CSV, Parquet, text.")]


@app.command()
def check(
    ctx: typer.Context,
    file: DataFile,
    form: Form = "",
    columns: Columns = None,
    tokens: Annotated[
        str, typer.Option(metavar="MODEL", help="Count tokens as this model does.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="Longest row, in those tokens.")] = 2048,
    against: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Evaluation set to keep apart.")
    ] = None,
    embed: Annotated[
        bool, typer.Option("--embed", help="Find the same meaning in --against, too; slower.")
    ] = False,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Share of bad rows above which it is refused.")
    ] = 0.05,
    mend: Annotated[
        Path | None, typer.Option("--fix", metavar="FILE", help="Write a fixed copy.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for what would spoil a training; exit status 4 where too many rows are bad.

    Example: genwright datasets check calls.jsonl --tokens smollm2-135m-instruct --fix good.jsonl
    """
    from genwright.cli.printing.dataset_reports import print_check
    from genwright.datasets import (
        LengthLimits,
        check_dataset,
        read_dataset,
        repair_dataset,
        write_dataset,
    )
    from genwright.models.token_counter import make_token_counter

    named = parse_pairs(columns or (), "--map FIELD=COLUMN")
    dataset, *others = (
        read_dataset(each, form=form, columns=named) for each in (file, *(against or ()))
    )
    with open_runtime(ctx) as runtime:
        report = check_dataset(
            dataset,
            limits=LengthLimits(make_token_counter(runtime.models, tokens), limit)
            if tokens
            else None,
            against=others,
            embed=runtime.models.embedder.embed_queries if embed else None,
        )
    if mend:
        write_dataset(repair_dataset(dataset, report), mend)
    print_json(report.json()) if as_json else print_check(report)
    if mend:
        print_remark(f"the fixed copy is {mend}")
    if report.is_refused(threshold):
        print_remark(f"refused: {len(report.list_bad_rows())} of {report.rows} rows have errors")
        raise typer.Exit(4)


@app.command()
def split(
    ctx: typer.Context,
    file: DataFile,
    folder: Annotated[
        Path, typer.Argument(help="Output folder of the train, validation and test files.")
    ],
    validation: Annotated[float, typer.Option(min=0, max=1, help="Share of the rows.")] = 0.1,
    test: Annotated[float, typer.Option(min=0, max=1, help="Share of the rows.")] = 0.1,
    seed: Seed = 0,
    form: Form = "",
    columns: Columns = None,
) -> None:
    """Split a data set into parts: labels in proportion, near duplicates never in two runtime.

    Example: genwright datasets split reviews.csv parts --test 0.2
    """
    from genwright.datasets import read_dataset, split_dataset, write_dataset
    from genwright.options import parse_pairs

    dataset = read_dataset(
        file, form=form, columns=parse_pairs(columns or (), "--map FIELD=COLUMN")
    )
    made = split_dataset(dataset, validation=validation, test=test, seed=seed)
    for name, part in made.all().items():
        write_dataset(part, folder / f"{name}.jsonl")
        print_remark(f"{name}: {len(part)} rows, SHA-256 {part.sha256[:16]}…")


@app.command()
def show(
    ctx: typer.Context,
    file: DataFile,
    rows: Annotated[int, typer.Option(min=1, help="How many.")] = 5,
    form: Form = "",
    columns: Columns = None,
) -> None:
    """Show the first rows as they will be learnt.

    Example: genwright datasets show calls.jsonl --rows 2
    """
    from genwright.datasets import read_dataset
    from genwright.options import parse_pairs

    dataset = read_dataset(
        file, form=form, columns=parse_pairs(columns or (), "--map FIELD=COLUMN")
    )
    print_remark(f"{dataset.name}: {len(dataset)} rows of the form {dataset.form!r}")
    print_json(list(dataset.rows[:rows]))


@app.command("hash")
def hash_(ctx: typer.Context, file: DataFile, form: Form = "", columns: Columns = None) -> None:
    """Print the digest of what is learnt: rows in their order, without their lineage.

    Example: genwright datasets hash calls.jsonl
    """
    from genwright.datasets import read_dataset
    from genwright.options import parse_pairs

    dataset = read_dataset(
        file, form=form, columns=parse_pairs(columns or (), "--map FIELD=COLUMN")
    )
    print(f"{dataset.sha256}  {to_one_line(str(file))}")


@app.command()
def convert(
    ctx: typer.Context,
    file: DataFile,
    target: Annotated[Path, typer.Argument(help=".jsonl, .json, .csv or .parquet")],
    layout: Annotated[str, typer.Option(help="alpaca, sharegpt or openai.")] = "",
    form: Form = "",
    columns: Columns = None,
) -> None:
    """Write a data set in another format or layout.

    Example: genwright datasets convert calls.json calls.jsonl --layout openai
    """
    from genwright.datasets import read_dataset, write_dataset
    from genwright.options import parse_pairs

    dataset = read_dataset(
        file, form=form, columns=parse_pairs(columns or (), "--map FIELD=COLUMN")
    )
    write_dataset(dataset, target, layout)
    print_remark(f"{len(dataset)} rows were written to {target}")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the data sets that trainings of this workspace have used, newest first.

    Example: genwright datasets list
    """
    from genwright.datasets import list_stored_datasets

    with use_workspace(ctx) as opened:
        rows = list_stored_datasets(opened.database, OWNER)
    if as_json:
        print_json([row.json() for row in rows])
        return
    print_table(["id", "name", "form", "rows", "sha256", "made"], [
        [row.id, row.name, row.form, row.rows, row.sha256[:16], row.created_at] for row in rows
    ])  # fmt: skip
