"""``genwright prompts``: prompt files, their versions, and what they are worth."""

import difflib
from typing import Annotated

import typer

from genwright.cli.commands.eval_models import Data, Limit
from genwright.cli.context import open_runtime, use_workspace
from genwright.cli.options import AsJson, Columns, Form, make_group
from genwright.cli.printing.figures import format_interval
from genwright.cli.printing.output import print_exactly, print_json, print_table

app = make_group("Show, try and compare prompts with examples.")
Named = Annotated[
    str, typer.Argument(help="Name of a prompt (built-in or in prompts/), or a file.")
]


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List prompts with their versions: the built-in ones and those in prompts/.

    Example: genwright prompts list
    """
    from genwright.evaluation.jobs.prompts import list_known_prompts

    with use_workspace(ctx) as opened:
        rows = list_known_prompts(opened.prompts_dir)
    if as_json:
        print_json(rows)
        return
    headers = ["prompt", "from", "shots", "version", "description"]
    print_table(headers, [[str(row[key]) for key in ("name", "from", "shots", "version",
                                                     "description")] for row in rows])  # fmt: skip


@app.command()
def show(ctx: typer.Context, named: Named) -> None:
    """Show a prompt: system text, shots, examples, and the user's message.

    Example: genwright prompts show answer
    """
    from genwright.evaluation.jobs.prompts import find_prompt, format_prompt

    with use_workspace(ctx) as opened:
        print_exactly(format_prompt(find_prompt(named, opened.prompts_dir)))


@app.command()
def diff(ctx: typer.Context, old: Named, new: Named) -> None:
    """Show what differs between two prompts, line by line.

    Example: genwright prompts diff answer prompts/answer.md
    """
    from genwright.evaluation.jobs.prompts import find_prompt, format_prompt

    with use_workspace(ctx) as opened:
        before, after = (find_prompt(each, opened.prompts_dir) for each in (old, new))
    lines = difflib.unified_diff(
        format_prompt(before).splitlines(True), format_prompt(after).splitlines(True),
        before.version, after.version,
    )  # fmt: skip
    print_exactly("".join(lines))


@app.command("try")
def try_(
    ctx: typer.Context,
    named: Named,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--value",
            metavar="KEY=VALUE",
            help="Value of a variable of the prompt, such as question=…",
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Ask it, too.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the messages that a prompt makes, with picked examples, and what a model replies.

    Example: genwright prompts try follow_up --value "question=And then?" --value messages=
    """
    from genwright.evaluation.jobs.prompts import try_prompt

    with open_runtime(ctx) as made:
        result = try_prompt(made, named, values or [], model)
    if as_json:
        print_json(result)
        return
    for message in result["messages"]:
        print(f"--- {message['role']}\n{message['content']}")
    if model:
        print(f"--- reply of {model}\n{result['reply']}")


@app.command()
def compare(
    ctx: typer.Context,
    named: Annotated[list[str], typer.Argument(help="Prompts; they may name fields of the rows.")],
    data: Data,
    model: Annotated[str, typer.Option(help="Chat model.")] = "",
    metric: Annotated[str, typer.Option(help="Such as accuracy or exact_match.")] = "accuracy",
    shots: Annotated[str, typer.Option(help="Numbers of examples to try.")] = "0,1,4",
    picker: Annotated[
        str, typer.Option(help="Ways to pick them: fixed, random, nearest, mmr, balanced.")
    ] = "fixed",
    limit: Limit = 100,
    form: Form = "",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Compare prompts, numbers of examples and ways to pick them on a data set.

    Example: genwright prompts compare classify --data train.csv --shots 0,4 --picker nearest
    """
    from genwright.evaluation.jobs.prompts import PromptComparison, run_prompt_comparison

    wanted = PromptComparison(tuple(named), data, model, metric, shots, picker, limit, form,
                        tuple(columns or ()))  # fmt: skip
    with open_runtime(ctx) as made:
        result = run_prompt_comparison(made, wanted)
    if as_json:
        print_json(result)
        return
    headers = ["variant", metric, "prompt tokens", "first token s", "s/row", "against the first"]
    print_table(headers, [
        [row["variant"], format_interval(row[metric]), row["prompt_tokens"], row["first_token_p50"],
         row["seconds_per_row"], _format_comparison(row["against_first"])]
        for row in result["variants"]
    ])  # fmt: skip


def _format_comparison(each: object) -> str:
    if not isinstance(each, dict):
        return ""
    told = "differs" if each["distinguishable"] else "cannot be told apart"
    return f"{each['value']:+.3f}, p {each['p']:.3f}: {told}"
