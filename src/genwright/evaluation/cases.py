"""Rows of a data set as cases to ask a model."""

from collections.abc import Sequence

from genwright.engines import ChatMessage
from genwright.evaluation.tasks import TaskCase
from genwright.training.chat_rendering import read_messages, read_references
from genwright.types import Json


def make_cases(rows: Sequence[Json], objective: str) -> list[TaskCase]:
    """Rows as questions with references: what is said before the last reply, and that reply."""
    if objective == "classification":
        return [
            TaskCase(
                (ChatMessage("user", row["text"]),), (str(row["label"]),), str(row["label"]), number
            )
            for number, row in enumerate(rows, 1)
        ]
    return [
        TaskCase(
            tuple(read_messages(row)[:-1]),
            tuple(read_references(row)),
            str(row.get("slice", "")),
            number,
        )
        for number, row in enumerate(rows, 1)
    ]
