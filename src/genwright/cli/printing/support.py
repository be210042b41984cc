"""Printing how well claims are checked: a line a set, then the mean."""

from typing import TYPE_CHECKING

from genwright.cli.printing.figures import format_interval, print_footer
from genwright.cli.printing.output import print_table, to_one_line

if TYPE_CHECKING:
    from genwright.types import Json

HEADERS = (
    "set", "n", "balanced accuracy [95 % interval]", "AUC", "by word overlap",
    "true that pass", "ms, p95",
)  # fmt: skip


def print_support(made: "Json") -> None:
    """The table of ``summarize_sets``, and which run it was."""
    results = made["results"]
    print(f"by {results['check']}, passing from {results['at']:g}\n")
    rows = [
        (to_one_line(name), each["rows"], format_interval(each["balanced_accuracy"]), *_row(each))
        for name, each in results["sets"].items()
    ]
    mean = results["mean"] | {"milliseconds": results["milliseconds"]}
    rows.append(("mean", made["data"]["rows"], _format(mean["balanced_accuracy"]), *_row(mean)))
    print_table(HEADERS, rows)
    print()
    print_footer(made)


def _row(group: "Json") -> tuple[str, ...]:
    figures = tuple(_format(group[each]) for each in ("auc", "overlap_auc", "passing"))
    spent = group["milliseconds"]
    return *figures, f"{spent['median']:.0f}, {spent['p95']:.0f}"


def _format(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
