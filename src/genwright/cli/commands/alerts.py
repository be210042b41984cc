"""``genwright alerts``."""

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table
from genwright.errors import Unavailable, UsageError
from genwright.types import OWNER

app = make_group("List alerts and their rules, and test that they reach you.")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the newest alerts, firing and past.

    Example: genwright alerts list
    """
    from genwright.monitoring.alerts import list_history

    with use_workspace(ctx) as opened:
        found = list_history(opened.database, OWNER)
    if as_json:
        print_json([each.json() for each in found])
        return
    rows = [
        [each.rule, each.severity, each.fired_at, each.resolved_at or "firing", each.summary]
        for each in found
    ]
    print_table(["alert", "severity", "since", "until", "what"], rows)


@app.command()
def rules(ctx: typer.Context) -> None:
    """List the rules, and check that their expressions can be read.

    Example: genwright alerts rules
    """
    from genwright.monitoring.alerts import DEFAULT_RULES
    from genwright.monitoring.expressions import compile_expression

    with use_workspace(ctx) as opened:
        found = DEFAULT_RULES if opened.settings.alerts is None else opened.settings.alerts
    for rule in found:
        compile_expression(rule.expr)
    rows = [[rule.name, rule.severity, rule.expr, f"{rule.for_seconds:g} s"] for rule in found]
    print_table(["rule", "severity", "while", "for"], rows)


@app.command()
def test(ctx: typer.Context) -> None:
    """Tell every receiver of a made-up alert.

    Example: genwright alerts test
    """
    from genwright.monitoring.notify import Notifier

    with use_workspace(ctx) as opened:
        outcomes = Notifier(opened.settings.notify).send_test()
    if not outcomes:
        raise UsageError("No receiver is set: see [notify] in docs/settings.md.")
    for name, problem in outcomes.items():
        print_remark(f"{name}: {problem or 'delivered'}")
    if any(outcomes.values()):
        raise Unavailable("Not every receiver took the alert: see above.")
