"""Printing what came of a tuning."""

from typing import TYPE_CHECKING

from genwright.cli.printing.output import print_remark, print_table, to_one_line

if TYPE_CHECKING:
    from genwright.tuning.steps.results import TuneResult
    from genwright.types import Json


def print_tuned(tuned: "TuneResult") -> None:
    """Measures against base and live version, what went wrong, and how to use the result."""
    steps: dict[str, Json] = {each["step"]: each for each in tuned.steps}
    if tuned.status != "done":
        print_remark(f"stopped; go on with: genwright tune --resume {tuned.run}")
        return
    _print_measures(tuned.metrics)
    for what, each in steps.get("evaluation", {}).get("against", {}).items():
        found = "differs" if each["distinguishable"] else "cannot be told apart"
        print(f"against {what}: {each['value']:+.3f} [{each['low']:+.3f}, {each['high']:+.3f}], "
              f"p {each['p']:.4f}: {found}")  # fmt: skip
    training, strategy = steps["training"], steps["strategy"]
    predicted = strategy["predicted"]
    print(
        f"\n{tuned.method}: {training['steps']} steps in {tuned.seconds:.0f} s (predicted "
        f"{predicted['seconds']:.0f}), {tuned.tokens_per_second:.0f} tokens/s, peak "
        f"{tuned.peak_mb:.0f} MB (predicted {predicted['memory_mb']:.0f})"
    )
    iteration = steps.get("iteration", {})
    for case in iteration.get("errors", [])[:3]:
        print(f"  wrong: {to_one_line(str(case['reply']))[:70]!r} for "
              f"{to_one_line(str(case['references'][0]))[:70]!r}")  # fmt: skip
    for each in iteration.get("try_next", []):
        print(f"  next: {each}")
    print(f"\n{tuned.version} is the candidate; ask it as model {tuned.served_as!r}.")
    print(f"genwright registry card {tuned.version} · genwright registry promote "
          f"{tuned.version.partition('@')[0]}")  # fmt: skip


def _print_measures(metrics: "Json") -> None:
    names = list(metrics["test"])
    names += [name for name in metrics.get("base", {}) if name not in names]
    columns = [column for column in ("base", "live", "test") if metrics.get(column)]

    def format_measure(column: str, name: str) -> str:
        each = metrics[column].get(name)
        if each is None or each["value"] is None:
            return ""
        return f"{each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}]"

    rows = [[name, *(format_measure(column, name) for column in columns)] for name in names]
    print_table(["measure", *("tuned" if c == "test" else c for c in columns)], rows)
