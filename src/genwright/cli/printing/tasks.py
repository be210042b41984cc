"""Printing measures of tasks, benchmarks, judges and comparisons."""

from typing import TYPE_CHECKING

from genwright.cli.printing.figures import format_interval
from genwright.cli.printing.output import print_table, to_one_line

if TYPE_CHECKING:
    from genwright.types import Json

EXAMPLES = 3


def print_lm(result: "Json") -> None:
    """Perplexity and bits per byte."""
    print(f"perplexity    {format_interval(result['perplexity'])}")
    print(f"bits per byte {format_interval(result['bits_per_byte'])}")
    print(f"{result['tokens']} tokens, {result['bytes']} bytes; run {result['run']}")


def print_task(result: "Json") -> None:
    """Measures, groups, speed, and what went wrong."""
    print_table(
        ["measure", "value"], [[k, format_interval(v)] for k, v in result["metrics"].items()]
    )
    if result["slices"]:
        print()
        rows = [
            [name, round(row["rows"]["value"]), format_interval(row[result["metric"]])]
            for name, row in list(result["slices"].items())[:20]
        ]
        print_table(["group", "rows", result["metric"]], rows)
    wrong = [case for case in result["cases"] if case["values"][result["metric"]] < 1]
    for case in wrong[:EXAMPLES]:
        print(f"  wrong: {to_one_line(case['reply'])[:60]!r} for "
              f"{to_one_line(case['references'][0])[:60]!r}")  # fmt: skip
    speed = result["speed"]
    print(f"{result['rows']} rows, first token {speed.get('first_token_p50')} s, "
          f"{speed.get('tokens_per_second')} tokens/s; run {result['run']}")  # fmt: skip


def print_bench(result: "Json") -> None:
    """One number with its interval."""
    print(f"{result['task']}, {result['shots']} shots, {result['rows']} questions: "
          f"{result['metric']} {format_interval(result)}; run {result['run']}")  # fmt: skip


def print_judge(result: "Json") -> None:
    """Win rate, consistency, and agreement with people."""
    print(f"win rate of a {format_interval(result['win_rate'])} over {result['pairs']} pairs")
    print(f"the same in both orders {format_interval(result['consistent'])}")
    print(", ".join(f"{name} {count}" for name, count in result["verdicts"].items()))
    if "humans" in result:
        humans = result["humans"]
        print(
            f"agrees with people {format_interval(humans['agreement'])}, "
            f"kappa {format_interval(humans['kappa'])}"
        )


def print_comparison(result: "Json") -> None:
    """One row a model, the best first, and which cannot be told apart."""
    headers = ["model", result["metric"], "tokens/s", "first token s", "MB", "J/answer",
               "cost/1000", "not to be told from"]  # fmt: skip

    def format_value(value: object) -> object:
        return "" if value is None else value

    rows = [
        [row["model"], format_interval(row["quality"]), format_value(row["tokens_per_second"]),
         format_value(row["first_token_p50"]), format_value(row["memory_mb"]),
         format_value(row["joules_per_answer"]),
         format_value(row["cost_per_1000"]), ", ".join(row["like"])]
        for row in result["models"]
    ]  # fmt: skip
    print_table(headers, rows)
