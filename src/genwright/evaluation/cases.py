"""Rows of a data set as cases to ask a model."""

from collections.abc import Sequence

from genwright.engines import Message
from genwright.evaluation.tasks import Case
from genwright.training.chat_rendering import messages_of, references_of
from genwright.types import Json


def cases_of(rows: Sequence[Json], objective: str) -> list[Case]:
    """Rows as questions with references: what is said before the last reply, and that reply."""
    if objective == "classification":
        return [
            Case((Message("user", row["text"]),), (str(row["label"]),), str(row["label"]), number)
            for number, row in enumerate(rows, 1)
        ]
    return [
        Case(
            tuple(messages_of(row)[:-1]),
            tuple(references_of(row)),
            str(row.get("slice", "")),
            number,
        )
        for number, row in enumerate(rows, 1)
    ]
