"""``genwright keys``."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table
from genwright.types import OWNER

app = make_group("Make and revoke API keys.")


@app.command("list")
def list_(
    ctx: typer.Context,
    user: Annotated[str, typer.Option(help="Only keys of this user.")] = "",
    as_json: AsJson = False,
) -> None:
    """List keys; their secrets cannot be shown again.

    Example: genwright keys list --user ann
    """
    from genwright.access import list_keys

    with use_workspace(ctx) as opened:
        keys = list_keys(opened.database, OWNER, user)
    if as_json:
        print_json([key.json() for key in keys])
        return
    rows = [
        [each.id, each.user, each.name, each.prefix + "…", each.state, each.expires_at or "never"]
        for each in keys
    ]
    print_table(["id", "user", "name", "begins", "state", "expires"], rows)


@app.command()
def create(
    ctx: typer.Context,
    user: str,
    name: Annotated[str, typer.Argument(help="Name of the key.")],
    days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    assistant: Annotated[
        list[str] | None, typer.Option(help="May ask only this one; repeat for several.")
    ] = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Quota.")] = None,
    tokens_per_day: Annotated[int | None, typer.Option(help="Quota.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key for a user and print it, once.

    Example: genwright keys create ann laptop --days 90 --assistant assistant
    """
    from genwright.access import create_key

    with use_workspace(ctx) as opened:
        key, secret = create_key(
            opened.database,
            OWNER,
            user,
            name,
            days=days,
            assistants=assistant or (),
            requests_per_minute=requests_per_minute,
            tokens_per_day=tokens_per_day,
        )
    print_json({**key.json(), "secret": secret}) if as_json else print(secret)
    print_remark(f"key {key.id} of {user}: keep it now, it is not shown again.")


@app.command()
def revoke(ctx: typer.Context, key: Annotated[int, typer.Argument(help="Its id.")]) -> None:
    """End a key; within a second nothing takes it any more, open streams included.

    Example: genwright keys revoke 3
    """
    from genwright.access import revoke_key

    with use_workspace(ctx) as opened:
        revoke_key(opened.database, OWNER, key)
    print_remark(f"revoked key {key}.")
