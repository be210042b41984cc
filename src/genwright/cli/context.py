"""What the global options say, and the workspace and parts that a command works with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from genwright.cli.progress import Display
from genwright.errors import UsageError

if TYPE_CHECKING:
    from genwright.registry import Assistants
    from genwright.retrieval import Scope
    from genwright.runtime import Runtime
    from genwright.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """The global options."""

    workspace: Path | None
    overrides: dict[str, Any]
    quiet: bool


@contextmanager
def workspace(
    ctx: typer.Context, options: Mapping[str, Any] | None = None
) -> "Iterator[Workspace]":
    """The workspace the command is for, closed at the end.

    Args:
        ctx: The command's.
        options: Settings that its own options say, nested like ``genwright.toml``.
    """
    from genwright.settings import merged
    from genwright.workspace import open_workspace

    asked: Asked = ctx.obj
    opened = open_workspace(asked.workspace, merged(asked.overrides, options or {}))
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def open_runtime(ctx: typer.Context, shown: Display | None = None) -> "Iterator[Runtime]":
    """The workspace's models, search and so on, each made when it is first asked for.

    Long work that they do is shown on standard error, by ``shown`` where a command has its own.
    """
    from genwright.runtime import Runtime

    with workspace(ctx) as opened, shown or display(ctx) as progress:
        with Runtime(opened, progress=progress) as made:
            yield made


@contextmanager
def assistants_in(ctx: typer.Context) -> "Iterator[Assistants]":
    """The workspace's assistants."""
    from genwright.registry import Assistants

    with workspace(ctx) as opened:
        yield Assistants(opened.database, opened.settings, opened.prompts_dir)


def display(ctx: typer.Context) -> Display:
    """Where the progress of this command is shown."""
    asked: Asked = ctx.obj
    return Display(quiet=asked.quiet)


def overrides_of(settings: Sequence[str]) -> dict[str, Any]:
    """Nest what ``--set`` options say, like ``genwright.toml``.

    Raises:
        UsageError: One is not of the form ``SECTION.KEY=VALUE``.

    Example:
        >>> overrides_of(["retrieval.k=5", "collection=manuals"])
        {'retrieval': {'k': '5'}, 'collection': 'manuals'}
    """
    nested: dict[str, Any] = {}
    for each in settings:
        key, equals, value = each.partition("=")
        if not equals or not all(key.split(".")):
            raise UsageError(
                f"Expected --set SECTION.KEY=VALUE, got {each!r}: see docs/settings.md."
            )
        *above, last = key.split(".")
        table = nested
        for name in above:
            table = table.setdefault(name, {})
        table[last] = value
    return nested


def scope_of(collections: Sequence[str] | None, filters: Sequence[str] | None) -> "Scope":
    """Where ``--collection`` and ``--filter`` options say to search.

    Raises:
        UsageError: A filter is not of the form ``KEY=VALUE``.
    """
    from genwright.retrieval import Scope

    pairs = [each.partition("=") for each in filters or ()]
    for key, equals, value in pairs:
        if not (key and equals):
            raise UsageError(f"Expected --filter KEY=VALUE, got {key + equals + value!r}.")
    return Scope(tuple(collections or ()), {key: value for key, _, value in pairs})
