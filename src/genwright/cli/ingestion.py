"""What ``add`` and ``sync`` share: documents told as they are committed, the report, Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from genwright.cli.context import make_display, open_runtime
from genwright.cli.printing.output import print_json, print_remark
from genwright.cli.signals import interrupted
from genwright.errors import Refused

if TYPE_CHECKING:
    from genwright.library.ingest import DocumentIngester, IngestedDocument, IngestReport

INTERRUPTED = 130


@contextmanager
def open_ingest(ctx: typer.Context, collection: str) -> "Iterator[DocumentIngester]":
    """An ingest into a collection; Ctrl-C ends it with a line that says what is safely in."""
    from genwright.library.ingest import DocumentIngester

    shown = make_display(ctx)

    def check_interrupt(each: "IngestedDocument") -> None:
        shown.print_line(f"{each.outcome} {each.source} ({each.passages} passages)")
        if interrupted.is_set():  # and the exception was lost on its way
            raise KeyboardInterrupt

    with open_runtime(ctx, shown) as runtime:
        ingest = DocumentIngester(runtime, collection, stored=check_interrupt)
        try:
            yield ingest
        except (Exception, KeyboardInterrupt) as interruption:
            if not (isinstance(interruption, KeyboardInterrupt) or interrupted.is_set()):
                raise
            shown.close()
            report = ingest.report
            print_remark(
                f"interrupted: {report.added + report.updated} documents "
                f"({report.passages} passages) were committed; run the same command to resume."
            )
            raise typer.Exit(INTERRUPTED) from interruption


def print_report(report: "IngestReport", as_json: bool) -> None:
    """Print what became of the documents; what was refused is named on standard error.

    Raises:
        typer.Exit: With 4, when some were refused.
    """
    if as_json:
        print_json(report.json())
    else:
        print(
            f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, "
            f"{report.removed} removed, {len(report.skipped)} refused: "
            f"{report.passages} passages in {report.seconds:.1f} s"
        )
    for each in report.skipped:
        print_remark(f"refused {each.path}: {each.reason}")
    if report.skipped:
        raise typer.Exit(Refused.exit_code)
