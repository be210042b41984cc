"""``genwright forget``."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson
from genwright.cli.printing.output import print_json, print_remark
from genwright.errors import UsageError
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    document: Annotated[int | None, typer.Option(help="A document, by id.")] = None,
    user: Annotated[
        str, typer.Option(help="Erase a user: account, documents, conversations, traces.")
    ] = "",
    source: Annotated[str, typer.Option(help="Documents of a file, or of a folder.")] = "",
    trace: Annotated[
        str, typer.Option(help="An answer: its trace, feedback and what was learnt of it.")
    ] = "",
    compact: Annotated[
        bool, typer.Option("--compact/--no-compact", help="Rewrite the files, too.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Remove a document, person, source or answer with every trace of it.

    What is restored from an older backup is removed again, but for single answers.

    Example: genwright forget --user ann
    """
    from genwright.maintenance import erase as forgetting

    with use_workspace(ctx) as opened:
        done = None
        if sum((document is not None, bool(user), bool(source), bool(trace))) > 1:
            raise UsageError("Expected one of --document, --user, --source and --trace.")
        if document is not None:
            done = forgetting.forget_document(opened.database, OWNER, document)
        elif named := user or source or trace:
            forget = forgetting.forget_user if user else (
                forgetting.forget_source if source else forgetting.forget_trace
            )  # fmt: skip
            done = forget(opened.database, OWNER, named)
        if done is not None:
            forgetting.forget_dataset_rows(opened, done)
        if done is not None and as_json:
            print_json(done.json())
        elif done is not None:
            print_remark("removed " + ", ".join(f"{n} {name}" for name, n in done.json().items()))
        if compact:
            forgetting.compact(opened)
