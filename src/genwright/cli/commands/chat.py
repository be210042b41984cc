"""``genwright chat``."""

from typing import Annotated

import typer

from genwright.cli.context import open_runtime, parse_scope
from genwright.cli.printing.answers import converse, open_answerer, print_conversations


def command(
    ctx: typer.Context,
    k: Annotated[int | None, typer.Option("-k", "--k", min=1, max=1000, help="Passages.")] = None,
    model: Annotated[str, typer.Option(help="Chat model: a catalog name or SERVER/MODEL.")] = "",
    assistant: Annotated[str, typer.Option(help="As this assistant: NAME or NAME@VERSION.")] = "",
    collection: Annotated[
        list[str] | None, typer.Option(help="Search this collection only; may be repeated.")
    ] = None,
    extractive: Annotated[
        bool | None, typer.Option("--extractive", help="Quote the sources, ask no model.")
    ] = None,
    conversation: Annotated[
        int | None, typer.Option("--continue", metavar="ID", help="Go on with this one.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List your conversations.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an answer.")] = False,
) -> None:
    """Chat with your documents, one question a line. All turns are kept.

    Example: genwright chat --collection manuals
    """
    from genwright.answers.chat import Chat
    from genwright.answers.conversations import list_conversations

    with open_runtime(ctx) as made:
        if list_them:
            print_conversations(list_conversations(made), as_json)
            return
        answerer, scope = open_answerer(made, assistant, model, extractive)
        scope = parse_scope(collection, None) if collection else scope
        converse(Chat(answerer, conversation), scope, k, as_json)
