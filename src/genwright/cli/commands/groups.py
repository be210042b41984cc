"""``genwright groups``."""

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table
from genwright.types import OWNER

app = make_group("Put people into groups, which hold rights together.")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List groups with their members; everybody is in group:everyone.

    Example: genwright groups list
    """
    from genwright.access.people import list_groups

    with use_workspace(ctx) as opened:
        groups = list_groups(opened.database, OWNER)
    if as_json:
        print_json(groups)
    else:
        rows = [[name, ", ".join(members)] for name, members in groups.items()]
        print_table(["group", "members"], rows)


@app.command()
def create(ctx: typer.Context, name: str) -> None:
    """Make a group.

    Example: genwright groups create sales
    """
    from genwright.access.people import create_group

    with use_workspace(ctx) as opened:
        create_group(opened.database, OWNER, name)
    print_remark(f"made group:{name}.")


@app.command()
def remove(ctx: typer.Context, name: str) -> None:
    """Remove a group with the rights it holds.

    Example: genwright groups remove sales
    """
    from genwright.access.people import remove_group

    with use_workspace(ctx) as opened:
        remove_group(opened.database, OWNER, name)
    print_remark(f"removed group:{name}.")


@app.command()
def join(ctx: typer.Context, group: str, user: str) -> None:
    """Put a user into a group.

    Example: genwright groups join sales ann
    """
    from genwright.access.people import join as put

    with use_workspace(ctx) as opened:
        put(opened.database, OWNER, group, user)
    print_remark(f"{user} is in group:{group}.")


@app.command()
def leave(ctx: typer.Context, group: str, user: str) -> None:
    """Take a user out of a group.

    Example: genwright groups leave sales ann
    """
    from genwright.access.people import leave as take

    with use_workspace(ctx) as opened:
        take(opened.database, OWNER, group, user)
    print_remark(f"{user} is not in group:{group}.")
