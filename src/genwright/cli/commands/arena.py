"""``genwright arena``: blind battles, votes, rankings."""

import time
from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime, use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table
from genwright.types import OWNER

app = make_group("Blind battles, votes and rankings.")
Kinds = Annotated[
    list[str] | None,
    typer.Option("--votes", help="human, judge, imported or simulated; may be repeated."),
]


@app.command()
def rank(
    ctx: typer.Context,
    votes: Kinds = None,
    category: Annotated[str, typer.Option(help="Only questions of this category.")] = "",
    days: Annotated[float, typer.Option(min=0, help="Only votes of the last N days.")] = 0,
    style: Annotated[
        bool, typer.Option("--style", help="Control for style (length, headings, lists, bold).")
    ] = False,
    davidson: Annotated[
        bool, typer.Option("--davidson", help="Ties have a probability of their own.")
    ] = False,
    balanced: Annotated[
        bool, typer.Option("--balanced", help="Every pair weighs alike, however often it met.")
    ] = False,
    anchor: Annotated[str, typer.Option(metavar="MODEL", help="Model whose rating is fixed.")] = "",
    anchor_rating: Annotated[float, typer.Option(help="At what.")] = 1000,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Rounds to take the intervals from; 0 for the sandwich.")
    ] = 0,
    cap: Annotated[int, typer.Option(min=0, help="Votes of one judge that count.")] = 0,
    drop_suspects: Annotated[
        bool, typer.Option("--drop-suspects", help="Without judges who look rigged.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write plots as SVG there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rank by Bradley-Terry ratings with 95 % intervals.

    Example: genwright arena rank --votes imported --style
    """
    from genwright.arena import RankingOptions
    from genwright.arena.boards import rank_contenders
    from genwright.arena.votes import VoteFilter

    since = time.time() - days * 86_400 if days else 0.0
    with use_workspace(ctx) as opened:
        capped = cap or opened.settings.arena.max_votes_per_judge
        wanted = VoteFilter(tuple(votes or ("human",)), category, since, capped)
        options = RankingOptions(davidson, anchor, anchor_rating, balanced, bootstrap)
        found = rank_contenders(
            opened.database, OWNER, wanted, options, style=style, drop_suspects=drop_suspects
        )
        if plot is not None:
            _write_plots(opened.database, found, wanted, plot)
    if as_json:
        print_json([row.json() for row in found.rows])
    else:
        _print_ranking(found)
    for note in found.notes:
        print_remark(note)


def _print_ranking(found) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - loaded when called
    print_table(["group", "rank", "model", "rating", "95 % interval", "votes"], [
        [row.group, f"{row.rank_low}-{row.rank_high}", row.model, round(row.rating, 1),
         f"{row.low:.1f} to {row.high:.1f}", row.votes]
        for row in found.rows
    ])  # fmt: skip
    for each in found.style:
        print(f"style {each.name}: {each.value:+.3f} [{each.low:+.3f}, {each.high:+.3f}]")
    for each in found.flips:
        added = f"{each.added} more votes" if each.added else "over a million more votes"
        dropped = f", or {each.dropped} votes fewer" if each.dropped else ""
        print(f"first place: {added} for {each.second!r} over {each.first!r}{dropped} change it")


def _write_plots(database, found, wanted, folder: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    from genwright.arena.boards import read_rating_history
    from genwright.arena.plots import plot_history, plot_matrix, plot_ratings

    folder.mkdir(parents=True, exist_ok=True)
    history = read_rating_history(database, OWNER, wanted)
    drawn = {
        "ratings": plot_ratings(found.rows),
        "wins": plot_matrix(found),
        "history": plot_history(history, [row.model for row in found.rows]),
    }
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    print_remark(f"plots are in {folder}: {', '.join(f'{name}.svg' for name in drawn)}")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Battles: JSON, JSONL, CSV or Parquet.")],
    blind_only: Annotated[
        bool, typer.Option("--blind-only", help="Leave out rows whose voter knew the names.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Keep votes of another arena; they count as imported ones.

    Example: genwright arena import clean_battle.json
    """
    from genwright.arena.import_export import import_votes

    with use_workspace(ctx) as opened:
        found = import_votes(opened.database, OWNER, file, blind_only=blind_only)
    if as_json:
        print_json(found.json())
        return
    print(f"{found.added} votes added of {found.read} rows.")
    for number, why in (
        (found.known, "were there already"),
        (found.themselves, "have a contender against itself"),
        (found.open, "were not blind"),
    ):
        if number:
            print_remark(f"{number} {why}")


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Output file: JSON lines in LMSYS' form.")],
    votes: Kinds = None,
) -> None:
    """Write votes to a file.

    Example: genwright arena export votes.jsonl --votes human
    """
    from genwright.arena.import_export import export_votes
    from genwright.arena.votes import VoteFilter

    with use_workspace(ctx) as opened:
        wanted = VoteFilter(tuple(votes or ("human",)))
        number = export_votes(opened.database, OWNER, file, wanted)
    print(f"{number} votes in {file}.")


@app.command()
def judge(
    ctx: typer.Context,
    questions: Annotated[Path, typer.Argument(help="Rows with question, and answer if known.")],
    judge: Annotated[str, typer.Option(metavar="MODEL", help="Any chat model.")],
    contenders: Annotated[
        list[str] | None, typer.Option("--contender", help="Contender; the arena's by default.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Questions at most.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let contenders answer the same questions, and a model judge every pair.

    Example: genwright arena judge questions.jsonl --judge gpt/gpt-5 --limit 50
    """
    from genwright.arena.offline import run_battle

    with open_runtime(ctx) as made:
        found = run_battle(made, questions, judge, contenders or (), limit)
    if as_json:
        print_json(found)
        return
    print(f"{found['votes']} votes of {judge}; {found['unread']} verdicts could not be read; "
          f"{found['consistent']:.0%} do not depend on the order.")  # fmt: skip
    print_table(["pair", "win rate of the first", "95 % interval"], [
        [pair, each["value"], f"{each['low']} to {each['high']}"]
        for pair, each in found["wins"].items()
    ])  # fmt: skip
    if found["agreement"]:
        print_remark(f"agreement with people: {found['agreement']}")


@app.command()
def suspects(ctx: typer.Context, votes: Kinds = None, as_json: AsJson = False) -> None:
    """List judges whose votes look rigged or random; each look is fair however often one looks.

    Example: genwright arena suspects
    """
    from genwright.arena.boards import find_suspects as find
    from genwright.arena.votes import VoteFilter

    with use_workspace(ctx) as opened:
        found = find(opened.database, OWNER, VoteFilter(tuple(votes or ("human",))))
    if as_json:
        print_json([{"judge": each.judge, **each.anomaly.__dict__} for each in found])
        return
    for each in found:
        print(each.format_line())
    if not found:
        print("None.")


@app.command("next")
def next_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Tell which contenders should meet next, the most telling pairs first.

    Example: genwright arena next
    """
    from genwright.arena.offline import suggest_pairs

    with open_runtime(ctx) as made:
        found = suggest_pairs(made)
    if as_json:
        print_json(found)
        return
    print_table(["left", "right", "chance"], [
        [each["left"], each["right"], f"{each['chance']:.1%}"] for each in found[:20]
    ])  # fmt: skip
