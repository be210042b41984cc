"""``genwright registry``: trained models, their versions, cards and lineage."""

import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime, use_workspace
from genwright.cli.options import AsJson, TrainedModel, VersionName, make_group
from genwright.cli.printing.output import (
    print_differences,
    print_exactly,
    print_fields,
    print_json,
    print_remark,
    print_table,
)
from genwright.environment import read_variable
from genwright.types import OWNER

app = make_group("List, compare, promote, roll back, export and import trained models.")
Named = Annotated[str, typer.Argument(help="NAME (its live version), NAME@3 or NAME@alias.")]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List trained models with their live version.

    Example: genwright registry list
    """
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        rows = open_versions(opened).list_models(OWNER)
    if as_json:
        print_json([row.json() for row in rows])
        return
    headers = ["model", "live", "candidate", "versions", "base", "method", "objective"]
    print_table(headers, [
        [row.name, row.aliases.get("live", ""), row.aliases.get("candidate", ""), row.versions,
         row.newest.facts.base, row.newest.facts.method, row.newest.facts.objective]
        for row in rows
    ])  # fmt: skip


@app.command()
def show(ctx: typer.Context, named: Named, as_json: AsJson = False) -> None:
    """Show a version: what it is, its files and its measures.

    Example: genwright registry show calls@candidate
    """
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        versions = open_versions(opened)
        found = versions.resolve(OWNER, named)
        rows = versions.list_versions(OWNER, found.name)
    if as_json:
        print_json(found.json())
        return
    print_table(["version", "made", "method", "run", "MB"], [
        [each.number, each.created_at, each.facts.method, each.run or "", f"{each.size / 1e6:.1f}"]
        for each in rows
    ])  # fmt: skip
    print(f"\n{found.label}")
    values = found.facts.model_dump(mode="json", exclude={"evaluation", "config"})
    print_fields({**values, "digest": found.digest, "folder": str(found.folder)})


@app.command()
def diff(ctx: typer.Context, old: Named, new: Named, as_json: AsJson = False) -> None:
    """Show what differs between two versions: settings, data and measures.

    Example: genwright registry diff calls@1 calls@2
    """
    from genwright.options import flatten
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        versions = open_versions(opened)
        before, after = (
            dict(flatten(versions.resolve(OWNER, each).facts.model_dump(
                mode="json", exclude={"evaluation": {"slices", "won", "lost"}}
            ))) for each in (old, new)
        )  # fmt: skip
    rows = {
        key: (before.get(key), after.get(key))
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    }
    print_differences(rows, old, new, as_json)


@app.command()
def card(
    ctx: typer.Context,
    named: Named,
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take these words in its place.")
    ] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Open it in $EDITOR.")] = False,
) -> None:
    """Print the model card of a version, or write one of your own.

    Example: genwright registry card calls@1
    """
    from genwright.registry.cards import render_card
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        versions = open_versions(opened)
        words = render_card(versions.resolve(OWNER, named))
        if write is None and not edit:
            print_exactly(words)
            return
        text = write.read_text(encoding="utf-8") if write else _edit_text(words)
        versions.write_card(OWNER, named, text)
    print_remark(f"the card of {named} was written.")


@app.command()
def lineage(ctx: typer.Context, named: Named, as_json: AsJson = False) -> None:
    """Show where an answer, an assistant or a model came from, down to the rows.

    NAME may also be a trace or a response id.

    Example: genwright registry lineage calls@1
    """
    from genwright.cli.printing.lineage import print_lineage
    from genwright.registry.lineage import find_lineage

    with use_workspace(ctx) as opened:
        node = find_lineage(opened, OWNER, named)
    print_json(node.json()) if as_json else print_lineage(node)


@app.command()
def promote(
    ctx: typer.Context,
    name: TrainedModel,
    version: VersionName = "candidate",
) -> None:
    """Put a version in service: live moves to it at once.

    Example: genwright registry promote calls 2
    """
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        found = open_versions(opened).promote(OWNER, name, version)
    print_remark(f"{found.label} is live.")


@app.command()
def rollback(ctx: typer.Context, name: TrainedModel) -> None:
    """Put the version in service that was live before.

    Example: genwright registry rollback calls
    """
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        found = open_versions(opened).rollback(OWNER, name)
    print_remark(f"{found.label} is live again.")


@app.command()
def alias(ctx: typer.Context, name: str, alias_: Annotated[str, typer.Argument(metavar="ALIAS")],
          version: VersionName) -> None:  # fmt: skip
    """Let an alias point to a version.

    Example: genwright registry alias calls friday 2
    """
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        found = open_versions(opened).point_alias(OWNER, name, alias_, version)
    print_remark(f"{name}@{alias_} is {found.label}.")


@app.command()
def merge(
    ctx: typer.Context,
    named: Named,
    name: Annotated[
        str, typer.Option(help="Name of the merged model; NAME-merged by default.")
    ] = "",
) -> None:
    """Make whole weights of an adapter and its base, as a version of their own.

    Example: genwright registry merge calls@1
    """
    from genwright.tuning.merge import merge_version

    with open_runtime(ctx) as runtime:
        merged = merge_version(runtime, named, name)
    print_remark(
        f"{merged.label}: {merged.size / 1e6:,.0f} MB, ask it as model {merged.serving_name!r}."
    )


@app.command()
def export(ctx: typer.Context, named: Named, file: Path) -> None:
    """Write a version as one file.

    Example: genwright registry export calls@1 calls-1.tar
    """
    from genwright.registry.bundles import export_version
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        versions = open_versions(opened)
        found = versions.resolve(OWNER, named)
        versions.check(found)
        export_version(found, file)
    print_remark(f"{found.label} was written to {file} ({file.stat().st_size / 1e6:,.1f} MB).")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Path,
    name: Annotated[str, typer.Option(help="Name of the model in this registry.")] = "",
) -> None:
    """Take in a version that was exported.

    Example: genwright registry import calls-1.tar
    """
    from genwright.registry.bundles import import_version
    from genwright.registry.versions import open_versions

    with use_workspace(ctx) as opened:
        made = import_version(open_versions(opened), OWNER, file, name)
    print_remark(f"{made.label} was imported; ask it as model {made.serving_name!r}.")


def _edit_text(words: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.md"
        path.write_text(words, encoding="utf-8")
        subprocess.run([read_variable("EDITOR") or "vi", str(path)], check=True)
        return path.read_text(encoding="utf-8")
