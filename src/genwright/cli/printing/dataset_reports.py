"""Printing what a check of a data set found."""

from typing import TYPE_CHECKING

from genwright.cli.printing.output import to_one_line

if TYPE_CHECKING:
    from genwright.datasets import CheckReport


def print_check(report: "CheckReport") -> None:
    """Each finding with its count, examples and what to do."""
    print(
        f"{report.name}: {report.rows} rows of {report.form!r}, SHA-256 {report.sha256[:16]}…, "
        f"{report.rows_per_second:,.0f} rows/s"
    )
    for key, value in report.figures.items():
        print(f"  {key}: {', '.join(f'{k} {v}' for k, v in list(value.items())[:12])}")
    for each in report.findings:
        count = f"{len(each.rows)} rows ({each.share:.1%})" if each.rows else "the whole set"
        print(f"{each.severity:7} {each.check}: {count}. {each.says}")
        for example in each.examples[:3]:
            print(f"          {to_one_line(example)}")
        print(f"          {each.mend}")
    if not report.findings:
        print("nothing was found")
