"""What is right of the answers to 144 questions as people type them, over six real collections.

Each folder of the set becomes a collection of one workspace; what is in already and unchanged is
not read again. Every question is asked within its collection, follow-ups after their history, by
quoting alone and by the default model. The set's own ``score.py`` gives the same verdicts on the
files that ``--answers`` writes.

    python benchmarks/answers.py --workspace .cache/answers --extractive --every 4 --verbose
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from measure import DATA

from genwright.cli.printing.verdicts import print_verdicts
from genwright.evaluation.answers import JudgedAnswer, ask_cases, summarize_answers
from genwright.evaluation.jobs.answers import (
    AnswerOptions,
    make_case_asker,
    open_asked,
    pick_cases,
)
from genwright.evaluation.suites.questions import AnswerCase, read_answer_set
from genwright.evaluation.verdicts import find_missing
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.workspace import create_workspace, open_workspace

WILD = DATA / "16-rag-answers" / "wild"


def read_options() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", type=Path, default=WILD, help="questions.jsonl and collections/")
    parser.add_argument("--workspace", type=Path, help="kept there for the next time")
    parser.add_argument("--only", default="", help="this collection alone")
    parser.add_argument("--every", type=int, default=1, help="each so many-th question")
    parser.add_argument("--kind", default="", help="questions of this kind alone")
    parser.add_argument("--extractive", action="store_true", help="ask no model")
    parser.add_argument("--model", action="append", help="instead of the default; may be repeated")
    parser.add_argument("--answers", type=Path, help="folder for one file of answers a side")
    parser.add_argument("--verbose", action="store_true", help="print every answer")
    return parser.parse_args()


def store_collections(runtime: Runtime, folder: Path, names: set[str]) -> None:
    """Put the folders' documents into collections of their names."""
    for name in sorted(names):
        report = DocumentIngester(runtime, name).add_paths([folder / name])
        print(f"{name}: {report.added + report.updated} read, {report.unchanged} unchanged, "
              f"{len(report.skipped)} refused, {report.seconds:.1f} s", flush=True)  # fmt: skip


@contextmanager
def open_collections(
    kept: Path | None, folder: Path, names: set[str], settings: Mapping[str, Any] | None = None
) -> Iterator[Runtime]:
    """A workspace with the folders' documents in collections of their names.

    Args:
        kept: Where it is kept for the next time; None for a new one each time.
        folder: Has a folder a collection.
        names: Of the collections that are wanted.
        settings: What differs from the default ones.
    """
    with ExitStack() as stack:
        where = kept or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        workspace = open_workspace(create_workspace(where), settings)
        stack.callback(workspace.close)
        runtime = stack.enter_context(Runtime(workspace))
        store_collections(runtime, folder, names)
        yield runtime


def show(each: JudgedAnswer) -> None:
    """One answer, for reading."""
    case, given = each.case, each.given
    print(f"\n{case.id} {case.kind}: {each.verdict.upper()}, {given.seconds:.2f} s")
    for turn in case.history:
        print(f"    {turn.role}: {turn.content}")
    print(f"  ? {case.question}")
    print(f"  {'refused' if given.refused else '='} {given.error or given.answer}")
    print(f"  cited: {', '.join(Path(name).name for name in given.citations) or 'nothing'}")
    if each.verdict != "right":
        print(f"  expected: {case.expect}; {'; '.join(find_missing(case, given))}", flush=True)


def run_side(
    runtime: Runtime, cases: list[AnswerCase], side: str, chosen: argparse.Namespace
) -> None:
    """Ask all by one model, or by quoting, and print the table."""
    asked = AnswerOptions(extractive=True) if side == "extractive" else AnswerOptions(model=side)
    ask = make_case_asker(open_asked(runtime, asked), lambda case: (case.collection,))
    judged = ask_cases(cases, ask, judged=show if chosen.verbose else lambda _: None)
    print(f"\n== {side or runtime.settings.answer.model}\n")
    print_verdicts(summarize_answers(judged))
    if chosen.answers:
        chosen.answers.mkdir(parents=True, exist_ok=True)
        file = chosen.answers / f"{(side or 'default').replace('/', '-')}.jsonl"
        rows = [json.dumps(each.given.json(), ensure_ascii=False) for each in judged]
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")


def main() -> None:
    """Store, ask, print."""
    chosen = read_options()
    cases = pick_cases(
        [e for e in read_answer_set(chosen.set / "questions.jsonl").cases
         if chosen.kind in ("", e.kind)],
        only=chosen.only, every=chosen.every,
    )  # fmt: skip
    names = {each.collection for each in cases}
    with open_collections(chosen.workspace, chosen.set / "collections", names) as runtime:
        sides = ["extractive"] if chosen.extractive else chosen.model or ["extractive", ""]
        for side in sides:
            run_side(runtime, cases, side, chosen)


if __name__ == "__main__":
    main()
