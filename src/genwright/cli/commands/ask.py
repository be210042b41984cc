"""``genwright ask``."""

from typing import Annotated

import typer

from genwright.cli.context import open_runtime, parse_scope
from genwright.cli.options import (
    AsJson,
    AskedAssistant,
    ChatModel,
    Extractive,
    Filters,
    Passages,
    SearchedCollections,
    Short,
)
from genwright.cli.printing.answers import open_answerer, print_answer, print_stream
from genwright.cli.printing.output import print_json


def command(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    k: Passages = None,
    model: ChatModel = "",
    assistant: AskedAssistant = "",
    collection: SearchedCollections = None,
    filters: Filters = None,
    extractive: Extractive = None,
    short: Short = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, each sentence with its source.

    Example: genwright ask "When should the oil be changed?" --collection manuals
    """
    from genwright.answers.base import Question

    with open_runtime(ctx) as made:
        answerer, scope = open_answerer(made, assistant, model, extractive, short)
        scope = parse_scope(collection, filters) if collection or filters else scope
        answer = print_stream(answerer.stream(Question(question, scope, k=k)), as_json)
    print_json(answer.json()) if as_json else print_answer(answer)
