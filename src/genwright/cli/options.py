"""Options and arguments that several commands have, each in one form with one help text."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]
Resume = Annotated[int | None, typer.Option(metavar="RUN", help="Go on with a run.")]

ChatModel = Annotated[str, typer.Option(help="Chat model: a catalog name or SERVER/MODEL.")]
AskedAssistant = Annotated[str, typer.Option(help="As this assistant: NAME or NAME@VERSION.")]
Passages = Annotated[int | None, typer.Option("-k", "--k", min=1, max=1000, help="Passages.")]
Extractive = Annotated[
    bool | None, typer.Option("--extractive", help="Quote the sources, ask no model.")
]
Short = Annotated[bool, typer.Option("--short", help="Answer with a few words.")]
SearchedCollections = Annotated[
    list[str] | None, typer.Option(help="Search this collection only; may be repeated.")
]
Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="KEY=VALUE", help="source, format, title or metadata."),
]
OnlyCollection = Annotated[str, typer.Option(help="Only in this collection.")]

Form = Annotated[str, typer.Option(help="Row format; detected from the columns by default.")]
Columns = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Rename a column.")
]
MaxTokens = Annotated[int, typer.Option(min=1, help="Longest reply.")]

VersionName = Annotated[str, typer.Argument(help="Number or alias.")]
RegistryName = Annotated[str, typer.Option(help="Name of the model in the registry.")]
TrainedModel = Annotated[str, typer.Argument(help="Name of the model.")]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", min=0, help="Minutes of training; 0 for no limit.")
]


def make_group(help: str) -> typer.Typer:
    """A command that has commands of its own, and shows its help where none is named."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True, help=help)
