"""Showing evaluations to people: measures with their 95 % intervals."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from genwright.cli.printing.output import print_remark, print_table, to_one_line

if TYPE_CHECKING:
    from genwright.types import Json

HEADLINES = (
    "ndcg@10", "answer_recall", "citation_precision", "refusal_accuracy", "right_share",
)  # fmt: skip
"""Measures that a line of the list of runs has room for."""


def print_retrieval(made: "Json") -> None:
    """Modes side by side, then what hybrid is ahead of each part."""
    data = made["data"]
    print(
        f"{to_one_line(data['name'])}, {to_one_line(data['split'])}: "
        f"{data['queries']} queries over "
        f"{data['documents']} documents ({data['passages']} passages)\n"
    )
    _print_side_by_side(made["results"])
    if made["differences"]:
        print()
        _print_side_by_side(made["differences"])
    print_footer(made)


def print_qa(made: "Json") -> None:
    """A measure a line."""
    data = made["data"]
    print(
        f"{to_one_line(data['name'])}: {data['questions']} questions "
        f"({data['unanswerable']} without an answer) over {data['documents']} documents; "
        f"{data['left_out']} asked again without theirs\n"
    )
    rows = [(name, format_interval(each)) for name, each in made["results"].items()]
    print_table(("measure", "value [95 % interval]"), rows)
    print_footer(made)


def print_runs(rows: "Sequence[Json]") -> None:
    """A run a line, with its headline."""
    table = [
        (
            row["run"],
            row["created_at"][:16].replace("T", " "),
            row["kind"].removeprefix("eval."),
            row["data"].get("name", ""),
            _format_headline(row["results"]),
        )
        for row in rows
    ]
    print_table(("run", "made at (UTC)", "kind", "data", "result"), table)


def format_interval(each: "Mapping[str, float | None]") -> str:
    """A value with its interval.

    Example:
        >>> format_interval({"value": 0.7291, "low": 0.68, "high": 0.771})
        '0.729 [0.680, 0.771]'
    """
    value, low, high = each["value"], each["low"], each["high"]
    if value is None or low is None or high is None:
        return "no cases"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _print_side_by_side(table: "Mapping[str, Json]") -> None:
    measures = list(next(iter(table.values())))
    rows = [(name, *(format_interval(each[name]) for each in table.values())) for name in measures]
    print_table(("", *table), rows)


def print_footer(made: "Json") -> None:
    """Which run it was, and how long it took."""
    print_remark(f"run {made['run']}, {made['seconds']:.1f} s; all runs: genwright eval runs")


def _format_headline(results: "Json") -> str:
    measures = results.get("hybrid") or next(
        (each for each in results.values() if "value" not in each), results
    )
    chosen = [name for name in HEADLINES if name in measures]
    return ", ".join(f"{name} {format_interval(measures[name])}" for name in chosen)
