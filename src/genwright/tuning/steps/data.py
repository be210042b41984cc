"""The data of a tuning: checked before time is spent on it, and kept by digest."""

from genwright.datasets import LengthLimits, Splits, check_dataset, store_dataset
from genwright.errors import Refused
from genwright.models.bases import BaseModel
from genwright.runtime import Runtime
from genwright.training.chat_rendering import ConversationRenderer, read_messages
from genwright.tuning.config import TuneConfig
from genwright.types import Json, Principal
from genwright.workspace import Workspace

THRESHOLD = 0.05
"""Share of rows with errors above which nothing is trained."""


def keep_parts(workspace: Workspace, principal: Principal, parts: Splits) -> Json:
    """Keep the rows of each part, so that a run can go on whatever becomes of the file."""
    kept: Json = {"source": parts.train.source, "parts": {}}
    for part, dataset in parts.all().items():
        report = check_dataset(dataset, near=False)
        store_dataset(workspace.database, workspace.datasets_dir, principal, dataset, report)
        kept["parts"][part] = {
            "name": dataset.name,
            "sha256": dataset.sha256,
            "form": dataset.form,
            "rows": len(dataset),
        }
    return kept


def check_parts(runtime: Runtime, parts: Splits, base: BaseModel, config: TuneConfig) -> Json:
    """Check the training part against the base's tokenizer and the other parts.

    Raises:
        Refused: Too large a share of its rows has errors; the message names the worst.
    """
    tokenizer = base.open_tokenizer()

    def count_tokens(texts: "list[str]") -> list[int]:
        rows = parts.train.rows
        if config.objective in ("generation", "summarization"):
            rendering = ConversationRenderer(tokenizer, 1 << 20)
            texts = [rendering.render_prompt(read_messages(row)) for row in rows]
        encoded = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return [len(ids) for ids in encoded]

    report = check_dataset(
        parts.train,
        limits=LengthLimits(count_tokens, config.train.max_length),  # type: ignore[arg-type]
        against=[each for each in (parts.validation, parts.test) if len(each)],
    )
    serious = [each for each in report.findings if each.severity == "error"]
    long = next((each for each in serious if each.check == "over_length"), None)
    others = {row for each in serious if each is not long for row in each.rows}
    if len(others) > THRESHOLD * len(parts.train):
        worst = max((e for e in serious if e is not long), key=lambda each: len(each.rows))
        raise Refused(
            f"{len(others)} of {len(parts.train)} rows have errors, most of them {worst.check} "
            f"({worst.says}; {worst.examples[0] if worst.examples else ''}): fix them with "
            "genwright datasets check --fix."
        )
    runtime.progress(0, 0, f"data: {len(parts.train)} rows, {len(report.findings)} findings")
    return {
        "rows": {part: len(each) for part, each in parts.all().items()},
        "sha256": {part: each.sha256 for part, each in parts.all().items()},
        "cut": len(long.rows) if long else 0,
        "findings": [
            {"check": each.check, "severity": each.severity, "count": len(each.rows),
             "says": each.says} for each in report.findings
        ],
        "figures": report.figures,
    }  # fmt: skip
