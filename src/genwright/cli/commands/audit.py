"""``genwright audit``."""

import json
from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table
from genwright.errors import Refused
from genwright.types import OWNER

app = make_group("Read the log of what was done, and check that nobody changed it.")


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest N entries.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest entries.

    Example: genwright audit list --limit 20
    """
    from genwright.access import audit

    with use_workspace(ctx) as opened:
        found = audit.list_entries(opened.database, OWNER, limit=limit)
        names = audit.find_actor_names(opened.database, OWNER, {each.actor for each in found})
    if as_json:
        print_json([each.json() for each in found])
        return
    rows = [
        [each.id, each.at, names.get(each.actor, each.actor), each.action, each.target]
        for each in found
    ]
    print_table(["id", "when", "who", "did", "to"], rows)


@app.command()
def verify(
    ctx: typer.Context,
    expect: Annotated[
        str, typer.Option(help="Digest of an entry noted elsewhere: it must be in the chain.")
    ] = "",
) -> None:
    """Follow the chain of digests; note the head elsewhere, to see later that it was not cut.

    Example: genwright audit verify
    """
    from genwright.access import audit

    with use_workspace(ctx) as opened:
        found = audit.verify(opened.database)
        there = not expect or audit.has_digest(opened.database, expect)
    if found.broken_at is not None:
        raise Refused(
            f"Entry {found.broken_at} does not fit those before it: the log was changed. "
            "Compare with a backup."
        )
    if not there:
        raise Refused(f"No entry has the digest {expect}: the log was cut or rewritten.")
    print(found.head)
    print_remark(f"{found.entries} entries, unbroken; the head is above.")


@app.command()
def export(ctx: typer.Context) -> None:
    """Print every entry as a line of JSON, oldest first.

    Example: genwright audit export > audit.jsonl
    """
    from genwright.access import audit

    with use_workspace(ctx) as opened:
        for entry in audit.export(opened.database, OWNER):
            print(json.dumps(entry, ensure_ascii=False))
