"""Printing verdicts on answers: a line a kind and a collection, then what they share."""

from typing import TYPE_CHECKING

from genwright.cli.printing.figures import format_interval, print_footer
from genwright.cli.printing.output import print_table, to_one_line

if TYPE_CHECKING:
    from genwright.types import Json

HEADERS = (
    "", "n", "right", "partial", "wrong", "refused", "share right [95 % interval]",
    "s median", "s p95", "characters median", "p95",
)  # fmt: skip


def print_answers_trial(made: "Json") -> None:
    """What was asked, the table, and which run it was."""
    data = made["data"]
    print(
        f"{to_one_line(data['name'])}: {data['questions']} of {data['of_questions']} questions "
        f"over {data['documents']} documents\n"
    )
    print_verdicts(made["results"])
    print_footer(made)


def print_verdicts(results: "Json") -> None:
    """The table of ``summarize_answers``."""
    for title in ("kinds", "collections"):
        print_table((title, *HEADERS[1:]), [_row(*each) for each in results[title].items()])
        print()
    print_table(("all", *HEADERS[1:]), [_row("", results["overall"])])
    print()
    for name, each in results["measures"].items():
        print(f"{name:<10} {format_interval(each)}")
    if results["failed"]:
        print(f"could not be asked: {', '.join(map(to_one_line, results['failed']))}")


def _row(name: str, group: "Json") -> tuple[object, ...]:
    spreads = [
        "" if group[measure][part] is None else f"{group[measure][part]:{form}}"
        for measure, form in (("seconds", ".2f"), ("characters", ".0f"))
        for part in ("median", "p95")
    ]
    counts = [group[each] for each in HEADERS[1:6]]
    return (to_one_line(name), *counts, format_interval(group["right_share"]), *spreads)
