"""``genwright tokenizer``."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import (
    print_fields,
    print_json,
    print_remark,
    print_table,
    to_one_line,
)

app = make_group("Train, inspect and compare tokenizers.")
TextFile = Annotated[Path | None, typer.Option("--file", metavar="FILE", help="A text to split.")]


@app.command()
def train(
    files: Annotated[list[Path], typer.Argument(help="UTF-8 texts.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to make.")],
    kind: Annotated[str, typer.Option(help="bpe, wordpiece, unigram or bytes.")] = "bpe",
    vocabulary: Annotated[
        int, typer.Option("--vocab-size", min=2, help="Tokens, with the special ones.")
    ] = 8000,
    special: Annotated[list[str] | None, typer.Option(help="One more special token.")] = None,
    min_frequency: Annotated[int, typer.Option(min=1, help="Times a pair must be seen.")] = 2,
) -> None:
    """Train a tokenizer on texts: byte-level BPE, WordPiece or Unigram.

    Example: genwright tokenizer train notes.txt --vocab-size 4000 --out tokenizer
    """
    from genwright.training.tokenizers import train_tokenizer

    train_tokenizer(files, out, kind=kind, vocabulary=vocabulary, special=special or (),
                    min_frequency=min_frequency)  # fmt: skip
    print_remark(
        f"{out / 'tokenizer.json'} was written: genwright tokenizer inspect {out} --text …"
    )


@app.command()
def inspect(
    ctx: typer.Context,
    tokenizer: Annotated[str, typer.Argument(help="Folder, tokenizer.json, or a model's name.")],
    text: Annotated[str, typer.Option(help="A text to split.")] = "",
    file: TextFile = None,
    as_json: AsJson = False,
) -> None:
    """Show how a tokenizer splits a text, and whether the text comes back.

    Example: genwright tokenizer inspect smollm2-135m-instruct --text "Größe 42"
    """
    from genwright.training.tokenizer_job import inspect_tokenizer

    with open_runtime(ctx) as made:
        found = inspect_tokenizer(made, tokenizer, text, file)
    if as_json:
        print_json(found.json())
        return
    print_fields({k: v for k, v in found.json().items() if k != "pieces"})
    print("│".join(to_one_line(piece) for piece in found.pieces))


@app.command()
def compare(
    ctx: typer.Context,
    tokenizers: Annotated[list[str], typer.Argument(help="Two or more.")],
    text: Annotated[str, typer.Option(help="A text to split.")] = "",
    file: TextFile = None,
    as_json: AsJson = False,
) -> None:
    """Compare tokenizers on one text.

    Example: genwright tokenizer compare tokenizer smollm2-135m-instruct --file notes.txt
    """
    from genwright.training.tokenizer_job import inspect_tokenizer

    with open_runtime(ctx) as made:
        rows = {name: inspect_tokenizer(made, name, text, file) for name in tokenizers}
    if as_json:
        print_json({name: each.json() for name, each in rows.items()})
        return
    headers = ["tokenizer", "kind", "vocabulary", "tokens", "fertility", "bytes/token",
               "comes back", "unknown"]  # fmt: skip
    print_table(headers, [
        [name, each.kind, each.vocabulary, each.tokens, each.fertility, each.bytes_per_token,
         "yes" if each.round_trip else each.difference, each.unknown]
        for name, each in rows.items()
    ])  # fmt: skip
