"""What the global options say, and the workspace and runtime that a command works with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import typer

from genwright.cli.progress import Display
from genwright.options import parse_pairs

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
def open_runtime(
    ctx: typer.Context, shown: Display | None = None, stop: Event | None = None
) -> "Iterator[Runtime]":
    """The workspace's models, search and so on, each made when it is first asked for.

    Long work that they do is shown on standard error, by ``shown`` where a command has its own,
    and ends at its next step once ``stop`` is set.
    """
    from genwright.runtime import Runtime

    with workspace(ctx) as opened, shown or display(ctx) as progress:
        with Runtime(opened, progress=progress, stop=stop) as runtime:
            yield runtime


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


def scope_of(collections: Sequence[str] | None, filters: Sequence[str] | None) -> "Scope":
    """Where ``--collection`` and ``--filter`` options say to search.

    Raises:
        UsageError: A filter is not of the form ``KEY=VALUE``.
    """
    from genwright.retrieval import Scope

    pairs = parse_pairs(filters or (), "--filter KEY=VALUE")
    return Scope(tuple(collections or ()), pairs)
