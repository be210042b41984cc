"""Feedback as files and data sets."""

from pathlib import Path

from genwright.datasets import Dataset, check_dataset, store_dataset, write_dataset
from genwright.errors import Refused, UsageError
from genwright.feedback import list_feedback
from genwright.feedback.to_datasets import FeedbackRows, collect
from genwright.privacy import Privacy
from genwright.runtime import Runtime

KINDS = ("pairs", "thumbs", "good", "intents", "all")


def collect_feedback(
    runtime: Runtime, assistant: str = "", after: int = 0, after_vote: int = 0
) -> FeedbackRows:
    """All that feedback gives a training; see ``feedback.learning``."""
    workspace = runtime.workspace
    return collect(
        workspace.database,
        runtime.principal,
        Privacy(workspace.settings.privacy),
        assistant=assistant,
        after=after,
        after_vote=after_vote,
    )


def export_feedback(
    runtime: Runtime, file: Path, what: str = "pairs", assistant: str = "", keep: str = ""
) -> int:
    """Write rows made of feedback, and return how many.

    Args:
        runtime: In the asker's rights.
        file: Gets them.
        what: ``pairs``, ``thumbs``, ``good``, ``intents``, or ``all`` for opinions as
            they were given.
        assistant: Only of this one's answers.
        keep: Name of a data set of the workspace to keep them as; empty for none.

    Raises:
        UsageError: There is no such kind.
        Refused: There is nothing of it, or the file is there already.
    """
    if what not in KINDS:
        raise UsageError(f"Expected one of {', '.join(KINDS)}, got {what!r}.")
    if file.exists():
        raise Refused(f"{file} is there already: name another file.")
    if what == "all":
        return _write_all(runtime, file)
    dataset = collect_feedback(runtime, assistant).make_dataset(what, keep or f"feedback-{what}")
    if not len(dataset):
        raise Refused(
            f"No feedback gives any {what} yet: pairs need corrections, ratings of answers to one "
            "question or votes; thumbs need thumbs or ratings, intents what was wanted."
        )
    write_dataset(dataset, file)
    if keep:
        keep_rows(runtime, dataset)
    return len(dataset)


def keep_rows(runtime: Runtime, dataset: Dataset) -> None:
    """Keep a data set in the workspace."""
    workspace = runtime.workspace
    folder, report = workspace.datasets_dir, check_dataset(dataset)
    store_dataset(workspace.database, folder, runtime.principal, dataset, report)


def _write_all(runtime: Runtime, file: Path) -> int:
    import json
    import os

    given = list_feedback(runtime.database, runtime.principal, limit=10**9)
    part = file.with_name(f".{file.name}.part")
    lines = [json.dumps(each.json(), ensure_ascii=False) for each in reversed(given)]
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    os.replace(part, file)
    return len(given)
