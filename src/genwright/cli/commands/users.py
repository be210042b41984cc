"""``genwright users``."""

import sys
from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table
from genwright.types import OWNER

app = make_group("Make, change and remove the accounts of people.")
Role = Annotated[str, typer.Option(help="reader, editor or admin.")]
AskPassword = Annotated[
    bool, typer.Option("--password", help="Ask for a password, or read it from a pipe.")
]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List users.

    Example: genwright users list
    """
    from genwright.access.people import list_users

    with use_workspace(ctx) as opened:
        people = list_users(opened.database, OWNER)
    if as_json:
        print_json([person.json() for person in people])
        return
    rows = [
        [each.name, each.role, "yes" if each.active else "no", ", ".join(each.groups), each.email]
        for each in people
    ]
    print_table(["user", "role", "active", "groups", "e-mail"], rows)


@app.command()
def create(
    ctx: typer.Context,
    name: str,
    role: Role = "reader",
    email: Annotated[str, typer.Option(help="E-mail address.")] = "",
    password: AskPassword = False,
) -> None:
    """Make a user. Without a password they get in by a key or OpenID.

    Example: genwright users create ann --role admin --password
    """
    from genwright.access.people import create_user

    given = _read_password() if password else ""
    with use_workspace(ctx) as opened:
        person = create_user(opened.database, OWNER, name, role=role, password=given, email=email)
    print_remark(f"{person.name} is {person.role}.")


@app.command()
def change(
    ctx: typer.Context,
    name: str,
    role: Annotated[str | None, typer.Option(help="reader, editor or admin.")] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether they get in.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    password: AskPassword = False,
) -> None:
    """Change a user; within a second it holds everywhere.

    Example: genwright users change ann --inactive
    """
    from genwright.access.people import change_user

    given = _read_password() if password else None
    with use_workspace(ctx) as opened:
        person = change_user(
            opened.database, OWNER, name, role=role, active=active, password=given, email=email
        )
    print_remark(f"{person.name} is {person.role}, {'active' if person.active else 'not active'}.")


@app.command()
def remove(ctx: typer.Context, name: str) -> None:
    """Remove an account with its keys. What it owns stays: see genwright forget.

    Example: genwright users remove ann
    """
    from genwright.access.people import remove_user

    with use_workspace(ctx) as opened:
        remove_user(opened.database, OWNER, name)
    print_remark(f"removed {name}.")


def _read_password() -> str:
    """Typed twice at a terminal, or the first line of a pipe."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\n")
