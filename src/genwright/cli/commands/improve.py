"""``genwright improve``: the loop from feedback to a better version."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, Resume, Seed
from genwright.cli.printing.output import print_json, print_remark
from genwright.cli.signals import catch_signals


def command(
    ctx: typer.Context,
    assistant: Annotated[
        str, typer.Argument(help="Assistant to improve; the default assistant if omitted.")
    ] = "",
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="shots, prompt, answering, retrieval, reranker, intents, sft, dpo, kto; may be "
            "repeated.",
        ),
    ] = None,
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Held-out questions with answers.")
    ] = None,
    limit: Annotated[int, typer.Option(min=8, help="Held-out questions at most.")] = 100,
    all_feedback: Annotated[
        bool, typer.Option("--all-feedback", help="Use what was used before, too.")
    ] = False,
    promote: Annotated[
        bool | None, typer.Option("--promote/--no-promote", help="Promote what passes at once.")
    ] = None,
    judge: Annotated[
        str, typer.Option(metavar="MODEL", help="Judges both versions' answers, too.")
    ] = "",
    look: Annotated[
        int, typer.Option(min=1, help="Number of this interim analysis (of --looks).")
    ] = 1,
    looks: Annotated[int, typer.Option(min=1, help="How many looks there will be.")] = 1,
    seed: Seed = 0,
    resume: Resume = None,
    as_json: AsJson = False,
) -> None:
    """Collect feedback, try changes, gate them, and promote what is better.

    Example: genwright improve faq --method shots --method sft --questions held-out.jsonl
    """
    from genwright.hardware import let_threads_rest
    from genwright.improve.loop import ImprovementRequest, run_improvement, submit_improvement

    let_threads_rest()
    wanted = ImprovementRequest(
        assistant, tuple(method or ()), str(questions.resolve()) if questions else "", limit,
        all_feedback, promote, judge, look, looks, seed,
    )  # fmt: skip
    with catch_signals() as stop, open_runtime(ctx, stop=stop) as runtime:
        run = resume if resume is not None else submit_improvement(runtime, wanted)
        print_remark(f"run {run}; if it is interrupted: genwright improve --resume {run}")
        found = run_improvement(runtime, run)
    if as_json:
        print_json(found.json())
        return
    for name, each in found.decisions.items():
        print(f"{name}: {'passed' if each.passed else 'did not pass'} the gate")
        better = [each.decision.target.reason] if each.decision else []
        for reason in each.reasons or better:
            print(f"  {reason}")
    print(f"{found.status}: {found.candidate or found.assistant}. Report: {found.report}")
