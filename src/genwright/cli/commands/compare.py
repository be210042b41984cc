"""``genwright eval compare``: models side by side on one task."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.commands.eval_models import Data, Limit, Metric, Shots
from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, Columns, Form, MaxTokens
from genwright.cli.printing.output import print_json
from genwright.cli.printing.tasks import print_comparison


def command(
    ctx: typer.Context,
    models: Annotated[list[str], typer.Argument(help="Two or more models.")],
    data: Data,
    metric: Metric = "",
    shots: Shots = 0,
    limit: Limit = None,
    form: Form = "",
    columns: Columns = None,
    price: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL=IN,OUT", help="Price of a million tokens read and written."),
    ] = None,
    max_tokens: MaxTokens = 256,
    as_json: AsJson = False,
) -> None:
    """Compare models: quality with intervals, speed, memory, energy and cost in one table.

    Example: genwright eval compare smollm2-135m-instruct gpt/gpt-5 --data faq.jsonl --limit 100
    """
    from genwright.cli.prices import parse_prices
    from genwright.evaluation.jobs.qa import EvaluationRequest, run_comparison

    wanted = EvaluationRequest(Path(data), metric, form, tuple(columns or ()), shots, "generate",
                               limit,
                  0, max_tokens)  # fmt: skip
    with open_runtime(ctx) as made:
        result = run_comparison(made, models, wanted, parse_prices(price or []))
    print_json(result) if as_json else print_comparison(result)
