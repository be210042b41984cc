"""``genwright eval regression``: the regression suite."""

from typing import Annotated

import typer

from genwright.cli.context import open_runtime, use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table, to_one_line
from genwright.types import OWNER

app = make_group(
    "Answers that must stay good, or must not come again.\n\n"
    "Example: genwright eval regression check"
)
Suite = Annotated[str, typer.Option(help="Name of the suite.")]


@app.command()
def add(
    ctx: typer.Context,
    trace: Annotated[str, typer.Argument(help="Trace of the answer, or 'last'.")],
    bad: Annotated[bool, typer.Option("--bad", help="The answer was bad.")] = False,
    reference: Annotated[str, typer.Option(help="What the answer should have been.")] = "",
    suite: Suite = "regression",
    as_json: AsJson = False,
) -> None:
    """Make a case of an answer, with what was said of it.

    Example: genwright eval regression add last --bad --reference "The pump holds 2.5 bar."
    """
    from genwright.improve.suites import add_from_trace
    from genwright.monitoring import read_trace

    with use_workspace(ctx) as opened:
        root = read_trace(opened.database, OWNER, trace)
        case = add_from_trace(opened.database, OWNER, root.trace_id, bad=bad,
                              reference=reference, suite=suite)  # fmt: skip
    print_json(case.json()) if as_json else print_remark(f"case {case.id}: {case.question}")


@app.command("list")
def list_(ctx: typer.Context, suite: Suite = "regression", as_json: AsJson = False) -> None:
    """List the cases of a suite.

    Example: genwright eval regression list
    """
    from genwright.improve.suites import list_cases

    with use_workspace(ctx) as opened:
        found = list_cases(opened.database, OWNER, suite)
    if as_json:
        print_json([each.json() for each in found])
        return
    print_table(["case", "question", "reference", "avoid", "refuse"], [
        [each.id, to_one_line(each.question)[:60], to_one_line(each.reference)[:40],
         to_one_line(each.avoid)[:40], "yes" if each.refuse else ""]
        for each in found
    ])  # fmt: skip


@app.command()
def remove(ctx: typer.Context, case: int) -> None:
    """Take a case out.

    Example: genwright eval regression remove 3
    """
    from genwright.improve.suites import remove_case

    with use_workspace(ctx) as opened:
        remove_case(opened.database, OWNER, case)
    print_remark(f"case {case} is out.")


@app.command()
def check(
    ctx: typer.Context,
    assistant: Annotated[str, typer.Argument(help="NAME, NAME@3 or NAME@candidate.")] = "",
    suite: Suite = "regression",
    as_json: AsJson = False,
) -> None:
    """Ask an assistant every case; exit status 4 where one fails.

    Example: genwright eval regression check faq@candidate
    """
    from genwright.improve.regression import run_suite

    with open_runtime(ctx) as made:
        found = run_suite(made, assistant, suite)
    if as_json:
        print_json(found)
    else:
        for each in found["cases"]:
            print(f"{'ok  ' if each['passed'] else 'FAIL'} {each['id']} {each['question']}"
                  + (f": {each['why']}" if each["why"] else ""))  # fmt: skip
        print(f"{found['passed']} of {found['total']} pass.")
    if found["passed"] < found["total"]:
        raise typer.Exit(4)
