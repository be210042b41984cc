"""``genwright models``: list, pull, verify, examine, import, remove."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genwright.cli.context import make_display, open_runtime, use_workspace
from genwright.cli.options import AsJson
from genwright.cli.printing.output import format_size, print_json, print_remark, print_table
from genwright.errors import Refused, UntrustedWeights, UsageError

if TYPE_CHECKING:
    from genwright.catalog import Catalog, Kind

app = typer.Typer(add_completion=False, rich_markup_mode=None)

KINDS: "tuple[Kind, ...]" = ("chat", "embed", "rerank")


@app.callback(invoke_without_command=True)
def start(ctx: typer.Context) -> None:
    """List, pull, verify, examine, import and remove models."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command("list")
def list_models(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the models that can be pulled and those that are here.

    Example: genwright models list
    """
    from genwright.models.examinations import ExaminationStore

    catalog = _open_catalog(ctx)
    rows, store = catalog.list_models(), ExaminationStore(catalog)
    examined = {row.name: store.find(row.name) for row in rows if row.kind == "chat"}
    if as_json:
        told = {name: dict(found.shares) for name, found in examined.items() if found}
        return print_json([{**asdict(row), "examined": told.get(row.name)} for row in rows])
    table = [
        (
            "here" if row.pulled else "-",
            row.name,
            row.kind,
            format_size(row.bytes_on_disk or row.size),
            row.context,
            found.describe() if (found := examined.get(row.name)) else "-",
            row.license.partition(" (")[0],
            row.description,
        )
        for row in rows
    ]
    head = ("", "name", "kind", "size", "context", "writes answers", "license", "description")
    print_table(head, table)


@app.command("pull")
def pull(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...", help="Models to pull; the two default ones if omitted."
        ),
    ] = None,
) -> None:
    """Fetch models, check them against their digests, and make them ready.

    What is here already stays. A broken download is continued by the same command.

    Example: genwright models pull qwen2.5-1.5b-instruct
    """
    from genwright.embeddings import prepare

    catalog = _open_catalog(ctx)
    for name in names or catalog.list_embedded():
        with make_display(ctx) as progress:
            place = catalog.pull(name, progress, finish=prepare)
        print(f"{name}: {place}")
        _print_source(catalog, name)


@app.command("verify")
def verify(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Model to verify; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hash the files of models again and tell what is not as it was pulled.

    The exit status is 4 when something is wrong.

    Example: genwright models verify
    """
    findings = _open_catalog(ctx).verify(name)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    for each in () if as_json else findings:
        print(f"{each.model}/{each.file} {each.problem}: {each.remedy}")
    if findings:
        raise UntrustedWeights(f"Found {len(findings)} things wrong with the models here.")
    if not as_json:
        print("All models here are as they were pulled.")


@app.command("examine")
def examine(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Chat model, also a trained one or SERVER/MODEL.")],
    again: Annotated[bool, typer.Option("--again", help="Also where it was examined.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find out whether a chat model can write answers, and keep the result.

    Twelve short questions over passages: it must answer, keep to the source and to the format, say
    when the passages do not tell, in four languages. A model that cannot is not asked: answers are
    quoted then, unless answer.wording is "model".

    Example: genwright models examine qwen2.5-coder-1.5b-instruct
    """
    with open_runtime(ctx) as runtime:
        held = runtime.models.examinations
        known = None if again else held.find(name)
        found = known or held.examine(name)
    if as_json:
        return print_json({"model": name, "able": found.able, **asdict(found)})
    print_table(
        ("ability", "right"), [(each, f"{share:.2f}") for each, share in found.shares.items()]
    )
    print(f"{name} {'can' if found.able else 'cannot'} write answers.")


@app.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.gguf", help="The model.")],
    name: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="chat, embed or rerank; by default what its head says.")
    ] = None,
) -> None:
    """Take in a GGUF file of your own.

    Example: genwright models import ~/Downloads/Model-Q4_K_M.gguf --name model
    """
    known = next((each for each in KINDS if each == kind), None)
    if kind is not None and known is None:
        raise UsageError(f"Expected --kind {', '.join(KINDS)}; got {kind!r}.")
    catalog = _open_catalog(ctx)
    place = catalog.import_file(file, name, known)
    called = place.parent.name
    print(f"{called} ({catalog.find(called).kind}): {place}")


@app.command("remove")
def remove(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a model that is here.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a model from disk.

    Example: genwright models remove qwen3-8b --yes
    """
    if not yes and not sys.stdin.isatty():
        raise UsageError("Nobody is there to ask: add --yes.")
    if not yes and not typer.confirm(f"Delete the model {name!r}?"):
        raise typer.Exit(Refused.exit_code)
    print(f"Removed {name}, {format_size(_open_catalog(ctx).remove(name))}.")


def _open_catalog(ctx: typer.Context) -> "Catalog":
    from genwright.catalog import Catalog

    with use_workspace(ctx) as opened:
        return Catalog(opened.models_dir)


def _print_source(catalog: "Catalog", name: str) -> None:
    """Where a model is from, under which licence, and the digests that nobody had pinned before."""
    if (held := catalog.read_manifest(name)) is None:
        return
    print_remark(f"  from {held.source}; license: {held.license}")
    for file in held.fetched if held.pinned_by == "first pull" else ():
        print_remark(f"  SHA-256 {file.sha256} of {file.name}, pinned from now on")
