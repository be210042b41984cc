"""The entry: global options, commands that load when they are called, errors as one line."""

import gc
import os
import sys
import traceback
from collections.abc import Iterator, MutableMapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from genwright import __version__
from genwright.cli.context import GlobalOptions
from genwright.cli.signals import interrupted, note_interrupts
from genwright.errors import GenwrightError, UsageError
from genwright.options import nest_pairs

COMMANDS = {
    "init": "Make a workspace in a folder.",
    "add": "Read documents and make them searchable.",
    "sync": "Mirror a folder: add, update and remove documents.",
    "remove": "Remove documents.",
    "list": "List documents.",
    "show": "Show a document, its text or its passages.",
    "collections": "List collections with what they hold.",
    "search": "Find the passages that fit a query.",
    "ask": "Answer a question from the documents, with citations.",
    "chat": "Chat with your documents.",
    "assistants": "Make, change, compare, promote and roll back assistants.",
    "serve": "Serve the API and the pages.",
    "users": "Make, change and remove the accounts of people.",
    "groups": "Put people into groups, which hold rights together.",
    "keys": "Make and revoke API keys.",
    "access": "Manage access to collections and documents.",
    "audit": "Read the log of what was done, and check it.",
    "alerts": "List, test and look at alerts.",
    "backup": "Write everything into one file, while a server runs.",
    "restore": "Make a workspace from a backup.",
    "forget": "Remove a document, person or source with every trace of it.",
    "trace": "Show what happened for a request.",
    "models": "List, pull, verify, import and remove models.",
    "datasets": "Check, fix, split and convert datasets.",
    "synth": "Generate synthetic training data.",
    "tune": "Fit a model to a task, in nine recorded steps.",
    "rlhf": "Run RLHF: SFT, reward model, then PPO.",
    "pretrain": "Train a model from scratch on any text.",
    "registry": "Trained models: versions, cards, lineage, promotion and rollback.",
    "runs": "List, show and stop trainings and evaluations.",
    "feedback": "What people think of answers: list, add, export.",
    "improve": "Make an assistant better from feedback, through the gate.",
    "explain": "Show the provenance of an answer.",
    "arena": "Blind battles, votes and rankings.",
    "eval": "Measure retrieval, answers, models and judges; compare; regressions.",
    "prompts": "Show, try and compare prompts with examples.",
    "tokenizer": "Train, inspect and compare tokenizers.",
    "plugins": "List what can be extended, and who brings each implementation.",
    "status": "Show documents, models and disk use of the workspace.",
    "doctor": "Check everything the workspace depends on.",
    "reindex": "Rebuild every index from the store.",
}
"""Every command in the order of the help, with its one line; its file loads when it is called."""

RENAMED = {
    "rights": "access",
    "data": "datasets",
    "why": "explain",
    "suite": "eval regression",
    "compare": "eval compare",
}
"""Earlier names of commands, and what they are called now."""

RENAMED_OPTIONS = {
    "--minutes": "--time-limit",
    "--mend": "--fix",
    "--keep": "--save-as",
    "--accept-licence": "--accept-license",
}
"""Earlier names of options, and what they are called now."""

RENAMED_CHOICES = {"summarisation": "summarization"}
"""Earlier names of what options may be, and what they are called now."""

TRAININGS = ("tune", "pretrain", "rlhf")
"""Commands whose parameters are not settings of the workspace: ``--param``."""

BUG, USAGE, INTERRUPTED = 1, 2, 130


