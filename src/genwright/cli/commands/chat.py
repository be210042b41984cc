"""``genwright chat``."""

from typing import Annotated

import typer

from genwright.cli.context import open_runtime, parse_scope
from genwright.cli.options import (
    AskedAssistant,
    ChatModel,
    Extractive,
    Passages,
    SearchedCollections,
)
from genwright.cli.printing.answers import converse, open_answerer, print_conversations


def command(
    ctx: typer.Context,
    k: Passages = None,
    model: ChatModel = "",
    assistant: AskedAssistant = "",
    collection: SearchedCollections = None,
    extractive: Extractive = None,
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
