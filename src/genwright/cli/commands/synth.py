"""``genwright synth``: rows that are made, each marked as such."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, Seed, make_group
from genwright.cli.printing.output import print_json, print_remark

app = make_group(
    "Generate synthetic training data: questions, conversations, instructions, tables …"
)
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Output file.")]
Count = Annotated[int, typer.Option(min=1, help="Rows that are wanted.")]
Model = Annotated[str, typer.Option(help="Chat model; by default the settings'.")]
Keep = Annotated[
    str,
    typer.Option("--save-as", metavar="NAME", help="Keep as a data set of the workspace."),
]
Collections = Annotated[
    list[str] | None, typer.Option("--collection", help="Only from these; may be repeated.")
]


@app.command()
def questions(
    ctx: typer.Context,
    output: Output,
    count: Count = 50,
    collections: Collections = None,
    model: Model = "",
    seed: Seed = 0,
    keep: Keep = "",
    as_json: AsJson = False,
) -> None:
    """Questions about the documents, with answers and the place that supports them.

    Example: genwright synth questions -o questions.jsonl --count 100
    """
    from genwright.synthesis.commands import SynthesisRequest, write_result
    from genwright.synthesis.questions import make_questions

    with open_runtime(ctx) as made:
        rows = make_questions(made, count, model=model, collections=collections or (), seed=seed)
        report = write_result(made, rows, SynthesisRequest(output, count, model, seed, keep))
    _print_synthesis(report, as_json)


@app.command()
def conversations(
    ctx: typer.Context,
    output: Output,
    count: Count = 20,
    turns: Annotated[int, typer.Option(min=1, max=10, help="Questions of each.")] = 3,
    collections: Collections = None,
    model: Model = "",
    seed: Seed = 0,
    keep: Keep = "",
    as_json: AsJson = False,
) -> None:
    """Conversations over the documents, every answer supported by them.

    Example: genwright synth conversations -o talks.jsonl --count 20
    """
    from genwright.synthesis.commands import SynthesisRequest, write_result
    from genwright.synthesis.conversations import make_conversations

    with open_runtime(ctx) as made:
        rows = make_conversations(
            made, count, turns=turns, model=model, collections=collections or (), seed=seed
        )
        report = write_result(made, rows, SynthesisRequest(output, count, model, seed, keep))
    _print_synthesis(report, as_json)


@app.command()
def instructions(
    ctx: typer.Context,
    seeds: Annotated[Path, typer.Argument(help="Rows with prompt, instruction or question.")],
    output: Output,
    count: Count = 50,
    model: Model = "",
    seed: Seed = 0,
    keep: Keep = "",
    as_json: AsJson = False,
) -> None:
    """Instructions and replies grown from seeds, by Self-Instruct.

    Example: genwright synth instructions seeds.jsonl -o more.jsonl --model gpt/gpt-5
    """
    from genwright.synthesis.commands import SynthesisRequest
    from genwright.synthesis.commands import synthesize_instructions as make

    with open_runtime(ctx) as made:
        report = make(made, seeds, SynthesisRequest(output, count, model, seed, keep))
    _print_synthesis(report, as_json)


@app.command()
def preferences(
    ctx: typer.Context,
    prompts: Annotated[Path, typer.Argument(help="Rows with prompt, instruction or question.")],
    output: Output,
    count: Count = 50,
    model: Model = "",
    worse_model: Annotated[str, typer.Option(help="Writes the worse replies.")] = "",
    worse_temperature: Annotated[
        float, typer.Option(min=0, help="Temperature of the worse replies.")
    ] = 0.0,
    judge: Annotated[str, typer.Option(metavar="MODEL", help="Confirms each pair.")] = "",
    seed: Seed = 0,
    keep: Keep = "",
    as_json: AsJson = False,
) -> None:
    """Preference pairs: a better way of answering against a worse one.

    Example: genwright synth preferences questions.jsonl -o pairs.jsonl --worse-temperature 1.5
    """
    from genwright.synthesis.commands import SynthesisRequest
    from genwright.synthesis.commands import synthesize_preferences as make

    with open_runtime(ctx) as made:
        asked = SynthesisRequest(output, count, model, seed, keep)
        report = make(made, prompts, asked, worse_model=worse_model,
                      worse_temperature=worse_temperature, judge=judge)  # fmt: skip
    _print_synthesis(report, as_json)


@app.command()
def paraphrases(
    ctx: typer.Context,
    data: Annotated[Path, typer.Argument(help="Rows with text and label.")],
    output: Output,
    least: Annotated[int, typer.Option(min=0, help="Rows that each label should have.")] = 0,
    model: Model = "",
    seed: Seed = 0,
    keep: Keep = "",
    as_json: AsJson = False,
) -> None:
    """Paraphrases for labels that have few rows.

    Example: genwright synth paraphrases tickets.csv -o more.jsonl --least 50
    """
    from genwright.synthesis.commands import SynthesisRequest
    from genwright.synthesis.commands import synthesize_paraphrases as make

    with open_runtime(ctx) as made:
        report = make(made, data, SynthesisRequest(output, 0, model, seed, keep), least)
    _print_synthesis(report, as_json)


@app.command()
def tabular(
    data: Annotated[Path, typer.Argument(help="A table: CSV, JSON lines or Parquet.")],
    output: Output,
    count: Count = 1000,
    held_out: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rows kept to test privacy with.")
    ] = 0.3,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Rows like those of a table, with measures of fidelity and of privacy.

    Example: genwright synth tabular customers.csv -o made.csv --count 5000
    """
    from genwright.synthesis.commands import SynthesisRequest
    from genwright.synthesis.commands import synthesize_table as make

    _print_synthesis(make(data, SynthesisRequest(output, count, "", seed), held_out), as_json)


@app.command()
def gain(
    ctx: typer.Context,
    train: Annotated[Path, typer.Argument(help="Real rows with text and label.")],
    made: Annotated[Path, typer.Argument(help="Synthetic rows.")],
    test: Annotated[Path, typer.Argument(help="Real rows to measure on.")],
    as_json: AsJson = False,
) -> None:
    """Measure what synthetic rows are worth: with against without, on real rows.

    Example: genwright synth gain train.csv made.jsonl test.csv
    """
    from genwright.synthesis.commands import measure_gain as measure

    with open_runtime(ctx) as opened:
        report = measure(opened, train, made, test)
    _print_synthesis(report, as_json)


def _print_synthesis(report, as_json: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        several = isinstance(value, dict)
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if several else value
        print(f"{name}: {shown}")
    if report.get("file"):
        print_remark("every row says that it is synthetic; keep them out of evaluation sets.")
