"""``genwright feedback``: what people think of answers."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime, use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table, to_one_line
from genwright.types import OWNER

app = make_group("What people think of answers.")
Assistant = Annotated[str, typer.Option(help="Only of this assistant's answers.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    trace: Annotated[str, typer.Option(help="Only of this answer.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most N.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List feedback, newest first.

    Example: genwright feedback list --limit 20
    """
    from genwright.feedback import list_feedback

    with use_workspace(ctx) as opened:
        found = list_feedback(opened.database, OWNER, trace=trace, limit=limit)
    if as_json:
        print_json([each.json() for each in found])
        return
    names = ["id", "trace", "by", "thumb", "rating", "wanted", "correction", "comment", "made"]
    print_table(names, [
        [each.id, each.trace_id[:8], each.owner, each.json()["thumb"] or "", each.rating or "",
         each.intent, to_one_line(each.correction)[:40], to_one_line(each.comment)[:40],
         each.created_at]
        for each in found
    ])  # fmt: skip


@app.command()
def add(
    ctx: typer.Context,
    trace: Annotated[str, typer.Argument(help="Trace of the answer, or 'last'.")],
    thumb: Annotated[str, typer.Option(help="up or down.")] = "",
    rating: Annotated[int | None, typer.Option(min=1, max=5, help="1 to 5.")] = None,
    correction: Annotated[str, typer.Option(help="What the answer should have been.")] = "",
    comment: Annotated[str, typer.Option(help="Anything else.")] = "",
    citation: Annotated[
        str, typer.Option(metavar="DOCUMENT:START-END", help="A better place in a source.")
    ] = "",
    intent: Annotated[
        str, typer.Option(metavar="KIND", help="What was wanted, such as list or how-to.")
    ] = "",
    private: Annotated[bool, typer.Option("--private", help="Not for models to learn.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what you think of an answer.

    Example: genwright feedback add last --thumb down --correction "The pump holds 2.5 bar."
    """
    from genwright.feedback import Opinion, record_feedback
    from genwright.feedback.citations import parse_citation
    from genwright.monitoring import read_trace

    with use_workspace(ctx) as opened:
        root = read_trace(opened.database, OWNER, trace)
        place = parse_citation(opened.database, OWNER, citation) if citation else None
        opinion = Opinion(
            _parse_thumb(thumb), rating, correction, comment, place, not private, "cli", intent
        )
        given = record_feedback(opened.database, OWNER, root.trace_id, opinion,
                     per_minute=opened.settings.feedback.per_minute)  # fmt: skip
    print_json(given.json()) if as_json else print_remark(f"kept as {given.id}.")


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Output file: JSONL, JSON, CSV or Parquet.")],
    what: Annotated[
        str,
        typer.Option(
            help="pairs (DPO), thumbs (KTO), good (SFT), intents, or all (as it was said)."
        ),
    ] = "pairs",
    assistant: Assistant = "",
    keep: Annotated[
        str, typer.Option("--save-as", metavar="NAME", help="Save as a dataset, too.")
    ] = "",
) -> None:
    """Make a data set of feedback, each row with where it came from.

    Example: genwright feedback export pairs.jsonl --what pairs
    """
    from genwright.feedback.job import export_feedback

    with open_runtime(ctx) as made:
        number = export_feedback(made, file, what, assistant, keep)
    print(f"{number} rows in {file}.")


@app.command()
def agreement(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Tell how far raters agree: Krippendorff's alpha of thumbs and ratings.

    Example: genwright feedback agreement
    """
    from genwright.feedback import read_voices
    from genwright.feedback.agreement import measure_rater_agreement as measure

    with use_workspace(ctx) as opened:
        found = measure(read_voices(opened.database, OWNER))
    if as_json:
        print_json([each.json() for each in found])
        return
    print_table(["kind", "raters", "answers with several", "alpha", "same opinion"], [
        [each.kind, each.raters, each.answers, each.json()["alpha"], each.json()["same"]]
        for each in found
    ])  # fmt: skip


@app.command()
def queue(
    ctx: typer.Context,
    rule: Annotated[str, typer.Option(help="uncertain, coverage or drift.")] = "uncertain",
    limit: Annotated[int, typer.Option(min=1, help="At most N.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List answers that wait for an opinion, those that tell most first.

    Example: genwright feedback queue --rule coverage
    """
    from genwright.feedback.queues import list_rating_queue

    with open_runtime(ctx) as runtime:
        embed = runtime.models.embedder.embed_queries
        found = list_rating_queue(runtime.database, OWNER, rule, embed, limit)  # type: ignore[arg-type]
    if as_json:
        print_json([each.json() for each in found])
        return
    print_table(["trace", "assistant", "score", "question"], [
        [each.trace_id[:8], each.assistant, round(each.score, 3), to_one_line(each.question)[:80]]
        for each in found
    ])  # fmt: skip


def _parse_thumb(word: str) -> int | None:
    from genwright.errors import UsageError

    known = {"": None, "up": 1, "down": -1}
    if word not in known:
        raise UsageError(f"Expected a thumb of up or down, got {word!r}.")
    return known[word]
