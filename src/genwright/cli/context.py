"""What the global options say, and the workspace and runtime that a command works with."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import typer

from genwright.cli.progress import ProgressDisplay
from genwright.options import parse_pairs

if TYPE_CHECKING:
    from genwright.registry import Assistants
    from genwright.retrieval import Scope
    from genwright.runtime import Runtime
    from genwright.workspace import Workspace


@dataclass(frozen=True)
class GlobalOptions:
    """The global options."""

    workspace: Path | None
    overrides: dict[str, Any]
    quiet: bool


@contextmanager
def use_workspace(
    ctx: typer.Context, options: Mapping[str, Any] | None = None
) -> "Iterator[Workspace]":
    """The workspace the command is for, closed at the end.

    Args:
        ctx: The command's.
        options: Settings that its own options say, nested like ``genwright.toml``.
    """
    from genwright.settings import merge_tables
    from genwright.workspace import open_workspace

    asked: GlobalOptions = ctx.obj
    opened = open_workspace(asked.workspace, merge_tables(asked.overrides, options or {}))
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def open_runtime(
    ctx: typer.Context, shown: ProgressDisplay | None = None, stop: Event | None = None
) -> "Iterator[Runtime]":
    """The workspace's models, search and so on, each made when it is first asked for.

    Long work that they do is shown on standard error, by ``shown`` where a command has its own,
    and ends at its next step once ``stop`` is set.
    """
    from genwright.runtime import Runtime

    with use_workspace(ctx) as opened, shown or make_display(ctx) as progress:
        with Runtime(opened, progress=progress, stop=stop) as runtime:
            yield runtime


@contextmanager
def use_assistants(ctx: typer.Context) -> "Iterator[Assistants]":
    """The workspace's assistants."""
    from genwright.registry import Assistants

    with use_workspace(ctx) as opened:
        yield Assistants(opened.database, opened.settings, opened.prompts_dir)


def make_display(ctx: typer.Context) -> ProgressDisplay:
    """Where the progress of this command is shown."""
    asked: GlobalOptions = ctx.obj
    return ProgressDisplay(quiet=asked.quiet)


def parse_scope(collections: Sequence[str] | None, filters: Sequence[str] | None) -> "Scope":
    """Where ``--collection`` and ``--filter`` options say to search.

    Raises:
        UsageError: A filter is not of the form ``KEY=VALUE``.
    """
    from genwright.retrieval import Scope

    pairs = parse_pairs(filters or (), "--filter KEY=VALUE")
    return Scope(tuple(collections or ()), pairs)
