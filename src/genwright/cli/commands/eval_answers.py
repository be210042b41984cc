"""``genwright eval answers``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from genwright.cli.context import make_display, use_workspace
from genwright.cli.printing.output import print_json
from genwright.cli.printing.verdicts import print_answers_trial


def eval_answers(
    ctx: typer.Context,
    questions: Annotated[
        Path, typer.Option(metavar="FILE", help="Questions, one JSON object a line.")
    ],
    form: Annotated[
        Literal["wild", "documents"] | None,
        typer.Option(help="Over collections, or over a row's documents; told by the fields."),
    ] = None,
    assistant: Annotated[str, typer.Option(help="Ask this assistant: NAME or NAME@VERSION.")] = "",
    collection: Annotated[
        list[str] | None,
        typer.Option(help="Ask over this one, whatever a question names; may be repeated."),
    ] = None,
    model: Annotated[str, typer.Option(help="Chat model: a catalog name or SERVER/MODEL.")] = "",
    extractive: Annotated[
        bool | None, typer.Option("--extractive", help="Quote the sources, ask no model.")
    ] = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="Search the documents of all rows, not a row's own.")
    ] = False,
    only: Annotated[str, typer.Option(metavar="COLLECTION", help="Questions about this one.")] = "",
    every: Annotated[int, typer.Option(min=1, metavar="N", help="Each N-th question.")] = 1,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask at most N, drawn at random; all by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the answers, one a line.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Measure which answers are right, partial, wrong or refused, by kind of question.

    Example: genwright eval answers --questions questions.jsonl --every 4 --answers given.jsonl
    """
    from genwright.evaluation.jobs.answers import AnswerOptions, pick_cases, run_answers_trial
    from genwright.evaluation.suites.questions import read_answer_set

    options = AnswerOptions(assistant, model, extractive, tuple(collection or ()), pool)
    asked = read_answer_set(questions, form or "")
    cases = pick_cases(asked.cases, only=only, every=every, limit=limit, seed=seed)
    with use_workspace(ctx) as opened, make_display(ctx) as progress:
        made = run_answers_trial(opened, asked, cases, options, answers=answers, progress=progress)
    print_json(made) if as_json else print_answers_trial(made)
