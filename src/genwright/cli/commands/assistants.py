"""``genwright assistants``."""

from typing import Annotated, Any

import typer

from genwright.cli.context import use_assistants
from genwright.cli.options import AsJson, VersionName, make_group
from genwright.cli.printing.output import (
    print_differences,
    print_fields,
    print_json,
    print_remark,
    print_table,
)
from genwright.options import nest_pairs
from genwright.types import OWNER

app = make_group("Make, change, compare, promote and roll back assistants.")
Changes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...", help="Such as answer.model=NAME or retrieval.top_k=5."
    ),
]
Collections = Annotated[
    list[str] | None, typer.Option("--collection", help="Answer from these; repeat for several.")
]
PromptName = Annotated[str, typer.Option("--prompt", help="Prompt file to take the words of.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with the version.")]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List assistants with their live version.

    Example: genwright assistants list
    """
    with use_assistants(ctx) as assistants:
        rows = assistants.list_assistants(OWNER)
    if as_json:
        print_json([row.json() for row in rows])
        return
    headers = ["assistant", "default", "live", "versions", "model", "description"]
    print_table(
        headers,
        [
            [
                row.name,
                "yes" if row.default else "",
                row.aliases["live"],
                row.versions,
                row.model,
                row.description,
            ]
            for row in rows
        ],
    )


@app.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="NAME, NAME@3 or NAME@alias.")],
    as_json: AsJson = False,
) -> None:
    """Show the versions of an assistant, and the configuration of the one that is named.

    Example: genwright assistants show assistant@2
    """
    with use_assistants(ctx) as assistants:
        served = assistants.resolve(OWNER, name)
        versions = assistants.list_versions(OWNER, served.name)
    if as_json:
        print_json({"name": served.name, **served.version.json()})
        return
    rows = [[each.number, each.created_at, each.created_by, each.note] for each in versions]
    print_table(["version", "made", "by", "note"], rows)
    print(f"\n{served.label}")
    print_fields(served.version.config.model_dump(mode="json"))


@app.command()
def create(
    ctx: typer.Context,
    name: str,
    changes: Changes = None,
    collection: Collections = None,
    prompt: PromptName = "answer",
    note: Note = "",
) -> None:
    """Make an assistant from the workspace's settings; its first version is live.

    Example: genwright assistants create manuals --collection manuals answer.temperature=0.2
    """
    values = _read_changes(changes, collection)
    with use_assistants(ctx) as assistants:
        served = assistants.create(OWNER, name, values, prompt=prompt, note=note)
    print_remark(f"{served.label} is live.")


@app.command("set")
def set_(
    ctx: typer.Context,
    name: str,
    changes: Changes = None,
    collection: Collections = None,
    prompt: PromptName = "",
    note: Note = "",
) -> None:
    """Make a new version with changes; it is the candidate until it is promoted.

    Example: genwright assistants set assistant retrieval.top_k=5 --note "fewer passages"
    """
    values = _read_changes(changes, collection)
    with use_assistants(ctx) as assistants:
        served = assistants.revise(OWNER, name, values, prompt=prompt, note=note)
    print_remark(f"{served.label} is the candidate: genwright assistants promote {served.name}")


@app.command()
def diff(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(help="Such as assistant@1, or assistant for live.")],
    new: Annotated[str, typer.Argument(help="Such as assistant@candidate.")],
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions.

    Example: genwright assistants diff assistant assistant@candidate
    """
    from genwright.registry import find_differences

    with use_assistants(ctx) as assistants:
        before, after = (assistants.resolve(OWNER, each).version.config for each in (old, new))
    print_differences(find_differences(before, after), old, new, as_json)


@app.command()
def promote(
    ctx: typer.Context,
    name: str,
    version: VersionName = "candidate",
) -> None:
    """Put a version in service: live moves to it at once.

    Example: genwright assistants promote assistant 3
    """
    with use_assistants(ctx) as assistants:
        print_remark(f"{assistants.promote(OWNER, name, version).label} is live.")


@app.command()
def rollback(ctx: typer.Context, name: str) -> None:
    """Put the version in service that was live before.

    Example: genwright assistants rollback assistant
    """
    with use_assistants(ctx) as assistants:
        print_remark(f"{assistants.rollback(OWNER, name).label} is live again.")


@app.command()
def default(ctx: typer.Context, name: str) -> None:
    """Make an assistant the one that is asked where none is named.

    Example: genwright assistants default manuals
    """
    with use_assistants(ctx) as assistants:
        assistants.make_default(OWNER, name)
    print_remark(f"{name} is the default.")


@app.command()
def remove(ctx: typer.Context, name: str) -> None:
    """Remove an assistant with its versions.

    Example: genwright assistants remove manuals
    """
    with use_assistants(ctx) as assistants:
        assistants.remove(OWNER, name)
    print_remark(f"removed {name}.")


@app.command()
def canary(
    ctx: typer.Context,
    name: str,
    version: Annotated[str, typer.Option(help="Number or alias of the version.")] = "candidate",
    share: Annotated[float, typer.Option(min=0, max=0.5, help="Share of the conversations.")] = 0.1,
    end: Annotated[bool, typer.Option("--end", help="End the one that runs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a version answer a share of conversations, and see how it does.

    Example: genwright assistants canary faq --share 0.1
    """
    from genwright.improve.canaries import compare_canary, end_canary, list_canaries, start_canary

    with use_assistants(ctx) as assistants:
        database = assistants.database
        running = {each.assistant: each for each in list_canaries(database, OWNER)}
        if end:
            found = end_canary(database, OWNER, name, "a person ended it").json()
        elif name in running:
            live = assistants.resolve(OWNER, name).version.number
            seen = compare_canary(database, running[name], live)
            found = {**running[name].json(), **seen.json()}
        else:
            found = start_canary(database, OWNER, assistants, name, version, share).json()
    print_json(found) if as_json else print_fields(found)


def _read_changes(changes: list[str] | None, collections: list[str] | None) -> dict[str, Any]:
    values = nest_pairs(changes or [], "--set SECTION.KEY=VALUE")
    return values | ({"collections": collections} if collections else {})
