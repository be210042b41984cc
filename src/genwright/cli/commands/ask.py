"""``genwright ask``."""

from typing import Annotated

import typer

from genwright.cli.context import open_runtime, parse_scope
from genwright.cli.printing.answers import open_answerer, print_answer, print_stream
from genwright.cli.printing.output import print_json


def command(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    k: Annotated[int | None, typer.Option("-k", "--k", min=1, max=1000, help="Passages.")] = None,
    model: Annotated[str, typer.Option(help="Chat model: a catalog name or SERVER/MODEL.")] = "",
    assistant: Annotated[str, typer.Option(help="As this assistant: NAME or NAME@VERSION.")] = "",
    collection: Annotated[
        list[str] | None, typer.Option(help="Search this collection only; may be repeated.")
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="KEY=VALUE", help="source, format, title or metadata."),
    ] = None,
    extractive: Annotated[
        bool | None, typer.Option("--extractive", help="Quote the sources, ask no model.")
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="Answer with a few words.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Answer a question from the documents, each sentence with its source.

    Example: genwright ask "When should the oil be changed?" --collection manuals
    """
    from genwright.answers.base import Question

    with open_runtime(ctx) as made:
        answerer, scope = open_answerer(made, assistant, model, extractive, short)
        scope = parse_scope(collection, filters) if collection or filters else scope
        answer = print_stream(answerer.stream(Question(question, scope, k)), as_json)
    print_json(answer.json()) if as_json else print_answer(answer)