class _LazyCommands(MutableMapping[str, Any]):
    """Commands by name, imported when one is taken out."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - typer's command class is private
        if name not in COMMANDS:
            raise KeyError(name)
        if name not in self._loaded:
            module = import_module(f"genwright.cli.commands.{name}")
            self._loaded[name] = typer.main.get_command(_load_app(name, module))
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:  # noqa: ANN401
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class LazyGroup(TyperGroup):
    """The top of the command line: knows every command's line, loads the one that is called."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - handed on to typer
        super().__init__(**attributes)
        self.commands = _LazyCommands()

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ANN401
        """A command by its name.

        Raises:
            UsageError: The name is an earlier one; the message has the present one.
        """
        if cmd_name in RENAMED:
            raise UsageError(f"{cmd_name!r} is called {RENAMED[cmd_name]!r} now.")
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - private classes
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _load_app(name: str, module: Any) -> typer.Typer:  # noqa: ANN401 - a module of this package
    if hasattr(module, "app"):
        return module.app
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name)(module.command)
    return app


cli = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@cli.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", help="Folder of the workspace to use."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting: retrieval.top_k=5."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Documents in, checked answers out, on one machine.

    Without --workspace it is the one that GENWRIGHT_WORKSPACE names, the nearest at or above the
    current folder, or one in your data folder. These options may stand after the command too.

    Example: genwright add docs/ && genwright ask "How do I start?"
    """
    if version:
        typer.echo(f"genwright {__version__}")
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
    if ctx.invoked_subcommand in TRAININGS and any("." not in each for each in settings or ()):
        raise UsageError(
            "Expected --set SECTION.KEY=VALUE, a setting of the workspace; a parameter of a "
            "training is given by --param KEY=VALUE."
        )
    ctx.obj = GlobalOptions(
        workspace, nest_pairs(settings or [], "--set SECTION.KEY=VALUE (docs/settings.md)"), quiet
    )


def main() -> None:
    """Run the command line of this process and end it with the exit status."""
    gc.set_threshold(100_000, 20, 50)  # imports make many objects that stay: nothing to collect
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that lacks a character shows its number
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command; errors become one line on standard error.

    Returns:
        The exit status: 0, the ``exit_code`` of the error, 130 for Ctrl-C, 1 for a bug.
    """
    try:
        command = typer.main.get_command(cli)
        with (
            note_interrupts(),
            command.make_context("genwright", move_globals_first(arguments)) as ctx,
        ):
            command.invoke(ctx)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return _report_exit(error)
    return 0


def move_globals_first(arguments: Sequence[str]) -> list[str]:
    """Move global options before the command, so that they may stand anywhere before ``--``.

    Example:
        >>> move_globals_first(["search", "pumps", "-w", "here"])
        ['-w', 'here', 'search', 'pumps']
    """
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    moved = ("-w", "--workspace", "--set")
    for each in waiting:
        if each == "--":
            rest += [each, *waiting]
        elif each in moved:
            front += [each, *(value for value in [next(waiting, None)] if value is not None)]
        elif each in ("-q", "--quiet") or each.startswith(tuple(f"{name}=" for name in moved)):
            front.append(each)
        else:
            rest.append(each)
    return front + rest


def _explain_usage(error: typer.TyperException) -> str:
    """What is wrong with the arguments; of an earlier name, the present one."""
    option: str = getattr(error, "option_name", "")
    if present := RENAMED_OPTIONS.get(option):
        return f"{option} is called {present} now."
    said: str = getattr(error, "format_message", error.__str__)()
    for old, new in RENAMED_CHOICES.items():
        if f"{old!r} is not one of" in said:
            return f"{old!r} is called {new!r} now."
    return said


def _report_exit(error: BaseException) -> int:
    """The exit status of what ended a command, after one line that says why."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    message, status = "this is a bug of genwright: please report it with the lines above.", BUG
    if isinstance(error, KeyboardInterrupt | typer.Abort) or interrupted.is_set():
        message, status = "interrupted.", INTERRUPTED
    elif isinstance(error, GenwrightError):
        message, status = str(error), error.exit_code
    elif isinstance(error, typer.TyperException):
        path = getattr(getattr(error, "ctx", None), "command_path", "genwright")
        message, status = f"{_explain_usage(error)} See: {path} --help", USAGE
    else:
        traceback.print_exception(error)
    one_line = " ".join(message.split())
    print(f"error: {one_line}" if "\n\n" not in message else message, file=sys.stderr)
    return status
